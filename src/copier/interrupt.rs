use super::leftover::{names, remove};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// From here on, SIGINT, SIGTERM and SIGHUP remove temporary names and end the process with 128 and
/// the signal's number, and a file size limit is an error of the copy instead of a death.
///
/// # Errors
/// That of installing the handlers.
pub fn clean_up_on_signals() -> io::Result<()> {
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // Held until the end, so that no name is made behind our back.
            let mut names = names();
            for name in names.drain(..) {
                remove(&name);
            }
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

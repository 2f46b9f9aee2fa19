use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io;

/// From here on, SIGINT, SIGTERM and SIGHUP remove what has a name on disk and end the process
/// with 128 and the signal's number. Lines of the record are whole without this: each was
/// written at once.
///
/// # Errors
/// That of installing the handlers.
pub fn clean_up_on_signals() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            crate::fixture::remove_all();
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

use crate::sys::temporary_name;
use rustix::process::{Pid, Signal, kill_process};
use std::io;

/// From here on, SIGINT, SIGTERM and SIGHUP end programs that copy for this process, do `then`, which is
/// told the signal, remove temporary names and end the process with 128 and the signal's number.
///
/// # Errors
/// That of installing the handlers.
pub fn clean_up_on_signals(then: impl FnOnce(i32) + Send + 'static) -> io::Result<()> {
    temporary_name::clean_up_on_signals(move |signal| {
        end_children();
        then(signal);
    })
}

/// Ends the programs that this process started, which a signal to it alone does not reach. Kernels
/// without `CONFIG_PROC_CHILDREN` do not name them; what they write has no name left then.
fn end_children() {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return };
    for thread in threads.flatten() {
        let children = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|word| Pid::from_raw(word.parse().ok()?)) {
            let _ = kill_process(child, Signal::TERM);
        }
    }
}

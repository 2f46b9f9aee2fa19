use crate::sys::leftover;
use std::io;

/// From here on, SIGINT, SIGTERM and SIGHUP remove what has a name on disk and end the process
/// with 128 and the signal's number. Lines of the record are whole without this: each was
/// written at once.
///
/// # Errors
/// That of installing the handlers.
pub fn clean_up_on_signals() -> io::Result<()> {
    leftover::clean_up_on_signals(|| ())
}

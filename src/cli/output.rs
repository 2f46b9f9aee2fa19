//! The standard streams. `print!` and its like panic where a stream cannot be written; here that is
//! an error of standard output, and no reason to stop on standard error.
//!
//! Both carry text: what a terminal would obey is shown, whatever file, path or program it came from.

use crate::record::shown;
use std::fmt::Display;
use std::io::{self, Write};

/// Standard output cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("writing to standard output: {0}")]
pub(super) struct OutputError(io::Error);

impl OutputError {
    /// The one behind `cause`, if that is or holds one.
    pub(super) fn behind<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a Self> {
        cause.downcast_ref().or_else(|| cause.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref())
    }

    /// Whether its reader went away, which is no failure of ours.
    pub(super) fn is_broken_pipe(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

/// Standard output for text that is written in whole characters; its errors hold an [`OutputError`].
pub(super) struct Output;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        io::stdout().write_all(shown(&text).as_bytes()).map_err(told)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush().map_err(told)
    }
}

fn told(error: io::Error) -> io::Error {
    // An interruption is for the caller to repeat.
    if error.kind() == io::ErrorKind::Interrupted { error } else { io::Error::other(OutputError(error)) }
}

/// Writes all of `text` to standard output, now: what is still in a buffer when the process ends
/// would be lost without a word.
pub(super) fn print(text: &str) -> io::Result<()> {
    Output.write_all(text.as_bytes())?;
    Output.flush()
}

/// Standard output after somebody else wrote to it.
pub(super) fn printed(outcome: io::Result<()>) -> io::Result<()> {
    outcome.map_err(told)?;
    Output.flush()
}

/// Writes a line to standard error, where it can be written. What is told there is worth nothing to
/// a reader who went away, and the work goes on.
pub fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{}", shown(&line.to_string()));
}

/// Where nothing can hear of signals, as in containers that allow no threads, they end the process
/// at once: told, and no reason to refuse the work.
pub(super) fn go_on_without(clean_up: std::io::Result<()>) {
    if let Err(error) = clean_up {
        tell(format_args!(
            "copybench: no thread waits for signals ({error}): what one interrupts leaves its temporary \
             files to the next start in the same directory"
        ));
    }
}

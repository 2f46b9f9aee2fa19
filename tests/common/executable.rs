//! A copy of the program under test, for those who cannot reach the build directory.

use std::io;
use std::path::Path;
use std::process::Command;

/// By another process: while this one had it open for writing, a test beside could start a program,
/// which would hold it open too, and a busy file cannot be executed (ETXTBSY).
pub(crate) fn copy_executable(to: &Path) -> io::Result<()> {
    let status = Command::new("cp").arg(env!("CARGO_BIN_EXE_copybench")).arg(to).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("cp: {status}"))) }
}

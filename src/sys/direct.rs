//! Files opened for direct I/O (`O_DIRECT`).

use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

/// The same file opened once more, with `O_DIRECT`: a flag set on the given handle would change it for
/// everyone who has it.
pub fn reopen(file: impl AsFd, access: OFlags) -> Result<OwnedFd, Errno> {
    let path = format!("/proc/self/fd/{}", file.as_fd().as_raw_fd());
    rustix::fs::openat(CWD, path, access | OFlags::DIRECT | OFlags::CLOEXEC, Mode::empty())
}

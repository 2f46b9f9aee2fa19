//! close(2) with its error, which dropping a file keeps to itself.
//!
//! Network file systems and quotas tell at this point alone that data did not get through.

use super::check;
use rustix::io::Errno;
use std::fs::File;
use std::os::fd::IntoRawFd;

/// Closes `file`, whose descriptor is gone afterwards, whatever is returned.
pub fn close(file: File) -> Result<(), Errno> {
    let descriptor = file.into_raw_fd();
    // SAFETY: the descriptor was owned by the file alone, which gave it up.
    match check(unsafe { libc::close(descriptor) } as libc::ssize_t) {
        // After EINTR Linux has closed the descriptor too.
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

//! `sync_file_range(2)`: start to write a range out, without waiting and without durability.

use rustix::fd::{AsFd, AsRawFd};
use rustix::io::Errno;

/// Starts writeback of the dirty pages in `length` bytes from `offset`.
///
/// # Errors
/// The errno of `sync_file_range(2)`.
pub fn start_writeback(file: impl AsFd, offset: u64, length: u64) -> Result<(), Errno> {
    let number = |value: u64| i64::try_from(value).map_err(|_| Errno::OVERFLOW);
    let fd = file.as_fd().as_raw_fd();
    // SAFETY: the call takes no pointer.
    let returned =
        unsafe { libc::sync_file_range(fd, number(offset)?, number(length)?, libc::SYNC_FILE_RANGE_WRITE) };
    super::check(returned as libc::ssize_t).map(drop)
}

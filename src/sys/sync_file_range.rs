//! `sync_file_range(2)`: write a range out, without durability.

use rustix::fd::{AsFd, AsRawFd};
use rustix::io::Errno;

/// Starts writeback of the dirty pages in `length` bytes from `offset`.
pub fn start_writeback(file: impl AsFd, offset: u64, length: u64) -> Result<(), Errno> {
    sync_file_range(file, offset, length, libc::SYNC_FILE_RANGE_WRITE)
}

/// Writes the dirty pages in `length` bytes from `offset` out and waits until none is on its way any more.
/// Errors: the errno of `sync_file_range(2)`, which reports writeback that failed.
pub fn finish_writeback(file: impl AsFd, offset: u64, length: u64) -> Result<(), Errno> {
    let all =
        libc::SYNC_FILE_RANGE_WAIT_BEFORE | libc::SYNC_FILE_RANGE_WRITE | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    sync_file_range(file, offset, length, all)
}

fn sync_file_range(file: impl AsFd, offset: u64, length: u64, flags: libc::c_uint) -> Result<(), Errno> {
    let number = |value: u64| i64::try_from(value).map_err(|_| Errno::OVERFLOW);
    let fd = file.as_fd().as_raw_fd();
    // SAFETY: the call takes no pointer.
    let returned = unsafe { libc::sync_file_range(fd, number(offset)?, number(length)?, flags) };
    super::check(returned as libc::ssize_t).map(drop)
}

#[cfg(test)]
mod tests {
    use super::super::cachestat::residency;
    use super::super::file_system::{FileSystem, Store};
    use super::*;
    use std::io::Write;

    #[test]
    fn what_was_written_out_is_no_longer_dirty() {
        let mut file = tempfile::tempfile_in(crate::sys::test_directory()).unwrap();
        file.write_all(&[7; 1 << 20]).unwrap();
        start_writeback(&file, 0, 1 << 20).unwrap();
        finish_writeback(&file, 0, 1 << 20).unwrap();
        let found = residency(&file, 1 << 20).unwrap();
        // On tmpfs every page stays dirty: there is nowhere to write it to.
        if FileSystem::of(&file).unwrap().is_none_or(|known| known.store != Store::Memory) {
            assert_eq!((found.dirty.unwrap_or(0), found.writeback.unwrap_or(0)), (0, 0));
        }
        assert_eq!(start_writeback(&file, u64::MAX, 1), Err(Errno::OVERFLOW));
    }
}

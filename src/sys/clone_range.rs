//! `ioctl(FICLONERANGE)`: let a range of one file share the extents of another.
//!
//! Reference: `ioctl_ficlonerange(2)`.

use rustix::fd::{AsFd, AsRawFd};
use rustix::io::Errno;
use rustix::ioctl::{Setter, opcode};

/// `struct file_clone_range` of the kernel.
#[repr(C)]
struct FileCloneRange {
    source: i64,
    source_offset: u64,
    length: u64,
    target_offset: u64,
}

const FICLONERANGE: rustix::ioctl::Opcode = opcode::write::<FileCloneRange>(0x94, 13);

/// Shares `length` bytes of `source` from `source_offset` with `target` at `target_offset`; a length of
/// zero means up to the source's end. All are multiples of the file system's block, but for a range that
/// ends with the source. Errors: `EINVAL` for a range that is not made of blocks or ends past the source;
/// `EOPNOTSUPP` where the file system shares no extents, `EXDEV` across two; others of
/// `ioctl_ficlonerange(2)`.
pub fn clone_range(
    source: impl AsFd,
    source_offset: u64,
    target: impl AsFd,
    target_offset: u64,
    length: u64,
) -> Result<(), Errno> {
    let source = source.as_fd();
    let request =
        FileCloneRange { source: i64::from(source.as_raw_fd()), source_offset, length, target_offset };
    // SAFETY: the request has the layout that the number stands for, and the kernel only reads it.
    unsafe { rustix::ioctl::ioctl(target, Setter::<FICLONERANGE, FileCloneRange>::new(request)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn shares_blocks_or_says_why_not() {
        let directory = crate::sys::test_directory();
        let mut source = tempfile::tempfile_in(&directory).unwrap();
        source.write_all(&[7; 3 * 65536]).unwrap();
        let target = tempfile::tempfile_in(&directory).unwrap();
        match clone_range(&source, 65536, &target, 0, 65536) {
            Ok(()) => {
                assert_eq!(target.metadata().unwrap().len(), 65536);
                let extents = super::super::fiemap::extents(&target).unwrap();
                let shared = extents.iter().filter(|extent| extent.shared);
                assert_eq!(shared.map(|extent| extent.length).sum::<u64>(), 65536);
                assert_eq!(clone_range(&source, 0, &target, 0, 100), Err(Errno::INVAL));
            }
            Err(errno) => assert!(matches!(errno, Errno::OPNOTSUPP | Errno::NOTTY), "{errno}"),
        }
    }
}

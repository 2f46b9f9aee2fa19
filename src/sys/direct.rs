//! What direct I/O (`O_DIRECT`) asks of addresses, offsets and lengths.
//!
//! Reference: `statx(2)` (`STATX_DIOALIGN`, Linux 6.1).

use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, StatxFlags};
use rustix::io::Errno;

/// Multiples, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alignment {
    /// Of a buffer's address.
    pub memory: usize,
    /// Of the offset in the file and the length.
    pub offset: u64,
}

/// Enough for the sectors of every disk that is sold.
const USUAL: Alignment = Alignment { memory: 4096, offset: 4096 };

/// The same file opened once more, with `O_DIRECT`: a flag set on the given handle would change it
/// for everyone who has it.
///
/// # Errors
/// Of `open(2)`: `EINVAL` where the file system has no direct I/O.
pub fn reopen(file: impl AsFd, access: OFlags) -> Result<OwnedFd, Errno> {
    let path = format!("/proc/self/fd/{}", file.as_fd().as_raw_fd());
    rustix::fs::openat(CWD, path, access | OFlags::DIRECT | OFlags::CLOEXEC, Mode::empty())
}

/// The alignment for `file`: what its file system says, else 4096, as before Linux 6.1 and on
/// btrfs, which does not say.
///
/// # Errors
/// `EOPNOTSUPP` where the file system says that the file has no direct I/O; of `statx(2)`.
pub fn alignment(file: impl AsFd) -> Result<Alignment, Errno> {
    let status = match rustix::fs::statx(file, c"", AtFlags::EMPTY_PATH, StatxFlags::DIOALIGN) {
        Err(Errno::NOSYS) => return Ok(USUAL),
        status => status?,
    };
    if status.stx_mask & StatxFlags::DIOALIGN.bits() == 0 {
        return Ok(USUAL);
    }
    match (status.stx_dio_mem_align, status.stx_dio_offset_align) {
        (0, _) | (_, 0) => Err(Errno::OPNOTSUPP),
        (memory, offset) => Ok(Alignment { memory: memory as usize, offset: u64::from(offset) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::aligned::Buffer;
    use rustix::fs::{Mode, OFlags};
    use std::io::Write;

    #[test]
    fn a_read_so_aligned_is_taken() {
        let mut file = tempfile::NamedTempFile::new_in(crate::sys::test_directory()).unwrap();
        file.write_all(&[7; 65536]).unwrap();
        file.as_file().sync_all().unwrap();
        let alignment = alignment(&file).unwrap();
        let direct = rustix::fs::open(file.path(), OFlags::RDONLY | OFlags::DIRECT, Mode::empty()).unwrap();
        let mut buffer = Buffer::new(65536).unwrap();
        let length = 65536 - alignment.memory.max(alignment.offset as usize);
        let target = &mut buffer[alignment.memory..][..length];
        assert_eq!(rustix::io::pread(&direct, &mut *target, alignment.offset), Ok(length));
        assert!(target.iter().all(|byte| *byte == 7));
    }

    #[test]
    fn says_so_where_there_is_none() {
        let (pipe, _write) = rustix::pipe::pipe().unwrap();
        let answer = alignment(&pipe);
        assert!(matches!(answer, Ok(USUAL) | Err(Errno::OPNOTSUPP)), "{answer:?}");
    }
}

//! `vmsplice(2)`: put pages of memory into a pipe without copying them.
//!
//! A pipe holds the pages, not their bytes: what is stored there before the pipe has been
//! drained comes out of it. That is wrong data, not undefined behaviour, so the caller keeps the
//! order: vmsplice, drain, store again.

use super::aligned::Buffer;
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::fs::OFlags;
use rustix::io::Errno;
use std::ops::Range;

/// The end of a pipe that takes pages. At the other end the same call would store into memory.
#[derive(Clone, Copy, Debug)]
pub struct WriteEnd<'pipe>(BorrowedFd<'pipe>);

impl<'pipe> WriteEnd<'pipe> {
    /// Makes sure that `pipe` is open for writing. Errors: `EBADF` where it is not; of `fcntl(F_GETFL)`.
    pub fn new(pipe: BorrowedFd<'pipe>) -> Result<Self, Errno> {
        let access = rustix::fs::fcntl_getfl(pipe)? & OFlags::RWMODE;
        if access == OFlags::RDONLY { Err(Errno::BADF) } else { Ok(Self(pipe)) }
    }
}

/// Whether the pages are given away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pages {
    /// The pipe refers to them.
    Lent,
    /// `SPLICE_F_GIFT`: a splice that follows may move them into a file, so nothing may be stored
    /// there any more. Only whole pages can be given.
    Given,
}

/// Puts up to all of `range` of `buffer` into the pipe; returns the bytes it took, which are fewer where
/// the pipe is too small. Waits while the pipe is full. Errors: `EINVAL` for a range outside the buffer,
/// and for one that is not made of whole pages where they are given; others of `vmsplice(2)`.
pub fn vmsplice(
    buffer: &Buffer,
    range: &Range<usize>,
    pipe: WriteEnd<'_>,
    pages: Pages,
) -> Result<usize, Errno> {
    if range.start > range.end || range.end > buffer.len() {
        return Err(Errno::INVAL);
    }
    // SAFETY: the range lies in the buffer.
    unsafe { put(buffer.start().wrapping_add(range.start), range.len(), pipe, pages) }
}

/// Puts up to `length` bytes from `start` into the pipe.
///
/// # Safety
/// The range is mapped.
pub(super) unsafe fn put(
    start: *mut u8,
    length: usize,
    pipe: WriteEnd<'_>,
    pages: Pages,
) -> Result<usize, Errno> {
    let whole = (start.addr() | length).is_multiple_of(super::page_size());
    let flags = match pages {
        Pages::Lent => 0,
        Pages::Given if whole => libc::SPLICE_F_GIFT,
        Pages::Given => return Err(Errno::INVAL),
    };
    let vector = libc::iovec { iov_base: start.cast(), iov_len: length };
    // SAFETY: the vector lives through the call and covers mapped memory, of which the pipe keeps
    // the pages alive; a write end is only read for.
    super::check(unsafe { libc::vmsplice(pipe.0.as_raw_fd(), &raw const vector, 1, flags) })
}

#[cfg(test)]
mod tests {
    use super::super::mapping::{Access, Flags, Mapping, Sharing};
    use super::*;
    use rustix::fd::AsFd;
    use std::io::Write;

    fn drain(pipe: &impl AsFd, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let count = rustix::io::read(pipe, &mut bytes[..]).unwrap();
        bytes.truncate(count);
        bytes
    }

    #[test]
    fn a_buffer_comes_out_of_the_pipe_lent_or_given() {
        let page = super::super::page_size();
        let mut buffer = Buffer::new(4 * page).unwrap();
        buffer.iter_mut().enumerate().for_each(|(index, byte)| *byte = (index / 3) as u8);
        let (read, write) = rustix::pipe::pipe().unwrap();
        let end = WriteEnd::new(write.as_fd()).unwrap();
        assert_eq!(vmsplice(&buffer, &(5..page + 9), end, Pages::Lent), Ok(page + 4));
        assert_eq!(drain(&read, 4 * page), buffer[5..page + 9]);
        assert_eq!(vmsplice(&buffer, &(page..3 * page), end, Pages::Given), Ok(2 * page));
        assert_eq!(drain(&read, 4 * page), buffer[page..3 * page]);
        assert_eq!(vmsplice(&buffer, &(5..page), end, Pages::Given), Err(Errno::INVAL));
        assert_eq!(vmsplice(&buffer, &(0..4 * page + 1), end, Pages::Lent), Err(Errno::INVAL));
    }

    #[test]
    fn a_mapping_comes_out_of_the_pipe() {
        let mut file = tempfile::tempfile_in(crate::sys::test_directory()).unwrap();
        let bytes: Vec<u8> = (0..20_000_u32).map(|index| (index / 3) as u8).collect();
        file.write_all(&bytes).unwrap();
        let flags = Flags { sharing: Sharing::Shared, access: Access::Read, populate: false };
        let mapping = Mapping::new(&file, 4096, 10_000, flags).unwrap();
        let (read, write) = rustix::pipe::pipe().unwrap();
        let end = WriteEnd::new(write.as_fd()).unwrap();
        assert_eq!(mapping.vmsplice(100, 9_000, end, Pages::Lent), Ok(9_000));
        assert_eq!(drain(&read, 20_000), bytes[4196..13_196]);
        assert_eq!(mapping.vmsplice(9_999, 9_000, end, Pages::Lent), Ok(1));
        file.set_len(0).unwrap();
        assert_eq!(mapping.vmsplice(0, 4096, end, Pages::Lent), Err(Errno::FAULT));
    }

    #[test]
    fn refuses_the_end_that_pages_come_out_of() {
        let (read, _write) = rustix::pipe::pipe().unwrap();
        assert_eq!(WriteEnd::new(read.as_fd()).unwrap_err(), Errno::BADF);
    }
}

//! `vmsplice(2)`: put pages of memory into a pipe without copying them.
//!
//! A pipe holds the pages, not their bytes: what is stored there before the pipe has been
//! drained comes out of it. That is wrong data, not undefined behaviour, as pages that are lent are only
//! read; so the caller keeps the order: vmsplice, drain, store again.
//!
//! Pages that are given away may become those of a file, which others write: [`Gift`] has them then,
//! and shows nobody their bytes.

use super::aligned::Buffer;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use std::ops::Range;

/// The end of a pipe that takes pages. At the other end the same call would store into memory, so it is
/// had only with its pipe.
#[derive(Debug)]
pub struct WriteEnd(OwnedFd);

impl WriteEnd {
    /// A pipe: the end to read from, and this one. Errors: of `pipe2(2)`.
    pub fn with_pipe() -> Result<(OwnedFd, Self), Errno> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
        Ok((read, Self(write)))
    }
}

impl AsFd for WriteEnd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Lends up to all of `range` of `buffer` to the pipe; returns the bytes it took, which are fewer where
/// the pipe is too small. Waits while the pipe is full. Errors: `EINVAL` for a range outside the buffer;
/// others of `vmsplice(2)`.
pub fn vmsplice(buffer: &Buffer, range: &Range<usize>, pipe: &WriteEnd) -> Result<usize, Errno> {
    // SAFETY: the pages are lent.
    unsafe { put_part(buffer, range, pipe, 0) }
}

/// A buffer whose pages are given away (`SPLICE_F_GIFT`): a splice that follows may move them into a file.
#[derive(Debug)]
pub struct Gift(Buffer);

impl Gift {
    pub fn new(buffer: Buffer) -> Self {
        Self(buffer)
    }

    /// Gives the whole pages of `range`, up to all of them, to the pipe; the rest, which is less than a page,
    /// is lent by the next call. Returns the bytes that the pipe took. Errors: `EINVAL` for a range that does
    /// not begin with a page or is outside the buffer; others of `vmsplice(2)`.
    pub fn vmsplice(&self, range: &Range<usize>, pipe: &WriteEnd) -> Result<usize, Errno> {
        let whole = range.end - range.end % super::page_size();
        if range.start >= whole {
            return vmsplice(&self.0, range, pipe);
        }
        if !range.start.is_multiple_of(super::page_size()) {
            return Err(Errno::INVAL);
        }
        // SAFETY: nothing hands the buffer's bytes out any more.
        unsafe { put_part(&self.0, &(range.start..whole), pipe, libc::SPLICE_F_GIFT) }
    }
}

/// # Safety
/// The flags are none, or pages that are given are not referred to any more.
unsafe fn put_part(
    buffer: &Buffer,
    range: &Range<usize>,
    pipe: &WriteEnd,
    flags: libc::c_uint,
) -> Result<usize, Errno> {
    if range.start > range.end || range.end > buffer.len() {
        return Err(Errno::INVAL);
    }
    // SAFETY: the range lies in the buffer; the flags are the caller's promise.
    unsafe { put(buffer.start().wrapping_add(range.start), range.len(), pipe, flags) }
}

/// Puts up to `length` bytes from `start` into the pipe.
///
/// # Safety
/// The range is mapped. The flags are none, or pages that are given are not referred to any more.
pub(super) unsafe fn put(
    start: *mut u8,
    length: usize,
    pipe: &WriteEnd,
    flags: libc::c_uint,
) -> Result<usize, Errno> {
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
        let (read, end) = WriteEnd::with_pipe().unwrap();
        assert_eq!(vmsplice(&buffer, &(5..page + 9), &end), Ok(page + 4));
        assert_eq!(drain(&read, 4 * page), buffer[5..page + 9]);
        assert_eq!(vmsplice(&buffer, &(0..4 * page + 1), &end), Err(Errno::INVAL));
        let bytes = buffer.to_vec();
        let gift = Gift::new(buffer);
        assert_eq!(gift.vmsplice(&(page..3 * page + 7), &end), Ok(2 * page));
        assert_eq!(gift.vmsplice(&(3 * page..3 * page + 7), &end), Ok(7));
        assert_eq!(drain(&read, 4 * page), bytes[page..3 * page + 7]);
        assert_eq!(gift.vmsplice(&(5..page), &end), Err(Errno::INVAL));
        assert_eq!(gift.vmsplice(&(0..5 * page), &end), Err(Errno::INVAL));
    }

    #[test]
    fn a_mapping_comes_out_of_the_pipe() {
        let mut file = tempfile::tempfile_in(crate::sys::test_directory()).unwrap();
        let bytes: Vec<u8> = (0..20_000_u32).map(|index| (index / 3) as u8).collect();
        file.write_all(&bytes).unwrap();
        let flags = Flags { sharing: Sharing::Shared, access: Access::Read, populate: false };
        let mapping = Mapping::new(&file, 4096, 10_000, flags).unwrap();
        let (read, end) = WriteEnd::with_pipe().unwrap();
        assert_eq!(mapping.vmsplice(100, 9_000, &end), Ok(9_000));
        assert_eq!(drain(&read, 20_000), bytes[4196..13_196]);
        assert_eq!(mapping.vmsplice(9_999, 9_000, &end), Ok(1));
        file.set_len(0).unwrap();
        assert_eq!(mapping.vmsplice(0, 4096, &end), Err(Errno::FAULT));
    }
}

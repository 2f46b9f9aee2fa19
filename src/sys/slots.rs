//! Buffers that are lent to the kernel while it works on them, and what it says when it is done.

use super::aligned::Buffer;
use rustix::io::Errno;
use std::ops::Range;

/// What was asked of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Operation {
    /// A file's bytes into a slot.
    Read,
    /// A slot's bytes into a file.
    Write,
    /// A file's pages into a pipe.
    SpliceIn,
    /// A pipe's pages into a file.
    SpliceOut,
}

/// One operation that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The slot it was given.
    pub slot: usize,
    /// What it was.
    pub operation: Operation,
    /// Bytes moved, which may be fewer than asked for (0: end of file), or why none were.
    pub result: Result<usize, Errno>,
}

impl Completion {
    /// Reads a result as the kernel leaves it: a count, or a negated errno.
    pub(super) fn new(slot: usize, operation: Operation, returned: i64) -> Self {
        let result = match usize::try_from(returned) {
            Ok(count) => Ok(count),
            Err(_) => Err(Errno::from_raw_os_error(i32::try_from(-returned).unwrap_or(libc::EIO))),
        };
        Self { slot, operation, result }
    }
}

/// Parts of one buffer, each with the number of operations that use it now.
///
/// A slot's bytes can be reached only while that number is zero, so no reference to them exists
/// while the kernel may store there.
#[derive(Debug)]
pub(super) struct Slots {
    buffer: Buffer,
    pending: Vec<u32>,
    length: usize,
}

impl Slots {
    /// `count` slots of `length` bytes, which begin on pages where `length` is made of pages.
    pub(super) fn new(count: usize, length: usize) -> Result<Self, Errno> {
        let buffer = Buffer::new(count.checked_mul(length).ok_or(Errno::NOMEM)?)?;
        Ok(Self { buffer, pending: vec![0; count], length })
    }

    pub(super) fn len(&self) -> usize {
        self.pending.len()
    }

    /// A slot that nothing works on.
    #[cfg(test)]
    pub(super) fn idle(&self) -> Option<usize> {
        self.pending.iter().position(|pending| *pending == 0)
    }

    /// Operations that are not over.
    pub(super) fn in_flight(&self) -> usize {
        self.pending.iter().map(|pending| *pending as usize).sum()
    }

    pub(super) fn bytes(&self, slot: usize) -> Result<&[u8], Errno> {
        self.idle_at(slot)?;
        Ok(&self.buffer[slot * self.length..][..self.length])
    }

    /// Address of `range` in an idle slot.
    pub(super) fn address(&self, slot: usize, range: &Range<usize>) -> Result<*mut u8, Errno> {
        self.idle_at(slot)?;
        let inside = range.start < range.end && range.end <= self.length;
        let address = self.start_of(slot).wrapping_add(range.start);
        if inside { Ok(address) } else { Err(Errno::INVAL) }
    }

    /// A whole slot, as registration of buffers wants it.
    pub(super) fn vector(&self, slot: usize) -> libc::iovec {
        libc::iovec { iov_base: self.start_of(slot).cast(), iov_len: self.length }
    }

    fn start_of(&self, slot: usize) -> *mut u8 {
        self.buffer.start().wrapping_add(slot * self.length)
    }

    /// Notes that `operations` more use the slot.
    pub(super) fn lend(&mut self, slot: usize, operations: u32) {
        self.pending[slot] += operations;
    }

    /// Notes that one operation on the slot is over.
    pub(super) fn take_back(&mut self, slot: usize) {
        self.pending[slot] -= 1;
    }

    /// `EINVAL` for a slot that does not exist, `EBUSY` for one that the kernel still uses.
    pub(super) fn idle_at(&self, slot: usize) -> Result<(), Errno> {
        match self.pending.get(slot) {
            None => Err(Errno::INVAL),
            Some(0) => Ok(()),
            Some(_) => Err(Errno::BUSY),
        }
    }
}

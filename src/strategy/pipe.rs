//! A pipe of the copy's own, of a known size. Reference: `pipe(7)`, `fcntl(2)` (F_SETPIPE_SZ).

use super::advance::Step;
use super::error::{Cause, During};
use crate::sys::vmsplice::WriteEnd;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::pipe::{SpliceFlags, fcntl_setpipe_size, splice};
use std::cell::Cell;
use std::fs::File;

pub(super) struct Pipe {
    read: OwnedFd,
    write: WriteEnd,
    /// Bytes that came in and have not gone out yet.
    held: Cell<usize>,
}

impl Pipe {
    /// A pipe that holds `size` bytes, or an error: a smaller one would copy as well, but by other
    /// calls than the strategy's name says. An unprivileged user is refused more than
    /// `/proc/sys/fs/pipe-max-size`, and any but two pages beyond the user's share of pages.
    pub(super) fn new(size: usize) -> Result<Self, Cause> {
        let (read, write) = WriteEnd::with_pipe().during("pipe2")?;
        let got = fcntl_setpipe_size(&write, size);
        let enough = got.and_then(|got| if got < size { Err(Errno::PERM) } else { Ok(()) });
        enough.during("fcntl(F_SETPIPE_SZ)")?;
        Ok(Self { read, write, held: Cell::new(0) })
    }

    /// Where bytes come out, and where they go in.
    pub(super) fn ends(&self) -> (BorrowedFd<'_>, BorrowedFd<'_>) {
        (self.read.as_fd(), self.write.as_fd())
    }

    /// Where pages can be lent to it.
    pub(super) fn write_end(&self) -> &WriteEnd {
        &self.write
    }

    /// Whether all that came in has gone out.
    pub(super) fn is_empty(&self) -> bool {
        self.held.get() == 0
    }

    /// Notes that `length` bytes came in.
    pub(super) fn holds(&self, length: usize) {
        self.held.set(length);
    }

    /// Moves a part of `step` from `source` to `target`, and no more: an error tells then exactly how far the
    /// copy came. Returns how much, 0 at the end of the source.
    pub(super) fn copy_step(&self, source: &File, target: &File, step: Step) -> Result<usize, Cause> {
        if self.is_empty() && self.take(source, step.source, step.length)? == 0 {
            return Ok(0);
        }
        self.pass_on(target, step.target)
    }

    /// Takes up to `length` bytes of `source` in; returns how many, 0 at its end.
    pub(super) fn take(&self, source: &File, mut offset: u64, length: usize) -> Result<usize, Cause> {
        let taken = splice(source, Some(&mut offset), &self.write, None, length, SpliceFlags::MOVE)
            .during("splice")?;
        self.holds(taken);
        Ok(taken)
    }

    /// Moves what it holds into `target` at `offset`; returns how much of it went. What an error
    /// leaves in the pipe is lost with it and not counted by anyone.
    pub(super) fn pass_on(&self, target: &File, mut offset: u64) -> Result<usize, Cause> {
        let held = self.held.get();
        let moved = splice(&self.read, None, target, Some(&mut offset), held, SpliceFlags::MOVE);
        match moved.during("splice")? {
            0 => Err(Cause::Call { call: "splice", errno: Errno::IO }),
            moved => {
                self.held.set(held - moved);
                Ok(moved)
            }
        }
    }
}

//! A pipe of the copy's own, of a known size.

use super::error::{Cause, CopyError, During};
use rustix::fd::OwnedFd;
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use std::fs::File;

pub(super) struct Pipe {
    pub(super) read: OwnedFd,
    pub(super) write: OwnedFd,
}

impl Pipe {
    /// A pipe that holds `size` bytes. An unprivileged user is refused more than
    /// `/proc/sys/fs/pipe-max-size`, or more than the user's share of pages.
    pub(super) fn new(size: usize) -> Result<Self, CopyError> {
        let begin = |cause| CopyError::at(0, cause);
        let (read, write) = pipe_with(PipeFlags::CLOEXEC).during("pipe2").map_err(begin)?;
        fcntl_setpipe_size(&write, size).during("fcntl(F_SETPIPE_SZ)").map_err(begin)?;
        Ok(Self { read, write })
    }

    /// Moves the `length` bytes that are in the pipe into `target` at `offset`.
    pub(super) fn drain(&self, target: &File, offset: u64, length: usize) -> Result<(), Cause> {
        super::advance::write_all("splice", length, |done| {
            let mut at = offset + done as u64;
            splice(&self.read, None, target, Some(&mut at), length - done, SpliceFlags::MOVE)
        })
    }
}

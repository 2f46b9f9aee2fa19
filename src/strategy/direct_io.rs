//! What the families with `O_DIRECT` share: handles past the page cache, and what their offsets
//! and lengths have to be multiples of.
//!
//! Reference: `open(2)` (`O_DIRECT`), `statx(2)` (`STATX_DIOALIGN`), `proc_pid_fd(5)`.

use super::Task;
use super::advance::Span;
use super::error::{Cause, CopyError, During};
use super::in_flight::Shape;
use crate::sys::direct::reopen;
use crate::sys::page_size;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, OFlags, StatxFlags};
use rustix::io::Errno;
use std::fs::File;

/// For file systems that do not report an alignment: no device in use has larger sectors.
const UNREPORTED: usize = 4096;

/// One file, read or written directly or through the page cache.
pub(super) struct Side<'file> {
    given: &'file File,
    direct: Option<OwnedFd>,
    /// Power of two that offsets, lengths and addresses are multiples of.
    unit: usize,
}

impl<'file> Side<'file> {
    /// The file as it is.
    pub(super) fn buffered(given: &'file File) -> Self {
        Self { given, direct: None, unit: 1 }
    }

    /// The same file opened once more, with `O_DIRECT`.
    fn direct(given: &'file File, access: OFlags) -> Result<Self, Cause> {
        let unit = unit(given)?;
        let direct = reopen(given, access).during("open")?;
        Ok(Self { given, direct: Some(direct), unit })
    }

    pub(super) fn direct_source(given: &'file File) -> Result<Self, CopyError> {
        Self::direct(given, OFlags::RDONLY).map_err(|cause| CopyError::at(0, cause))
    }

    pub(super) fn direct_target(given: &'file File) -> Result<Self, CopyError> {
        Self::direct(given, OFlags::RDWR).map_err(|cause| CopyError::at(0, cause))
    }

    /// The file as it was given: what follows the last whole unit is written through it.
    pub(super) fn given(&self) -> &'file File {
        self.given
    }

    pub(super) fn unit(&self) -> usize {
        self.unit
    }

    fn takes(&self, offset: u64) -> bool {
        offset.is_multiple_of(self.unit as u64)
    }
}

impl AsFd for Side<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.direct.as_ref().map_or(self.given.as_fd(), AsFd::as_fd)
    }
}

/// Where a copy comes from and where it goes.
pub(super) struct Sides<'files> {
    pub from: Side<'files>,
    pub to: Side<'files>,
}

impl<'files> Sides<'files> {
    /// Both files opened with `O_DIRECT`, for a span that they can take.
    pub(super) fn direct(task: Task<'files>) -> Result<Self, CopyError> {
        Self { from: Side::direct_source(task.source)?, to: Side::direct_target(task.target)? }
            .check(task.span)
    }

    /// `EINVAL`, as the first read or write would have it, for a span that begins inside a unit.
    /// It may end anywhere.
    pub(super) fn check(self, span: Span) -> Result<Self, CopyError> {
        let refuse = |call| Err(CopyError::call(call, 0, Errno::INVAL));
        match (self.from.takes(span.source), self.to.takes(span.target)) {
            (true, true) => Ok(self),
            (false, _) => refuse("pread"),
            (true, false) => refuse("pwrite"),
        }
    }

    pub(super) fn shape(&self, slots: usize, block: usize) -> Shape {
        Shape { slots, block, read_unit: self.from.unit, write_unit: self.to.unit }
    }
}

/// The unit that the file system reports, at most a page: buffers begin on one.
fn unit(file: &File) -> Result<usize, Cause> {
    let stat = rustix::fs::statx(file, c"", AtFlags::EMPTY_PATH, StatxFlags::DIOALIGN).during("statx")?;
    if stat.stx_mask & StatxFlags::DIOALIGN.bits() == 0 {
        return Ok(UNREPORTED);
    }
    let unit = stat.stx_dio_offset_align.max(stat.stx_dio_mem_align) as usize;
    // 0 says that this file cannot be read or written directly, even where open takes the flag.
    if unit.is_power_of_two() && unit <= page_size() {
        Ok(unit)
    } else {
        Err(Cause::Call { call: "statx", errno: Errno::OPNOTSUPP })
    }
}

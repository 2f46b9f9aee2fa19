//! What the mapping families share: how a range is mapped, prepared and checked.

use super::advance::{MOST, Span, Step};
use super::error::{Cause, CopyError, During};
use crate::sys::mapping::{Access, Flags, Mapping, Sharing};
use rustix::io::Errno;
use rustix::mm::Advice;
use std::fs::File;

/// How one side is mapped.
#[derive(Clone, Copy)]
pub(super) struct View {
    pub flags: Flags,
    /// Given to `madvise(2)` before the first access.
    pub advice: Option<Advice>,
}

impl View {
    /// A source, shared and read-only.
    pub(super) const SOURCE: Self = Self {
        flags: Flags { sharing: Sharing::Shared, access: Access::Read, populate: false },
        advice: None,
    };
    /// A target, shared and writable.
    pub(super) const TARGET: Self = Self {
        flags: Flags { sharing: Sharing::Shared, access: Access::ReadWrite, populate: false },
        advice: None,
    };

    pub(super) const fn private(mut self) -> Self {
        self.flags.sharing = Sharing::Private;
        self
    }

    pub(super) const fn writable(mut self) -> Self {
        self.flags.access = Access::ReadWrite;
        self
    }

    /// `MAP_POPULATE`.
    pub(super) const fn populate(mut self) -> Self {
        self.flags.populate = true;
        self
    }

    /// `madvise(2)` with `advice`.
    pub(super) const fn advise(mut self, advice: Advice) -> Self {
        self.advice = Some(advice);
        self
    }

    pub(super) fn map(&self, file: &File, offset: u64, length: usize) -> Result<Mapping, Cause> {
        let mut mapping = Mapping::new(file, offset, length, self.flags).during("mmap")?;
        if let Some(advice) = self.advice {
            mapping.advise(advice).during("madvise").map_err(|cause| match (cause, advice) {
                (Cause::Call { errno: Errno::FAULT, .. }, Advice::LinuxPopulateRead) => Cause::SourceShrank,
                (Cause::Call { errno: Errno::FAULT, .. }, Advice::LinuxPopulateWrite) => Cause::TargetFault,
                (other, _) => other,
            })?;
        }
        Ok(mapping)
    }
}

/// Repeats `step` over the part of `span` that the source has, at most `window` bytes at a time.
///
/// A mapping needs to know where the file ends, so the size decides here, not a read of 0 bytes.
/// A source that grows meanwhile is followed; one whose size is not its length is refused. A call
/// that was interrupted is repeated.
pub(super) fn over_windows(
    source: &File,
    span: Span,
    window: u64,
    mut step: impl FnMut(Step) -> Result<usize, Cause>,
) -> Result<u64, CopyError> {
    let window = window.min(MOST);
    let mut copied = 0;
    loop {
        let size = size_of(source, copied)?;
        let end = size.saturating_sub(span.source).min(span.length.unwrap_or(u64::MAX));
        if copied >= end {
            return match span.length {
                None if has_more(source, span.source + copied) => Err(CopyError::at(copied, Cause::SizeLies)),
                _ => span.ended(copied),
            };
        }
        while copied < end {
            let length = (end - copied).min(window) as usize;
            match step(Step { source: span.source + copied, target: span.target + copied, length }) {
                Ok(0) => return span.ended(copied),
                Ok(moved) => copied += moved as u64,
                // Steps say so only where they have written nothing, or can write it once more.
                Err(Cause::Call { errno: Errno::INTR, .. }) => {}
                Err(cause) => return Err(CopyError::at(copied, cause)),
            }
        }
    }
}

/// Makes the target at least long enough for `length` more bytes from `offset`; a mapping has no
/// way to extend a file.
pub(super) fn extend(target: &File, offset: u64, length: usize) -> Result<(), Cause> {
    if length == 0 {
        // Not even up to the offset, where there is nothing to copy.
        return Ok(());
    }
    let end = offset + length as u64;
    let now = rustix::fs::fstat(target).during("fstat")?.st_size.unsigned_abs();
    if now < end {
        super::set_length(target, end).during("ftruncate")?;
    }
    Ok(())
}

/// An error for a fault that either mapping noted while it was copied.
pub(super) fn check_faults(source: Option<usize>, target: Option<usize>) -> Result<(), Cause> {
    match (source, target) {
        (None, None) => Ok(()),
        (Some(_), _) => Err(Cause::SourceShrank),
        (None, Some(_)) => Err(Cause::TargetFault),
    }
}

/// `EFAULT` of a call that reads from a mapped source means that the source shrank.
pub(super) fn name_fault(cause: Cause) -> Cause {
    match cause {
        Cause::Call { errno: Errno::FAULT, .. } => Cause::SourceShrank,
        other => other,
    }
}

fn size_of(source: &File, copied: u64) -> Result<u64, CopyError> {
    let stat = rustix::fs::fstat(source).map_err(|errno| CopyError::call("fstat", copied, errno))?;
    Ok(stat.st_size.unsigned_abs())
}

/// Whether a read finds a byte where the size says that there is none.
fn has_more(source: &File, offset: u64) -> bool {
    let mut byte = [0_u8];
    rustix::io::pread(source, &mut byte, offset) == Ok(1)
        && size_of(source, offset).is_ok_and(|size| size <= offset)
}

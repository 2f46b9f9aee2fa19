use super::error::{Cause, CopyError};
use rustix::io::Errno;

/// Most bytes that one call is asked for. The kernel itself cuts every call at 0x7ffff000.
pub(super) const MOST: u64 = 1 << 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte of the source.
    pub source: u64,
    /// Where it goes in the target.
    pub target: u64,
    /// Number of bytes; `None` copies up to the end of the source, wherever a read finds it.
    pub length: Option<u64>,
}

impl Span {
    /// The whole file.
    pub const WHOLE: Self = Self { source: 0, target: 0, length: None };

    /// Whether it is the whole file.
    pub fn is_whole(self) -> bool {
        self == Self::WHOLE
    }

    /// Bytes still wanted after `copied`, where the end is known.
    fn left(self, copied: u64) -> u64 {
        self.length.map_or(u64::MAX, |length| length.saturating_sub(copied))
    }

    /// Bytes after `copied` up to where no file goes on: calls refuse to reach beyond, whatever a file holds.
    fn room(self, copied: u64) -> u64 {
        let at = self.source.max(self.target).saturating_add(copied);
        (i64::MAX as u64).saturating_sub(at)
    }

    /// The outcome where the source gave its last byte after `copied` bytes.
    pub(super) fn ended(self, copied: u64) -> Result<u64, CopyError> {
        match self.length {
            Some(length) if copied < length => Err(CopyError::at(copied, Cause::SourceEnded)),
            _ => Ok(copied),
        }
    }
}

/// One call's worth of a copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Offset in the source.
    pub source: u64,
    /// Offset in the target.
    pub target: u64,
    /// Most bytes to copy, at least 1.
    pub length: usize,
}

/// Repeats `step` over `span`, at most `chunk` bytes at a time.
///
/// `step` says how many bytes it copied; fewer than asked is normal, 0 is the end of the source.
/// A call that was interrupted is repeated.
pub(super) fn advance(
    span: Span,
    chunk: u64,
    mut step: impl FnMut(Step) -> Result<usize, Cause>,
) -> Result<u64, CopyError> {
    let mut copied = 0;
    loop {
        let wanted = span.left(copied).min(chunk);
        if wanted == 0 {
            return Ok(copied);
        }
        let length = wanted.min(span.room(copied)) as usize;
        if length == 0 {
            return span.ended(copied);
        }
        match step(Step { source: span.source + copied, target: span.target + copied, length }) {
            Ok(0) => return span.ended(copied),
            Ok(moved) => copied += moved as u64,
            Err(Cause::Call { errno: Errno::INTR, .. }) => {}
            Err(cause) => return Err(CopyError::at(copied, cause)),
        }
    }
}

/// Calls `write` until it has taken all `length` bytes; it gets the number of bytes done.
pub(super) fn write_all(
    call: &'static str,
    length: usize,
    mut write: impl FnMut(usize) -> Result<usize, Errno>,
) -> Result<(), Cause> {
    let mut done = 0;
    while done < length {
        match write(done) {
            Ok(0) => return Err(Cause::Call { call, errno: Errno::IO }),
            Ok(written) => done += written,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(Cause::Call { call, errno }),
        }
    }
    Ok(())
}

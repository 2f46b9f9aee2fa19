//! One mechanism after another, each going on at the exact byte where the one before it stopped.

use super::CopierError;
use super::error::is_of_the_disk;
use super::event::{Event, Reason};
use crate::strategy::{Cause, CopyError, Span, Strategy, Task, Workspace};
use std::fs::File;

/// Copies ranges between two files by the mechanisms of a chain.
pub(super) struct Carrier<'a, 'b> {
    pub(super) source: &'a File,
    pub(super) target: &'a File,
    pub(super) workspace: &'a Workspace,
    pub(super) chain: &'a [&'static Strategy],
    pub(super) tell: &'b mut dyn FnMut(Event<'_>),
    /// Offset in the source that errors count from.
    pub(super) origin: u64,
}

impl Carrier<'_, '_> {
    /// Copies `span` and returns the number of bytes, or where the last mechanism stopped.
    ///
    /// A mechanism that was given up is not tried again for a later range: what refused once
    /// between two files refuses again.
    pub(super) fn carry(&mut self, span: Span) -> Result<u64, CopierError> {
        let mut copied = 0;
        while let Some((by, others)) = self.chain.split_first() {
            let start = span.source + copied;
            let Self { source, target, workspace, .. } = *self;
            let result = by.copy(Task { source, target, span: rest(span, copied), workspace });
            let more = result.as_ref().map_or_else(|error| error.copied, |more| *more);
            copied += more;
            let end = start + more;
            if more > 0 {
                (self.tell)(Event::Copied { start, end, by: by.name });
            }
            let reason = match &result {
                Ok(_) if span.length.is_some() => return Ok(copied),
                Ok(_) if others.is_empty() || !has_byte(self.source, end) => return Ok(copied),
                Ok(_) => Reason::MoreToRead,
                Err(CopyError { cause: Cause::SourceEnded, .. })
                    if !others.is_empty() && has_byte(self.source, end) =>
                {
                    Reason::MoreToRead
                }
                Err(error) if may_go_on(error) => Reason::Failed(error),
                Err(_) => return failed(by, result, end - self.origin),
            };
            let Some(next) = others.first() else { return failed(by, result, end - self.origin) };
            (self.tell)(Event::Changed { at: end, from: by.name, to: next.name, reason });
            self.chain = others;
        }
        Ok(copied)
    }
}

/// Whether `source` has a byte at `offset`. The count of a call is not believed: files of procfs
/// end at once for all calls but read(2).
pub(super) fn has_byte(source: &File, offset: u64) -> bool {
    let read = || rustix::io::pread(source, &mut [0_u8; 1], offset);
    rustix::io::retry_on_intr(read).is_ok_and(|length| length > 0)
}

fn rest(span: Span, copied: u64) -> Span {
    Span {
        source: span.source + copied,
        target: span.target + copied,
        length: span.length.map(|length| length - copied),
    }
}

fn failed(by: &Strategy, result: Result<u64, CopyError>, copied: u64) -> Result<u64, CopierError> {
    result.map_err(|cause| CopierError::Copy { strategy: by.name, cause: CopyError::at(copied, cause.cause) })
}

/// Whether another mechanism may get past the error: it may, unless the error tells of the disk, or the
/// source changed under the copy. What comes next meets again what is no refusal of the call.
pub(super) fn may_go_on(error: &CopyError) -> bool {
    match error.cause {
        Cause::Call { errno, .. } => !is_of_the_disk(errno),
        Cause::SizeLies => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn what_is_wrong_with_the_data_ends_the_copy() {
        for errno in [Errno::IO, Errno::NOSPC, Errno::DQUOT, Errno::ROFS] {
            assert!(!may_go_on(&CopyError::call("copy_file_range", 0, errno)), "{errno}");
        }
    }

    #[test]
    fn what_is_wrong_with_the_call_does_not() {
        // EAGAIN: a source that was just written; ESTALE, EBUSY, ENODEV, ETIMEDOUT: servers.
        for errno in [
            Errno::AGAIN,
            Errno::BUSY,
            Errno::NODEV,
            Errno::STALE,
            Errno::TIMEDOUT,
            Errno::NOMEM,
            Errno::FBIG,
            Errno::NOSYS,
            Errno::XDEV,
            Errno::INVAL,
            Errno::PERM,
        ] {
            assert!(may_go_on(&CopyError::call("copy_file_range", 5, errno)), "{errno}");
        }
    }
}

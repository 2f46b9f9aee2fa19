//! One mechanism after another, each going on at the exact byte where the one before it stopped.

use super::CopierError;
use super::error::is_of_the_disk;
use super::event::{Event, Reason};
use crate::strategy::{Cause, CopyError, Span, Strategy, Task, Workspace};
use rustix::fs::fstat;
use std::fs::File;

/// Copies ranges between two files by the mechanisms of a chain.
pub(super) struct Carrier<'a, 'b> {
    pub(super) source: &'a File,
    pub(super) target: &'a File,
    pub(super) workspace: &'a Workspace,
    /// Those that may be tried, the first that fits first. The last one is of one thread.
    pub(super) chain: Vec<&'static Strategy>,
    /// What is shorter is copied by one thread.
    pub(super) threads_from: u64,
    pub(super) tell: &'b mut dyn FnMut(Event<'_>),
    /// Offset in the source that errors count from.
    pub(super) origin: u64,
    /// Whether the target is cut where the copy ends.
    pub(super) may_cut: bool,
}

impl Carrier<'_, '_> {
    /// Copies `span` and returns the number of bytes, or where the last mechanism stopped. Fewer than the span
    /// has are all that the source still had, where `may_cut`.
    ///
    /// A mechanism that was given up is not tried again for a later range: what refused once
    /// between two files refuses again.
    pub(super) fn carry(&mut self, span: Span) -> Result<u64, CopierError> {
        let mut copied = 0;
        while let Some((index, by)) = self.fitting(rest(span, copied)) {
            let start = span.source + copied;
            let Self { source, target, workspace, .. } = *self;
            let result = by.copy(Task { source, target, span: rest(span, copied), workspace });
            let more = result.as_ref().map_or_else(|error| error.copied, |more| *more);
            copied += more;
            let end = start + more;
            if more > 0 {
                (self.tell)(Event::Copied { start, end, by: by.name });
            }
            let is_last = self.chain.len() == 1;
            let reason = match &result {
                Ok(_) if span.length.is_some() => return Ok(copied),
                Ok(_) if is_last || !has_byte(source, end) => return Ok(copied),
                Ok(_) => Reason::MoreToRead,
                Err(CopyError { cause: Cause::SourceEnded, .. }) if !is_last && has_byte(source, end) => {
                    Reason::MoreToRead
                }
                // It got shorter meanwhile. What threads copied behind its end goes.
                Err(CopyError { cause: Cause::SourceEnded, .. }) if self.may_cut => return Ok(copied),
                Err(error) if may_go_on(error) && !is_last => Reason::Failed(error),
                Err(_) => return failed(by, result, end - self.origin),
            };
            self.chain.remove(index);
            if let Some((_, next)) = self.fitting(rest(span, copied)) {
                (self.tell)(Event::Changed { at: end, from: by.name, to: next.name, reason });
            }
        }
        Ok(copied)
    }

    /// The first mechanism that fits a span of that length, and its index.
    fn fitting(&self, span: Span) -> Option<(usize, &'static Strategy)> {
        let has_threads = self.chain.first().is_some_and(|first| first.threads > 1);
        let is_short = has_threads && {
            let size = fstat(self.source).map_or(0, |stat| stat.st_size.unsigned_abs());
            span.length.unwrap_or(size.saturating_sub(span.source)) < self.threads_from
        };
        let index = self.chain.iter().position(|one| !is_short || one.threads == 1).unwrap_or(0);
        self.chain.get(index).map(|one| (index, *one))
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
    use crate::strategy::{self, Method};
    use rustix::io::Errno;
    use std::os::unix::fs::FileExt;

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

    const LENGTH: u64 = 1 << 20;
    const REACHED: u64 = 300_000;

    // Several threads, of which one stopped where others had copied what comes behind.
    static REFUSED: Strategy = Strategy {
        name: "refused",
        threads: 2,
        method: Method::Handles(|task| stop(task, Cause::Call { call: "pwrite", errno: Errno::INVAL })),
        ..Strategy::BASE
    };
    static FULL: Strategy = Strategy {
        name: "full",
        threads: 2,
        method: Method::Handles(|task| stop(task, Cause::Call { call: "pwrite", errno: Errno::NOSPC })),
        ..Strategy::BASE
    };
    static SHRUNK: Strategy = Strategy {
        name: "shrunk",
        threads: 2,
        method: Method::Handles(|task| {
            task.source.set_len(REACHED).unwrap();
            stop(task, Cause::SourceEnded)
        }),
        ..Strategy::BASE
    };

    /// All but a hole that begins at `REACHED`.
    fn stop(task: Task<'_>, cause: Cause) -> Result<u64, CopyError> {
        let content = content();
        task.target.write_all_at(&content[..REACHED as usize], 0).unwrap();
        task.target.write_all_at(&content[REACHED as usize + 100_000..], REACHED + 100_000).unwrap();
        Err(CopyError::at(REACHED, cause))
    }

    fn content() -> Vec<u8> {
        (0..LENGTH).map(|index| (index % 251) as u8 + 1).collect()
    }

    /// What came of it, what the target holds, and who copied from where.
    fn carry(
        by: &'static Strategy,
        span: Span,
        threads_from: u64,
    ) -> (Result<u64, CopierError>, Vec<u8>, Vec<String>) {
        let (source, target) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        source.write_all_at(&content(), 0).unwrap();
        let workspace = Workspace::new();
        let mut told = Vec::new();
        let mut carrier = Carrier {
            source: &source,
            target: &target,
            workspace: &workspace,
            chain: vec![by, strategy::find("read-write-64k").unwrap()],
            threads_from,
            tell: &mut |event| told.push(event.to_string()),
            origin: 0,
            may_cut: true,
        };
        let outcome = carrier.carry(span);
        let mut copy = vec![0; target.metadata().unwrap().len() as usize];
        target.read_exact_at(&mut copy, 0).unwrap();
        (outcome, copy, told)
    }

    #[test]
    fn what_one_of_several_threads_left_out_is_copied() {
        for length in [None, Some(LENGTH)] {
            let (outcome, copy, told) = carry(&REFUSED, Span { length, ..Span::WHOLE }, 0);
            assert_eq!(outcome.unwrap(), LENGTH);
            assert!(copy == content());
            assert_eq!(told.last().unwrap(), "copied 300000..1048576 by read-write-64k");
        }
    }

    #[test]
    fn a_full_disk_that_one_thread_met_ends_the_copy() {
        let (outcome, ..) = carry(&FULL, Span::WHOLE, 0);
        let Err(CopierError::Copy { strategy: "full", cause }) = outcome else { panic!("{outcome:?}") };
        assert_eq!((cause.copied, cause.errno()), (REACHED, Some(Errno::NOSPC)));
    }

    #[test]
    fn a_source_that_gets_shorter_ends_the_copy_at_its_end() {
        for length in [None, Some(LENGTH)] {
            let (outcome, copy, _) = carry(&SHRUNK, Span { length, ..Span::WHOLE }, 0);
            assert_eq!(outcome.unwrap(), REACHED);
            assert!(copy[..REACHED as usize] == content()[..REACHED as usize]);
        }
    }

    #[test]
    fn a_short_stretch_is_left_to_one_thread() {
        let (outcome, copy, told) = carry(&REFUSED, Span::WHOLE, LENGTH + 1);
        assert_eq!(outcome.unwrap(), LENGTH);
        assert!(copy == content());
        assert_eq!(told, ["copied 0..1048576 by read-write-64k"]);
    }
}

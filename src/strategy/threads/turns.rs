//! Pieces of the source in their order, each to the thread that is free next.
//!
//! Writes to one file wait for each other, reads do not: so one thread reads a piece while another writes the
//! piece before it. A thread that another program holds up delays its piece alone.

use super::together::together;
use crate::strategy::Task;
use crate::strategy::advance::{Span, Step, advance};
use crate::strategy::error::{Cause, CopyError};
use crate::strategy::planned::planned;
use crate::sys::page_size;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Copies pieces of `piece` bytes, each thread with a means of its own, such as a buffer; there are as many
/// threads as `means`. `step` does one call's worth of a piece.
///
/// No piece is begun after an error, and all before the one that failed are complete then: pieces are begun
/// in their order. What follows the last whole page by the source's size is copied when all threads are
/// done, up to where a read finds the end.
pub(super) fn turns<M: Send>(
    task: Task<'_>,
    piece: u64,
    prepare: impl FnOnce(u64) -> Result<(), Cause>,
    mut means: Vec<M>,
    step: impl Fn(&mut M, Task<'_>, Step) -> Result<usize, Cause> + Sync,
) -> Result<u64, CopyError> {
    let begin = |cause| CopyError::at(0, cause);
    let span = task.span;
    let threads = task.workspace.threads(means.len() - 1)?;
    let page = page_size() as u64;
    let planned = planned(task.source, span).map_err(begin)? / page * page;
    prepare(planned).map_err(begin)?;
    let copy = |means: &mut M, from: u64, length: Option<u64>| {
        let part = Span { source: span.source + from, target: span.target + from, length };
        advance(part, piece, |one| step(means, task, one))
            .map_err(|error| CopyError { copied: from + error.copied, ..error })
    };
    let (next, reached, failed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let take_turns = |means: &mut M| -> Result<(), CopyError> {
        while !failed.load(Ordering::Relaxed) {
            let from = next.fetch_add(piece, Ordering::Relaxed);
            if from >= planned {
                break;
            }
            let length = piece.min(planned - from);
            let outcome = copy(means, from, Some(length));
            let end = outcome.as_ref().map_or_else(|error| error.copied, |copied| from + copied);
            reached.fetch_max(end, Ordering::Relaxed);
            if outcome.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            outcome?;
        }
        Ok(())
    };
    let outcomes = together(&threads, means.iter_mut().collect(), take_turns);
    let errors = outcomes.into_iter().filter_map(Result::err);
    if let Some(first) = errors.min_by_key(|error| error.copied) {
        return match first.cause {
            // The size was too large, as in sysfs; nothing after the end was copied.
            Cause::SourceEnded if span.length.is_none() && reached.into_inner() <= first.copied => {
                Ok(first.copied)
            }
            _ => Err(first),
        };
    }
    let rest = span.length.map(|length| length - planned);
    match means.first_mut() {
        Some(own) if rest != Some(0) => copy(own, planned, rest).map(|copied| planned + copied),
        _ => Ok(planned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::Workspace;
    use rustix::io::Errno;
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    const PIECE: u64 = 8192;
    const PIECES: u64 = 20;
    const LENGTH: u64 = PIECE * PIECES + 77;

    /// Copies in three threads. `fail` says what becomes of a piece; which were copied is returned.
    fn copy(fail: impl Fn(u64) -> Option<Errno> + Sync) -> (Result<u64, CopyError>, Vec<bool>) {
        let (source, target) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        source.set_len(LENGTH).unwrap();
        let workspace = Workspace::new();
        let copied = Mutex::new(vec![false; PIECES as usize + 1]);
        let step = |(): &mut (), _: Task<'_>, step: Step| {
            let piece = step.source / PIECE;
            if let Some(errno) = fail(piece) {
                return Err(Cause::Call { call: "pwrite", errno });
            }
            let length = step.length.min(LENGTH.saturating_sub(step.source) as usize);
            if length > 0 {
                copied.lock().unwrap()[piece as usize] = true;
            }
            Ok(length)
        };
        let task = Task::whole(&source, &target, &workspace);
        let outcome = turns(task, PIECE, |_| Ok(()), vec![(); 3], step);
        (outcome, copied.into_inner().unwrap())
    }

    #[test]
    fn every_piece_is_copied_and_what_follows_them() {
        let (outcome, copied) = copy(|_| None);
        assert_eq!(outcome.unwrap(), LENGTH);
        assert!(copied.into_iter().all(|copied| copied));
    }

    #[test]
    fn bytes_before_the_first_piece_that_failed_count_and_no_others() {
        // The later piece fails first.
        let (tell, told) = channel();
        let (tell, told) = (Mutex::new(tell), Mutex::new(told));
        let (outcome, copied) = copy(|piece| match piece {
            5 => {
                told.lock().unwrap().recv().unwrap();
                Some(Errno::NOSPC)
            }
            6 => {
                tell.lock().unwrap().send(()).unwrap();
                Some(Errno::IO)
            }
            _ => None,
        });
        let error = outcome.unwrap_err();
        assert_eq!((error.copied, error.errno()), (5 * PIECE, Some(Errno::NOSPC)));
        assert!(copied[..5].iter().all(|copied| *copied));
    }

    #[test]
    fn a_thread_whose_piece_failed_begins_no_other() {
        let tried = AtomicU64::new(0);
        let (outcome, _) = copy(|_| {
            tried.fetch_add(1, Ordering::Relaxed);
            Some(Errno::IO)
        });
        assert_eq!(outcome.unwrap_err().copied, 0);
        assert!(tried.into_inner() <= 3);
    }
}

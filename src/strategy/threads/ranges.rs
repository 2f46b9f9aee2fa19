//! One contiguous range a thread.

use super::together::together;
use crate::strategy::Task;
use crate::strategy::advance::Span;
use crate::strategy::error::{Cause, CopyError};
use crate::strategy::planned::planned;
use crate::sys::page_size;

/// Copies by `mechanism` in `count` threads, after `prepare` had the length of their ranges. The source's
/// size decides the ranges, in whole blocks; what follows them is copied when all threads are done, up to
/// where a read finds the end.
pub(super) fn ranges(
    task: Task<'_>,
    count: u64,
    prepare: impl FnOnce(u64) -> Result<(), Cause>,
    mechanism: impl Fn(Task<'_>) -> Result<u64, CopyError> + Sync,
) -> Result<u64, CopyError> {
    let begin = |cause| CopyError::at(0, cause);
    let span = task.span;
    let threads = task.workspace.threads(count as usize - 1)?;
    let unit = page_size().max(4096) as u64;
    let units = planned(task.source, span).map_err(begin)? / unit;
    prepare(units * unit).map_err(begin)?;
    let part = |index: u64| {
        let start = units * index / count * unit;
        let length = units * (index + 1) / count * unit - start;
        Span { source: span.source + start, target: span.target + start, length: Some(length) }
    };
    let parts: Vec<_> = (0..count).map(part).filter(|part| part.length != Some(0)).collect();
    let mut copied = 0;
    let mut outcomes = together(&threads, parts, |part| mechanism(task.over(part))).into_iter();
    while let Some(outcome) = outcomes.next() {
        match outcome {
            Ok(bytes) => copied += bytes,
            Err(CopyError { copied: bytes, cause }) => {
                copied += bytes;
                let beyond = outcomes.any(|later| later.unwrap_or_else(|error| error.copied) > 0);
                return match cause {
                    // The size was too large, as in sysfs; nothing after the end was copied.
                    Cause::SourceEnded if span.length.is_none() && !beyond => Ok(copied),
                    cause => Err(CopyError::at(copied, cause)),
                };
            }
        }
    }
    let length = span.length.map(|length| length - copied);
    if length == Some(0) {
        return Ok(copied);
    }
    let rest = Span { source: span.source + copied, target: span.target + copied, length };
    match mechanism(task.over(rest)) {
        Ok(bytes) => Ok(copied + bytes),
        Err(error) => Err(CopyError { copied: copied + error.copied, ..error }),
    }
}

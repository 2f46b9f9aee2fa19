//! Threads that each copy a range of their own, the calling thread among them.
//!
//! The source's size decides the ranges, in whole blocks; what follows them is copied when all
//! threads are done, up to where a read finds the end.

use super::advance::{MOST, Span, advance};
use super::direct_io::Sides;
use super::error::{Cause, CopyError, During};
use super::mapped::{View, extend};
use super::planned::planned;
use super::{Family, Holes, Sharing, Strategy, Task, direct, mmap_mmap, positional};
use crate::sys::page_size;
use rayon_core::ThreadPool;

/// As GNU cp has it.
const BUFFER: usize = 256 << 10;

pub(super) static FAMILY: Family = Family {
    name: "threads",
    summary: "several threads, each copying one contiguous range",
    strategies: &[
        Strategy::handles(
            "threads-2-pread-pwrite",
            "two threads, pread(2) and pwrite(2) of 256 KiB",
            |task| share(task, 2, |_| Ok(()), |part| positional::copy(part, BUFFER)),
        ),
        Strategy::handles(
            "threads-4-pread-pwrite",
            "four threads, pread(2) and pwrite(2) of 256 KiB",
            |task| share(task, 4, |_| Ok(()), |part| positional::copy(part, BUFFER)),
        ),
        Strategy {
            holes: Holes::ByFileSystem,
            sharing: Sharing::Maybe,
            ..Strategy::handles(
                "threads-2-copy-file-range",
                "two threads, copy_file_range(2) of each range",
                |task| share(task, 2, |_| Ok(()), copy_file_range),
            )
        },
        Strategy::stores("threads-2-mmap-mmap", "two threads, both files mapped, memcpy", |task| {
            let map = |part: Task<'_>| mmap_mmap::copy(part, MOST, View::SOURCE, View::TARGET);
            // Before they begin: a thread that extends the file could cut what another extended.
            share(task, 2, |length| extend(task.target, task.span.target, length as usize), map)
        }),
        Strategy::handles(
            "threads-2-direct",
            "two threads, O_DIRECT on both files, 1 MiB at a time; tail buffered",
            |task| {
                let sides = Sides::direct(task)?;
                share(task, 2, |_| Ok(()), |part| direct::copy(part, &sides, 1 << 20))
            },
        ),
    ],
};

/// Copies by `mechanism` in `count` threads, after `prepare` had the length of their ranges.
fn share(
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
    let mut outcomes = in_threads(&threads, &parts, |part| mechanism(task.over(part))).into_iter();
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

/// What became of each part. The first one is copied by the calling thread.
fn in_threads(
    threads: &ThreadPool,
    parts: &[Span],
    copy: impl Fn(Span) -> Result<u64, CopyError> + Sync,
) -> Vec<Result<u64, CopyError>> {
    let mut outcomes: Vec<_> = parts.iter().map(|_| Ok(0)).collect();
    let Some(((first, own), others)) = parts
        .split_first()
        .zip(outcomes.split_first_mut())
        .map(|((first, parts), (own, outcomes))| ((first, own), parts.iter().zip(outcomes)))
    else {
        return Vec::new();
    };
    threads.in_place_scope(|scope| {
        for (part, outcome) in others {
            let copy = &copy;
            scope.spawn(move |_| *outcome = copy(*part));
        }
        *own = copy(*first);
    });
    outcomes
}

fn copy_file_range(task: Task<'_>) -> Result<u64, CopyError> {
    advance(task.span, MOST, |step| {
        let (mut from, mut to) = (step.source, step.target);
        rustix::fs::copy_file_range(task.source, Some(&mut from), task.target, Some(&mut to), step.length)
            .during("copy_file_range")
    })
}

//! Threads that each copy a range of their own, the calling thread among them.
//!
//! The source's size decides the ranges, in whole blocks; what follows them is copied when all
//! threads are done, up to where a read finds the end.

use super::advance::{MOST, Span, advance, write_all};
use super::direct_io::Sides;
use super::error::{Cause, CopyError, During};
use super::fit::planned;
use super::mapped::{View, extend};
use super::{Family, Holes, Strategy, direct, mmap_mmap};
use crate::sys::page_size;
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::panic::resume_unwind;
use std::thread;

/// As GNU cp has it.
const BUFFER: usize = 256 << 10;

pub(super) static FAMILY: Family = Family {
    name: "threads",
    summary: "several threads, each copying one contiguous range",
    strategies: &[
        Strategy::handles(
            "threads-2-pread-pwrite",
            "two threads, pread(2) and pwrite(2) of 256 KiB",
            |s, t, r| share(s, r, 2, |_| Ok(()), |part| pread_pwrite(s, t, part)),
        ),
        Strategy::handles(
            "threads-4-pread-pwrite",
            "four threads, pread(2) and pwrite(2) of 256 KiB",
            |s, t, r| share(s, r, 4, |_| Ok(()), |part| pread_pwrite(s, t, part)),
        ),
        Strategy {
            holes: Holes::ByFileSystem,
            ..Strategy::handles(
                "threads-2-copy-file-range",
                "two threads, copy_file_range(2) of each range",
                |s, t, r| share(s, r, 2, |_| Ok(()), |part| copy_file_range(s, t, part)),
            )
        },
        Strategy::handles("threads-2-mmap-mmap", "two threads, both files mapped, memcpy", |s, t, r| {
            let map = |part| mmap_mmap::copy(s, t, part, MOST, View::SOURCE, View::TARGET);
            // Before they begin: a thread that extends the file could cut what another extended.
            share(s, r, 2, |length| extend(t, r.target, length as usize), map)
        }),
        Strategy::handles(
            "threads-2-direct",
            "two threads, O_DIRECT on both files, 1 MiB at a time; tail buffered",
            |s, t, r| {
                let sides = Sides::direct(s, t, r)?;
                share(s, r, 2, |_| Ok(()), |part| direct::copy(&sides, part, 1 << 20))
            },
        ),
    ],
};

/// Copies `span` by `mechanism` in `count` threads, after `prepare` had the length of their
/// ranges.
fn share(
    source: &File,
    span: Span,
    count: u64,
    prepare: impl FnOnce(u64) -> Result<(), Cause>,
    mechanism: impl Fn(Span) -> Result<u64, CopyError> + Sync,
) -> Result<u64, CopyError> {
    let begin = |cause| CopyError::at(0, cause);
    let unit = page_size().max(4096) as u64;
    let units = planned(source, span).map_err(begin)? / unit;
    prepare(units * unit).map_err(begin)?;
    let part = |index: u64| {
        let start = units * index / count * unit;
        let length = units * (index + 1) / count * unit - start;
        Span { source: span.source + start, target: span.target + start, length: Some(length) }
    };
    let parts: Vec<_> = (0..count).map(part).filter(|part| part.length != Some(0)).collect();
    let mut copied = 0;
    let mut outcomes = in_threads(&parts, &mechanism).into_iter();
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
    match mechanism(rest) {
        Ok(bytes) => Ok(copied + bytes),
        Err(error) => Err(CopyError { copied: copied + error.copied, ..error }),
    }
}

/// What became of each part. The first one is copied by the calling thread.
fn in_threads(
    parts: &[Span],
    mechanism: &(impl Fn(Span) -> Result<u64, CopyError> + Sync),
) -> Vec<Result<u64, CopyError>> {
    let Some((first, others)) = parts.split_first() else { return Vec::new() };
    thread::scope(|scope| {
        let spawn = |part| thread::Builder::new().spawn_scoped(scope, move || mechanism(part));
        let threads: Vec<_> = others.iter().copied().map(spawn).collect();
        let mut outcomes = vec![mechanism(*first)];
        for thread in threads {
            outcomes.push(match thread {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                Err(error) => Err(refused(&error)),
            });
        }
        outcomes
    })
}

/// The error of a thread that the system did not give.
pub(super) fn refused(error: &io::Error) -> CopyError {
    CopyError::call("clone", 0, Errno::from_io_error(error).unwrap_or(Errno::AGAIN))
}

fn pread_pwrite(source: &File, target: &File, span: Span) -> Result<u64, CopyError> {
    let mut buffer = Vec::<u8>::with_capacity(BUFFER);
    advance(span, BUFFER as u64, |step| {
        let room = &mut buffer.spare_capacity_mut()[..step.length];
        let (filled, _) = rustix::io::pread(source, room, step.source).during("pread")?;
        write_all("pwrite", filled.len(), |done| {
            rustix::io::pwrite(target, &filled[done..], step.target + done as u64)
        })?;
        Ok(filled.len())
    })
}

fn copy_file_range(source: &File, target: &File, span: Span) -> Result<u64, CopyError> {
    advance(span, MOST, |step| {
        let (mut from, mut to) = (step.source, step.target);
        rustix::fs::copy_file_range(source, Some(&mut from), target, Some(&mut to), step.length)
            .during("copy_file_range")
    })
}

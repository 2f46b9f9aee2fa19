//! The source mapped, the target written: the workshop's second exercise and its variants.

use super::advance::{MOST, Span, seek_both, write_all};
use super::error::CopyError;
use super::mapped::{View, name_fault, over_windows};
use super::{Family, Strategy};
use rustix::mm::Advice;
use std::fs::File;

pub(super) static FAMILY: Family = Family {
    name: "mmap-write",
    summary: "map the source and write(2) the mapping to the target",
    strategies: &[
        Strategy::handles(
            "mmap-write",
            "source mapped, one write(2) up to 1 GiB: the workshop's exercise 2",
            |s, t, r| copy(s, t, r, MOST, View::SOURCE),
        ),
        Strategy::handles("mmap-write-1m", "source mapped, write(2) in pieces of 1 MiB", |s, t, r| {
            copy(s, t, r, 1 << 20, View::SOURCE)
        }),
        Strategy::handles("mmap-write-64k", "source mapped, write(2) in pieces of 64 KiB", |s, t, r| {
            copy(s, t, r, 64 << 10, View::SOURCE)
        }),
        Strategy::handles("mmap-write-256k", "source mapped, write(2) in pieces of 256 KiB", |s, t, r| {
            copy(s, t, r, 256 << 10, View::SOURCE)
        }),
        Strategy::handles("mmap-write-8m", "source mapped, write(2) in pieces of 8 MiB", |s, t, r| {
            copy(s, t, r, 8 << 20, View::SOURCE)
        }),
        Strategy::handles("mmap-write-32m", "source mapped, write(2) in pieces of 32 MiB", |s, t, r| {
            copy(s, t, r, 32 << 20, View::SOURCE)
        }),
        Strategy::handles(
            "mmap-write-populate",
            "source mapped with MAP_POPULATE, one write(2)",
            |s, t, r| copy(s, t, r, MOST, View::SOURCE.populate()),
        ),
        Strategy::handles(
            "mmap-write-prefault",
            "source faulted in by MADV_POPULATE_READ, one write(2)",
            |s, t, r| copy(s, t, r, MOST, View::SOURCE.advise(Advice::LinuxPopulateRead)),
        ),
        Strategy::handles(
            "mmap-write-sequential",
            "source mapped, MADV_SEQUENTIAL, one write(2)",
            |s, t, r| copy(s, t, r, MOST, View::SOURCE.advise(Advice::Sequential)),
        ),
    ],
};

/// Maps the source once, 1 GiB at most, and writes the mapping out in pieces of `piece` bytes.
pub(super) fn copy(
    source: &File,
    target: &File,
    span: Span,
    piece: u64,
    from: View,
) -> Result<u64, CopyError> {
    seek_both(source, target, span)?;
    over_windows(source, span, MOST, |step| {
        let from = from.map(source, step.source, step.length)?;
        let piece = piece as usize;
        write_all("write", step.length, |done| from.write_to(done, (step.length - done).min(piece), target))
            .map_err(name_fault)?;
        Ok(step.length)
    })
}

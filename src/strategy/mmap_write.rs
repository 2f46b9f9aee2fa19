//! The source mapped, the target written: the workshop's second exercise and its variants.

use super::advance::{MOST, write_all};
use super::error::CopyError;
use super::mapped::{View, name_fault, over_windows};
use super::{Family, Strategy, Task};
use rustix::mm::Advice;

pub(super) static FAMILY: Family = Family {
    name: "mmap-write",
    summary: "map the source and write(2) the mapping to the target",
    strategies: &[
        Strategy::handles(
            "mmap-write",
            "source mapped, one write(2) up to 1 GiB: the workshop's exercise 2",
            |task| copy(task, MOST, View::SOURCE),
        ),
        Strategy::handles("mmap-write-1m", "source mapped, write(2) in pieces of 1 MiB", |task| {
            copy(task, 1 << 20, View::SOURCE)
        }),
        Strategy::handles("mmap-write-64k", "source mapped, write(2) in pieces of 64 KiB", |task| {
            copy(task, 64 << 10, View::SOURCE)
        }),
        Strategy::handles("mmap-write-256k", "source mapped, write(2) in pieces of 256 KiB", |task| {
            copy(task, 256 << 10, View::SOURCE)
        }),
        Strategy::handles("mmap-write-8m", "source mapped, write(2) in pieces of 8 MiB", |task| {
            copy(task, 8 << 20, View::SOURCE)
        }),
        Strategy::handles("mmap-write-32m", "source mapped, write(2) in pieces of 32 MiB", |task| {
            copy(task, 32 << 20, View::SOURCE)
        }),
        Strategy::handles("mmap-write-populate", "source mapped with MAP_POPULATE, one write(2)", |task| {
            copy(task, MOST, View::SOURCE.populate())
        }),
        Strategy::handles(
            "mmap-write-prefault",
            "source faulted in by MADV_POPULATE_READ, one write(2)",
            |task| copy(task, MOST, View::SOURCE.advise(Advice::LinuxPopulateRead)),
        ),
        Strategy::handles("mmap-write-sequential", "source mapped, MADV_SEQUENTIAL, one write(2)", |task| {
            copy(task, MOST, View::SOURCE.advise(Advice::Sequential))
        }),
    ],
};

/// Maps the source once, 1 GiB at most, and writes the mapping out in pieces of `piece` bytes.
pub(super) fn copy(task: Task<'_>, piece: u64, from: View) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    task.seek_both()?;
    over_windows(source, span, MOST, |step| {
        let from = from.map(source, step.source, step.length)?;
        let piece = piece as usize;
        write_all("write", step.length, |done| from.write_to(done, (step.length - done).min(piece), target))
            .map_err(name_fault)?;
        Ok(step.length)
    })
}

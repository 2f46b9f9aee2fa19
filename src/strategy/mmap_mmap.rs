//! Both files mapped, memory copied: the workshop's first exercise and its variants.

use super::advance::MOST;
use super::error::{CopyError, During};
use super::mapped::{View, check_faults, extend, over_windows};
use super::{Family, Strategy, Task};
use rustix::mm::Advice;

pub(super) static FAMILY: Family = Family {
    name: "mmap-mmap",
    summary: "map the source and the target, copy memory to memory",
    strategies: &[
        Strategy::stores(
            "mmap-mmap",
            "both files mapped MAP_SHARED, one memcpy: the workshop's exercise 1",
            |task| copy(task, MOST, View::SOURCE, View::TARGET),
        ),
        Strategy::stores("mmap-mmap-populate", "both mapped with MAP_POPULATE", |task| {
            copy(task, MOST, View::SOURCE.populate(), View::TARGET.populate())
        }),
        Strategy::stores(
            "mmap-mmap-prefault",
            "pages faulted in by MADV_POPULATE_READ and MADV_POPULATE_WRITE",
            |task| {
                copy(
                    task,
                    MOST,
                    View::SOURCE.advise(Advice::LinuxPopulateRead),
                    View::TARGET.advise(Advice::LinuxPopulateWrite),
                )
            },
        ),
        Strategy::stores("mmap-mmap-sequential", "both mapped, MADV_SEQUENTIAL on both", |task| {
            copy(task, MOST, View::SOURCE.advise(Advice::Sequential), View::TARGET.advise(Advice::Sequential))
        }),
        Strategy::stores(
            "mmap-mmap-window-2m",
            "both mapped through a window of 2 MiB that slides",
            |task| copy(task, 2 << 20, View::SOURCE, View::TARGET),
        ),
        Strategy::stores(
            "mmap-mmap-window-32m",
            "both mapped through a window of 32 MiB that slides",
            |task| copy(task, 32 << 20, View::SOURCE, View::TARGET),
        ),
        Strategy::stores(
            "mmap-mmap-window-2m-populate",
            "a sliding window of 2 MiB, mapped with MAP_POPULATE",
            |task| copy(task, 2 << 20, View::SOURCE.populate(), View::TARGET.populate()),
        ),
    ],
};

/// Copies through pairs of mappings of at most `window` bytes.
pub(super) fn copy(task: Task<'_>, window: u64, from: View, to: View) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    over_windows(source, span, window, |step| {
        extend(target, step.target, step.length)?;
        let from = from.map(source, step.source, step.length)?;
        let mut to = to.map(target, step.target, step.length)?;
        from.copy_to(&mut to, step.length).during("memcpy")?;
        check_faults(from.fault(), to.fault())?;
        Ok(step.length)
    })
}

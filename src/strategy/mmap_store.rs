//! Both files mapped, with another instruction that stores, or another way to bring the mapping
//! about, than `mmap-mmap` has.

use super::advance::MOST;
use super::error::{Cause, CopyError, During};
use super::mapped::{View, check_faults, extend, over_windows};
use super::{Family, Strategy, Task, mmap_mmap};
use crate::sys::mapping::Mapping;
use crate::sys::store::{Kind, Routine};
use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use rustix::mm::Advice;
use std::fs::File;

pub(super) static FAMILY: Family = Family {
    name: "mmap-store",
    summary: "as mmap-mmap, with other stores or other ways to map",
    strategies: &[
        Strategy::stores(
            "mmap-mmap-nontemporal",
            "both mapped, non-temporal stores that pass the CPU's caches",
            |task| stored(task, Kind::NonTemporal),
        ),
        Strategy::stores("mmap-mmap-rep-movsb", "both mapped, copied by the instruction rep movsb", |task| {
            stored(task, Kind::RepMovsb)
        }),
        Strategy::stores("mmap-mmap-hugepage", "both mapped, MADV_HUGEPAGE on both", |task| {
            let huge = Advice::LinuxHugepage;
            mmap_mmap::copy(task, MOST, View::SOURCE.advise(huge), View::TARGET.advise(huge))
        }),
        Strategy::stores(
            "mmap-mmap-fallocate",
            "target's blocks allocated with fallocate(2) first",
            allocated,
        ),
        Strategy::stores(
            "mmap-mmap-slide-2m",
            "one window of 2 MiB on each file, moved on with MAP_FIXED",
            slid,
        ),
        Strategy::stores("mmap-mmap-remap-2m", "mappings that grow by 2 MiB at a time with mremap(2)", grown),
    ],
};

const WINDOW: u64 = 2 << 20;

fn stored(task: Task<'_>, kind: Kind) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    let routine = routine(kind)?;
    over_windows(source, span, MOST, |step| {
        extend(target, step.target, step.length)?;
        let from = View::SOURCE.map(source, step.source, step.length)?;
        let mut to = View::TARGET.map(target, step.target, step.length)?;
        from.copy_to_with(&mut to, step.length, routine).during("storing")?;
        check_faults(from.fault(), to.fault())?;
        Ok(step.length)
    })
}

fn routine(kind: Kind) -> Result<Routine, CopyError> {
    let message = "it has no such instruction".to_owned();
    kind.routine().ok_or_else(|| CopyError::at(0, Cause::Program { program: "this processor", message }))
}

fn allocated(task: Task<'_>) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    over_windows(source, span, MOST, |step| {
        let before = rustix::fs::fstat(target).during("fstat")?.st_size.unsigned_abs();
        let copy = || {
            rustix::fs::fallocate(target, FallocateFlags::empty(), step.target, step.length as u64)
                .during("fallocate")?;
            let from = View::SOURCE.map(source, step.source, step.length)?;
            let mut to = View::TARGET.map(target, step.target, step.length)?;
            from.copy_to(&mut to, step.length).during("memcpy")?;
            check_faults(from.fault(), to.fault())
        };
        // ext4 leaves a file extended when it runs out of space half-way.
        copy().inspect_err(|_| cut_back(target, before))?;
        Ok(step.length)
    })
}

/// Gives back what was allocated for bytes that did not come. The error that is under way says
/// what went wrong; a second one would only hide it.
fn cut_back(target: &File, length: u64) {
    let longer = rustix::fs::fstat(target).is_ok_and(|now| now.st_size.unsigned_abs() > length);
    if longer {
        let _ = super::set_length(target, length);
    }
}

/// A window that cannot be moved to a shorter or longer one is mapped anew.
fn slid(task: Task<'_>) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    let mut windows: Option<(Mapping, Mapping)> = None;
    over_windows(source, span, WINDOW, |step| {
        extend(target, step.target, step.length)?;
        let (from, mut to) = match windows.take() {
            Some((mut from, mut to)) => {
                slide(&mut from, View::SOURCE, source, step.source, step.length)?;
                slide(&mut to, View::TARGET, target, step.target, step.length)?;
                (from, to)
            }
            None => (
                View::SOURCE.map(source, step.source, step.length)?,
                View::TARGET.map(target, step.target, step.length)?,
            ),
        };
        from.copy_to(&mut to, step.length).during("memcpy")?;
        check_faults(from.fault(), to.fault())?;
        windows = Some((from, to));
        Ok(step.length)
    })
}

fn slide(window: &mut Mapping, view: View, file: &File, offset: u64, length: usize) -> Result<(), Cause> {
    match window.slide(file, offset, length) {
        // It needs more pages than the window has, as its offset is not that of a page.
        Err(Errno::NOMEM) => *window = view.map(file, offset, length)?,
        other => other.during("mmap(MAP_FIXED)")?,
    }
    Ok(())
}

fn grown(task: Task<'_>) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    over_windows(source, span, MOST, |step| {
        extend(target, step.target, step.length)?;
        let first = step.length.min(WINDOW as usize);
        let mut from = View::SOURCE.map(source, step.source, first)?;
        let mut to = View::TARGET.map(target, step.target, first)?;
        let memcpy = routine(Kind::Memcpy).map_err(|error| error.cause)?;
        let mut done = 0;
        while done < step.length {
            let end = (done + WINDOW as usize).min(step.length);
            if end > from.len() {
                from.resize(end).during("mremap")?;
                to.resize(end).during("mremap")?;
            }
            from.copy_range_with(done..end, &mut to, memcpy).during("memcpy")?;
            check_faults(from.fault(), to.fault())?;
            done = end;
        }
        Ok(step.length)
    })
}

//! The target mapped, the source read straight into it.

use super::advance::MOST;
use super::error::{Cause, CopyError, During};
use super::mapped::{View, extend, over_windows};
use super::{Family, Strategy, Task};
use rustix::io::Errno;
use rustix::mm::Advice;

pub(super) static FAMILY: Family = Family {
    name: "read-mmap",
    summary: "map the target and read(2) the source into the mapping",
    strategies: &[
        Strategy::stores("read-mmap", "target mapped, one read(2) into it", |task| {
            copy(task, MOST, View::TARGET)
        }),
        Strategy::stores("read-mmap-1m", "target mapped, read(2) in pieces of 1 MiB", |task| {
            copy(task, 1 << 20, View::TARGET)
        }),
        Strategy::stores(
            "read-mmap-prefault",
            "target faulted in by MADV_POPULATE_WRITE, one read(2)",
            |task| copy(task, MOST, View::TARGET.advise(Advice::LinuxPopulateWrite)),
        ),
    ],
};

fn copy(task: Task<'_>, piece: u64, to: View) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    task.seek_both()?;
    over_windows(source, span, MOST, |step| {
        extend(target, step.target, step.length)?;
        let mut to = to.map(target, step.target, step.length)?;
        let mut done = 0;
        while done < step.length {
            match to.read_from(done, (step.length - done).min(piece as usize), source) {
                Ok(0) => break,
                Ok(filled) => done += filled,
                Err(Errno::INTR) => {}
                // The mapping is whole, so it is a page of the target that got no block.
                Err(Errno::FAULT) => return Err(Cause::TargetFault),
                Err(errno) => return Err(errno).during("read"),
            }
        }
        Ok(done)
    })
}

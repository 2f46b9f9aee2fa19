//! A MAP_PRIVATE mapping of the target: stores go to private copies of its pages, which the file
//! never sees, so that they have to be written back with write(2). Three passes over the data;
//! it is here to show what copy-on-write costs.

use super::advance::{MOST, write_all};
use super::error::{CopyError, During};
use super::mapped::{View, check_faults, extend, over_windows};
use super::{Family, Method, Need, Strategy, Task};

pub(super) static FAMILY: Family = Family {
    name: "mmap-cow",
    summary: "store into a MAP_PRIVATE mapping of the target, then write(2) the private pages back",
    strategies: &[Strategy {
        name: "mmap-cow-write",
        summary: "source mapped, stored into a private copy-on-write target, written back with write(2)",
        needs: &[Need::MemoryOfFile],
        method: Method::Handles(copy),
        ..Strategy::BASE
    }],
};

fn copy(task: Task<'_>) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    task.seek_both()?;
    over_windows(source, span, MOST, |step| {
        extend(target, step.target, step.length)?;
        let from = View::SOURCE.map(source, step.source, step.length)?;
        let mut private = View::TARGET.private().writable().map(target, step.target, step.length)?;
        from.copy_to(&mut private, step.length).during("memcpy")?;
        check_faults(from.fault(), private.fault())?;
        write_all("write", step.length, |done| private.write_to(done, step.length - done, target))?;
        Ok(step.length)
    })
}

//! sendfile(2): the kernel moves pages through a pipe of its own into the target's page cache.

use super::advance::{MOST, advance};
use super::error::{CopyError, During};
use super::{Family, Strategy, Task};

pub(super) static FAMILY: Family = Family {
    name: "sendfile",
    summary: "sendfile(2) from file to file, inside the kernel",
    strategies: &[
        Strategy::handles("sendfile", "sendfile(2), up to 1 GiB a call", |task| copy(task, MOST)),
        Strategy::handles("sendfile-1m", "sendfile(2), 1 MiB a call", |task| copy(task, 1 << 20)),
    ],
};

fn copy(task: Task<'_>, chunk: u64) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    // The target's own offset is the only one that the call can write at.
    task.seek_both()?;
    advance(span, chunk, |step| {
        let mut offset = step.source;
        rustix::fs::sendfile(target, source, Some(&mut offset), step.length).during("sendfile")
    })
}

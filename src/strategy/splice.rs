//! splice(2): pages of the source into a pipe, out of the pipe into the target.

use super::advance::advance;
use super::error::CopyError;
use super::{Family, Strategy, Task};

pub(super) static FAMILY: Family = Family {
    name: "splice",
    summary: "splice(2) into a pipe and out of it: one copy, into the target's page cache",
    strategies: &[
        Strategy::handles("splice-1m", "through a pipe of 1 MiB", |task| copy(task, 1 << 20)),
        Strategy::handles("splice-64k", "through a pipe of 64 KiB, the default size", |task| {
            copy(task, 64 << 10)
        }),
        Strategy::handles("splice-256k", "through a pipe of 256 KiB", |task| copy(task, 256 << 10)),
    ],
};

fn copy(task: Task<'_>, size: usize) -> Result<u64, CopyError> {
    let pipe = task.workspace.pipe(size)?;
    advance(task.span, size as u64, |step| pipe.copy_step(task.source, task.target, step))
}

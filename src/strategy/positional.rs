//! pread(2) and pwrite(2): as the read/write loop, with the offsets in the calls.

use super::advance::{Step, advance, write_all};
use super::error::{Cause, CopyError, During};
use super::{Family, Strategy, Task};
use std::fs::File;

pub(super) static FAMILY: Family = Family {
    name: "positional",
    summary: "pread(2) and pwrite(2), which carry their offsets and leave the files' own alone",
    strategies: &[
        Strategy::handles("pread-pwrite-256k", "pread/pwrite loop, 256 KiB buffer", |task| {
            copy(task, 256 << 10)
        }),
        Strategy::handles("pread-pwrite-1m", "pread/pwrite loop, 1 MiB buffer", |task| copy(task, 1 << 20)),
    ],
};

pub(super) fn copy(task: Task<'_>, size: usize) -> Result<u64, CopyError> {
    let mut buffer = task.workspace.buffer(size)?;
    advance(task.span, size as u64, |step| copy_step(task.source, task.target, step, &mut buffer))
}

/// One read and what writes it takes.
pub(super) fn copy_step(source: &File, target: &File, step: Step, buffer: &mut [u8]) -> Result<usize, Cause> {
    let filled = rustix::io::pread(source, &mut buffer[..step.length], step.source).during("pread")?;
    write_at(target, &buffer[..filled], step.target)?;
    Ok(filled)
}

/// Writes all of `bytes` at `offset`.
pub(super) fn write_at(target: &File, bytes: &[u8], offset: u64) -> Result<(), Cause> {
    write_all("pwrite", bytes.len(), |done| rustix::io::pwrite(target, &bytes[done..], offset + done as u64))
}

//! The loop that every textbook has: read(2) into a buffer, write(2) it out.

use super::advance::{advance, write_all};
use super::error::{CopyError, During};
use super::{Family, Strategy, Task};

pub(super) static FAMILY: Family = Family {
    name: "read-write",
    summary: "read(2) into a buffer and write(2) it out, in a loop",
    strategies: &[
        Strategy::handles("read-write-256k", "read/write loop, 256 KiB buffer: what GNU cp does", |task| {
            copy(task, 256 << 10)
        }),
        Strategy::handles("read-write-4k", "read/write loop, 4 KiB buffer", |task| copy(task, 4 << 10)),
        Strategy::handles(
            "read-write-8k",
            "read/write loop, 8 KiB buffer: what many a standard library does",
            |task| copy(task, 8 << 10),
        ),
        Strategy::handles("read-write-64k", "read/write loop, 64 KiB buffer", |task| copy(task, 64 << 10)),
        Strategy::handles("read-write-128k", "read/write loop, 128 KiB buffer", |task| copy(task, 128 << 10)),
        Strategy::handles("read-write-1m", "read/write loop, 1 MiB buffer", |task| copy(task, 1 << 20)),
        Strategy::handles(
            "read-write-misaligned-1m",
            "read/write loop, 1 MiB buffer that begins 16 bytes into a page, as malloc's does",
            |task| misaligned(task, 1 << 20),
        ),
        Strategy::handles("read-write-8m", "read/write loop, 8 MiB buffer", |task| copy(task, 8 << 20)),
    ],
};

fn copy(task: Task<'_>, size: usize) -> Result<u64, CopyError> {
    let mut buffer = task.workspace.buffer(size)?;
    copy_by(task, &mut buffer)
}

/// An allocator puts its own data before a large block, which then begins 16 bytes into a page;
/// processors with fast string copies can be half as fast there.
fn misaligned(task: Task<'_>, size: usize) -> Result<u64, CopyError> {
    let mut buffer = task.workspace.buffer(size + HEADER)?;
    copy_by(task, &mut buffer[HEADER..])
}

/// What malloc of the C library puts before a block, on 64-bit machines.
const HEADER: usize = 16;

fn copy_by(task: Task<'_>, buffer: &mut [u8]) -> Result<u64, CopyError> {
    task.seek_both()?;
    advance(task.span, buffer.len() as u64, |step| {
        let length = rustix::io::read(task.source, &mut buffer[..step.length]).during("read")?;
        write_all("write", length, |done| rustix::io::write(task.target, &buffer[done..length]))?;
        Ok(length)
    })
}

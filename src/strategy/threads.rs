//! Threads that copy at once, the calling thread among them.

mod ranges;
mod together;
mod turns;

use super::advance::{MOST, advance};
use super::direct_io::Sides;
use super::error::{Cause, CopyError, During};
use super::mapped::{View, extend};
use super::positional::copy_step;
use super::{Family, Holes, Mechanism, Sharing, Strategy, Task, direct, mmap_mmap, positional};
use ranges::ranges;
use rustix::fs::{FallocateFlags, fallocate};
use turns::turns;

/// As GNU cp has it.
const BUFFER: usize = 256 << 10;

pub(super) static FAMILY: Family = Family {
    name: "threads",
    summary: "several threads, each copying a range or, by turns, the next piece",
    strategies: &[
        threads(2, "threads-2-pread-pwrite", "two threads, pread(2) and pwrite(2) of 256 KiB", |task| {
            ranges(task, 2, |_| Ok(()), |part| positional::copy(part, BUFFER))
        }),
        threads(4, "threads-4-pread-pwrite", "four threads, pread(2) and pwrite(2) of 256 KiB", |task| {
            ranges(task, 4, |_| Ok(()), |part| positional::copy(part, BUFFER))
        }),
        Strategy {
            holes: Holes::ByFileSystem,
            sharing: Sharing::Maybe,
            ..threads(
                2,
                "threads-2-copy-file-range",
                "two threads, copy_file_range(2) of each range",
                |task| ranges(task, 2, |_| Ok(()), copy_file_range),
            )
        },
        Strategy {
            threads: 2,
            ..Strategy::stores("threads-2-mmap-mmap", "two threads, both files mapped, memcpy", |task| {
                let map = |part: Task<'_>| mmap_mmap::copy(part, MOST, View::SOURCE, View::TARGET);
                // Before they begin: a thread that extends the file could cut what another extended.
                ranges(task, 2, |length| extend(task.target, task.span.target, length as usize), map)
            })
        },
        threads(
            2,
            "threads-2-direct",
            "two threads, O_DIRECT on both files, 1 MiB at a time; tail buffered",
            |task| {
                let sides = Sides::direct(task)?;
                ranges(task, 2, |_| Ok(()), |part| direct::copy(part, &sides, 1 << 20))
            },
        ),
        threads(
            2,
            "threads-2-turns-256k",
            "two threads by turns, pread(2) and pwrite(2) of the next 256 KiB",
            |task| by_buffers(task, 2, 256 << 10, |_| Ok(())),
        ),
        threads(
            2,
            "threads-2-turns-512k",
            "two threads by turns, pread(2) and pwrite(2) of the next 512 KiB",
            |task| by_buffers(task, 2, 512 << 10, |_| Ok(())),
        ),
        threads(
            4,
            "threads-4-turns-256k",
            "four threads by turns, pread(2) and pwrite(2) of the next 256 KiB",
            |task| by_buffers(task, 4, 256 << 10, |_| Ok(())),
        ),
        threads(
            2,
            "threads-2-turns-allocated",
            "fallocate(2) of the target, then two threads by turns with 512 KiB",
            |task| by_buffers(task, 2, 512 << 10, |length| allocate(task, length)),
        ),
        threads(
            2,
            "threads-2-turns-splice",
            "two threads by turns, splice(2) of the next 1 MiB through a pipe each",
            |task| by_pipes(task, 2, 1 << 20),
        ),
    ],
};

const fn threads(threads: usize, name: &'static str, summary: &'static str, copy: Mechanism) -> Strategy {
    Strategy { threads, ..Strategy::handles(name, summary, copy) }
}

fn by_buffers(
    task: Task<'_>,
    threads: usize,
    size: usize,
    prepare: impl FnOnce(u64) -> Result<(), Cause>,
) -> Result<u64, CopyError> {
    let buffers = (0..threads).map(|_| task.workspace.buffer(size)).collect::<Result<Vec<_>, _>>()?;
    turns(task, size as u64, prepare, buffers, |buffer, task, step| {
        copy_step(task.source, task.target, step, buffer)
    })
}

/// Blocks of the target, before anything is written to them.
fn allocate(task: Task<'_>, length: u64) -> Result<(), Cause> {
    if length == 0 {
        return Ok(());
    }
    let flags = FallocateFlags::empty();
    rustix::io::retry_on_intr(|| fallocate(task.target, flags, task.span.target, length)).during("fallocate")
}

fn by_pipes(task: Task<'_>, threads: usize, size: usize) -> Result<u64, CopyError> {
    let pipes = (0..threads).map(|_| task.workspace.pipe(size)).collect::<Result<Vec<_>, _>>()?;
    turns(
        task,
        size as u64,
        |_| Ok(()),
        pipes,
        |pipe, task, step| pipe.copy_step(task.source, task.target, step),
    )
}

fn copy_file_range(task: Task<'_>) -> Result<u64, CopyError> {
    advance(task.span, MOST, |step| {
        let (mut from, mut to) = (step.source, step.target);
        rustix::fs::copy_file_range(task.source, Some(&mut from), task.target, Some(&mut to), step.length)
            .during("copy_file_range")
    })
}

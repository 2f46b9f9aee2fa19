//! readv(2) and writev(2): one call for several buffers.

use super::advance::{advance, write_all};
use super::error::{CopyError, During};
use super::{Family, Strategy, Task};
use rustix::io::Errno;
use std::fs::File;
use std::io::{IoSlice, IoSliceMut};

/// Buffers a call, and bytes a buffer.
const BUFFERS: usize = 16;
const SIZE: usize = 64 << 10;

pub(super) static FAMILY: Family = Family {
    name: "vectored",
    summary: "one call that fills or empties several buffers",
    strategies: &[
        Strategy::handles("readv-writev-16x64k", "readv(2) and writev(2) of 16 buffers of 64 KiB", |task| {
            task.seek_both()?;
            copy(
                task,
                ["readv", "writev"],
                |f, v, _| rustix::io::readv(f, v),
                |f, v, _| rustix::io::writev(f, v),
            )
        }),
        Strategy::handles(
            "preadv-pwritev-16x64k",
            "preadv(2) and pwritev(2) of 16 buffers of 64 KiB",
            |task| {
                copy(
                    task,
                    ["preadv", "pwritev"],
                    |f, v, o| rustix::io::preadv(f, v, o),
                    |f, v, o| rustix::io::pwritev(f, v, o),
                )
            },
        ),
    ],
};

fn copy(
    task: Task<'_>,
    [reading, writing]: [&'static str; 2],
    read: impl Fn(&File, &mut [IoSliceMut<'_>], u64) -> Result<usize, Errno>,
    write: impl Fn(&File, &[IoSlice<'_>], u64) -> Result<usize, Errno>,
) -> Result<u64, CopyError> {
    let mut memory = task.workspace.buffer(BUFFERS * SIZE)?;
    advance(task.span, memory.len() as u64, |step| {
        let mut vectors: Vec<_> = memory[..step.length].chunks_mut(SIZE).map(IoSliceMut::new).collect();
        let filled = read(task.source, &mut vectors, step.source).during(reading)?;
        write_all(writing, filled, |done| {
            let vectors: Vec<_> = memory[done..filled].chunks(SIZE).map(IoSlice::new).collect();
            write(task.target, &vectors, step.target + done as u64)
        })?;
        Ok(filled)
    })
}

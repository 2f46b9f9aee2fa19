//! preadv2(2) and pwritev2(2) with a flag that asks the page cache for something.
//!
//! `RWF_NOWAIT` refuses to wait for a page that is not cached, so a plain pread(2) follows where
//! it does. `RWF_DONTCACHE` drops the pages when they have been written (Linux 6.14, and only
//! where the file system takes part); a file system without it says EOPNOTSUPP, and so does the
//! strategy.

use super::advance::{advance, write_all};
use super::error::{CopyError, During};
use super::{Family, Strategy, Task};
use crate::sys::RWF_DONTCACHE;
use rustix::io::{Errno, ReadWriteFlags};
use std::io::{IoSlice, IoSliceMut};

pub(super) static NOWAIT: Family = Family {
    name: "nowait",
    summary: "preadv2(2) with RWF_NOWAIT, and a plain pread(2) where that would have to wait",
    strategies: &[Strategy::handles(
        "nowait-256k",
        "RWF_NOWAIT reads of 256 KiB, pread(2) where a page is missing",
        |task| copy(task, 256 << 10, ReadWriteFlags::NOWAIT, ReadWriteFlags::empty()),
    )],
};

pub(super) static DONTCACHE: Family = Family {
    name: "dontcache",
    summary: "preadv2(2) and pwritev2(2) with RWF_DONTCACHE: buffered, but nothing stays in the page cache",
    strategies: &[
        Strategy::handles("dontcache-1m", "RWF_DONTCACHE on both sides, 1 MiB a call", |task| {
            copy(task, 1 << 20, RWF_DONTCACHE, RWF_DONTCACHE)
        }),
        Strategy::handles("dontcache-256k", "RWF_DONTCACHE on both sides, 256 KiB a call", |task| {
            copy(task, 256 << 10, RWF_DONTCACHE, RWF_DONTCACHE)
        }),
        Strategy::handles("dontcache-read-1m", "RWF_DONTCACHE on the source only, 1 MiB a call", |task| {
            copy(task, 1 << 20, RWF_DONTCACHE, ReadWriteFlags::empty())
        }),
        Strategy::handles("dontcache-write-1m", "RWF_DONTCACHE on the target only, 1 MiB a call", |task| {
            copy(task, 1 << 20, ReadWriteFlags::empty(), RWF_DONTCACHE)
        }),
    ],
};

fn copy(
    task: Task<'_>,
    size: usize,
    reading: ReadWriteFlags,
    writing: ReadWriteFlags,
) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    let mut buffer = task.workspace.buffer(size)?;
    advance(span, size as u64, |step| {
        let mut room = [IoSliceMut::new(&mut buffer[..step.length])];
        let filled = match rustix::io::preadv2(source, &mut room, step.source, reading) {
            Err(Errno::AGAIN) if reading == ReadWriteFlags::NOWAIT => {
                rustix::io::pread(source, &mut buffer[..step.length], step.source).during("pread")?
            }
            other => other.during("preadv2")?,
        };
        write_all("pwritev2", filled, |done| {
            rustix::io::pwritev2(
                target,
                &[IoSlice::new(&buffer[done..filled])],
                step.target + done as u64,
                writing,
            )
        })?;
        Ok(filled)
    })
}

//! copy_file_range(2): the kernel copies, or lets the file system share extents where it can.
//!
//! It is called as a bare system call: glibc 2.41's wrapper returns wrong counts above 2 GiB.

use super::advance::{MOST, Step, advance};
use super::error::{Cause, CopyError, During};
use super::{Family, Holes, Mechanism, Sharing, Strategy, Task};
use std::fs::File;

pub(super) static FAMILY: Family = Family {
    name: "copy-file-range",
    summary: "copy_file_range(2): a copy in the kernel, a clone where the file system prefers that",
    strategies: &[
        variant("copy-file-range", "copy_file_range(2), up to 1 GiB a call", |task| copy(task, MOST)),
        variant("copy-file-range-1m", "copy_file_range(2), 1 MiB a call", |task| copy(task, 1 << 20)),
        variant("copy-file-range-128k", "copy_file_range(2), 128 KiB a call", |task| copy(task, 128 << 10)),
    ],
};

const fn variant(name: &'static str, summary: &'static str, copy: Mechanism) -> Strategy {
    Strategy { holes: Holes::ByFileSystem, sharing: Sharing::Maybe, ..Strategy::handles(name, summary, copy) }
}

fn copy(task: Task<'_>, chunk: u64) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    advance(span, chunk, |step| call(source, target, step))
}

/// One call. It goes by the source's size, and says 0 for files that have none, as in procfs, so
/// that a 0 counts only where a read finds nothing either.
pub(super) fn call(source: &File, target: &File, step: Step) -> Result<usize, Cause> {
    let call = || {
        let (mut from, mut to) = (step.source, step.target);
        rustix::fs::copy_file_range(source, Some(&mut from), target, Some(&mut to), step.length)
            .during("copy_file_range")
    };
    match call()? {
        0 if rustix::io::pread(source, &mut [0_u8], step.source) == Ok(1) => match call()? {
            0 => Err(Cause::SizeLies),
            // It had grown since the first call.
            moved => Ok(moved),
        },
        moved => Ok(moved),
    }
}

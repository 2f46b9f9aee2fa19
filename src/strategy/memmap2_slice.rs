//! What a Rust program that knows memmap2 does: two maps and `copy_from_slice`.

use super::advance::MOST;
use super::error::{Cause, CopyError};
use super::mapped::{check_faults, extend, over_windows};
use super::{Family, Method, Strategy, Task, ZERO_COPY_LIMIT};
use crate::sys::slice_copy;
use rustix::io::Errno;

pub(super) static FAMILY: Family = Family {
    name: "memmap2-slice",
    summary: "memmap2's safe-looking idiom: map both files, copy_from_slice",
    strategies: &[Strategy {
        name: "memmap2-slice",
        summary: "memmap2::Mmap to memmap2::MmapMut with copy_from_slice, as Rust programs do it",
        limit: ZERO_COPY_LIMIT,
        method: Method::Handles(copy),
        ..Strategy::BASE
    }],
};

fn copy(task: Task<'_>) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    over_windows(source, span, MOST, |step| {
        extend(target, step.target, step.length)?;
        let faults =
            slice_copy::copy(source, step.source, target, step.target, step.length).map_err(|error| {
                Cause::Call { call: "mmap", errno: Errno::from_io_error(&error).unwrap_or(Errno::IO) }
            })?;
        check_faults(faults.source, faults.target)?;
        Ok(step.length)
    })
}

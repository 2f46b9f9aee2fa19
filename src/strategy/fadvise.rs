//! The read/write loop with advice to the page cache: posix_fadvise(2).

use super::advance::{Span, advance, write_all};
use super::error::{Cause, CopyError, During};
use super::{Family, Strategy};
use crate::sys::sync_file_range::start_writeback;
use rustix::fs::{Advice, fadvise};
use std::fs::File;
use std::num::NonZeroU64;

pub(super) static FAMILY: Family = Family {
    name: "fadvise",
    summary: "the pread/pwrite loop with posix_fadvise(2)",
    strategies: &[
        Strategy::handles(
            "fadvise-sequential-256k",
            "POSIX_FADV_SEQUENTIAL on the source, 256 KiB buffer",
            |s, t, r| {
                advise(s, Advice::Sequential)?;
                copy(s, t, r, 256 << 10, |_, _| Ok(()))
            },
        ),
        Strategy::handles(
            "fadvise-willneed-256k",
            "POSIX_FADV_WILLNEED on the source, 256 KiB buffer",
            |s, t, r| {
                advise(s, Advice::WillNeed)?;
                copy(s, t, r, 256 << 10, |_, _| Ok(()))
            },
        ),
        Strategy::handles(
            "fadvise-noreuse-256k",
            "POSIX_FADV_NOREUSE on both files, 256 KiB buffer",
            |s, t, r| {
                advise(s, Advice::NoReuse)?;
                advise(t, Advice::NoReuse)?;
                copy(s, t, r, 256 << 10, |_, _| Ok(()))
            },
        ),
        Strategy::handles(
            "fadvise-dontneed-1m",
            "drops both files' pages behind a moving window of 8 MiB, 1 MiB buffer",
            |s, t, r| copy(s, t, r, 1 << 20, |from, to| drop_behind(s, t, from, to)),
        ),
    ],
};

/// Bytes that stay cached behind the copy: their writeback has been started but not waited for.
const WINDOW: u64 = 8 << 20;

fn advise(file: &File, advice: Advice) -> Result<(), CopyError> {
    fadvise(file, 0, None, advice).map_err(|errno| CopyError::call("posix_fadvise", 0, errno))
}

/// Starts writing out what was just copied and drops what was, one window before.
fn drop_behind(source: &File, target: &File, from: u64, to: (u64, u64)) -> Result<(), Cause> {
    let (offset, length) = to;
    start_writeback(target, offset, length).during("sync_file_range")?;
    if let Some(behind) = offset.checked_sub(WINDOW) {
        fadvise(target, behind, NonZeroU64::new(length), Advice::DontNeed).during("posix_fadvise")?;
    }
    if let Some(behind) = from.checked_sub(WINDOW) {
        fadvise(source, behind, NonZeroU64::new(length), Advice::DontNeed).during("posix_fadvise")?;
    }
    Ok(())
}

/// The loop; `after` gets the source's offset and the target's offset and length of each piece.
fn copy(
    source: &File,
    target: &File,
    span: Span,
    size: usize,
    after: impl Fn(u64, (u64, u64)) -> Result<(), Cause>,
) -> Result<u64, CopyError> {
    let mut buffer = Vec::<u8>::with_capacity(size);
    advance(span, size as u64, |step| {
        let room = &mut buffer.spare_capacity_mut()[..step.length];
        let (filled, _) = rustix::io::pread(source, room, step.source).during("pread")?;
        write_all("pwrite", filled.len(), |done| {
            rustix::io::pwrite(target, &filled[done..], step.target + done as u64)
        })?;
        after(step.source, (step.target, filled.len() as u64))?;
        Ok(filled.len())
    })
}

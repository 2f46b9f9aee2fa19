//! The pread/pwrite loop with advice to the page cache: `posix_fadvise(2)`.

use super::advance::advance;
use super::error::{Cause, CopyError, During};
use super::positional::{self, copy_step};
use super::{Family, Strategy, Task};
use crate::sys::page_size;
use crate::sys::sync_file_range::{finish_writeback, start_writeback};
use rustix::fs::{Advice, fadvise};
use rustix::io::retry_on_intr;
use std::fs::File;
use std::num::NonZeroU64;

pub(super) static FAMILY: Family = Family {
    name: "fadvise",
    summary: "the pread/pwrite loop with posix_fadvise(2)",
    strategies: &[
        Strategy::handles(
            "fadvise-sequential-256k",
            "POSIX_FADV_SEQUENTIAL on the source, 256 KiB buffer",
            |task| advised(&[task.source], Advice::Sequential, || positional::copy(task, 256 << 10)),
        ),
        Strategy::handles(
            "fadvise-willneed-256k",
            "POSIX_FADV_WILLNEED on the source, 256 KiB buffer",
            |task| {
                let length = task.span.length.and_then(NonZeroU64::new);
                fadvise(task.source, task.span.source, length, Advice::WillNeed)
                    .map_err(|errno| CopyError::call("posix_fadvise", 0, errno))?;
                positional::copy(task, 256 << 10)
            },
        ),
        Strategy::handles(
            "fadvise-noreuse-256k",
            "POSIX_FADV_NOREUSE on both files, 256 KiB buffer",
            |task| {
                advised(&[task.source, task.target], Advice::NoReuse, || positional::copy(task, 256 << 10))
            },
        ),
        Strategy::handles(
            "fadvise-dontneed-1m",
            "drops both files' pages behind a moving window of 8 MiB, 1 MiB buffer",
            dropping,
        ),
    ],
};

/// Bytes behind the copy whose writeback has been started but is not waited for yet.
const WINDOW: u64 = 8 << 20;
const BUFFER: usize = 1 << 20;

/// Runs `copy` with `advice` given to `files`, and takes it back: it stays with an open file,
/// where it would speed up or slow down whoever reads that next.
fn advised(
    files: &[&File],
    advice: Advice,
    copy: impl FnOnce() -> Result<u64, CopyError>,
) -> Result<u64, CopyError> {
    let give = |advice, copied| {
        let mut given = files.iter().map(|file| fadvise(file, 0, None, advice));
        given.try_for_each(|given| given.map_err(|errno| CopyError::call("posix_fadvise", copied, errno)))
    };
    let outcome = give(advice, 0).and_then(|()| copy());
    let copied = outcome.as_ref().map_or_else(|error| error.copied, |copied| *copied);
    give(Advice::Normal, copied).and(outcome)
}

/// Keeps neither file in the page cache: each piece is sent on its way to the device at once, and
/// waited for and dropped one window later, so that the device always has work. On overlayfs, where
/// `sync_file_range(2)` reaches no page, what was written stays until the kernel writes it out.
fn dropping(task: Task<'_>) -> Result<u64, CopyError> {
    let Task { source, target, span, workspace } = task;
    let mut buffer = workspace.buffer(BUFFER)?;
    let (mut copied, mut clean) = (0, 0);
    let outcome = advance(span, BUFFER as u64, |step| {
        let length = copy_step(source, target, step, &mut buffer)?;
        if length == 0 {
            return Ok(0);
        }
        start_writeback(target, span.target + copied, length as u64).during("sync_file_range")?;
        copied += length as u64;
        if copied - clean > WINDOW {
            let end = copied - WINDOW;
            write_out(target, span.target + clean, end - clean)?;
            clean = end;
            drop_pages(source, span.source, clean)?;
            drop_pages(target, span.target, clean)?;
        }
        Ok(length)
    })?;
    let finish = || {
        write_out(target, span.target + clean, copied - clean)?;
        drop_pages(source, span.source, copied)?;
        drop_pages(target, span.target, copied)
    };
    if copied > 0 {
        finish().map_err(|cause| CopyError::at(copied, cause))?;
    }
    Ok(outcome)
}

fn write_out(target: &File, offset: u64, length: u64) -> Result<(), Cause> {
    retry_on_intr(|| finish_writeback(target, offset, length)).during("sync_file_range")
}

/// Drops all pages from the start of the range, also those asked for before: a large folio goes
/// only when the range holds all of it.
fn drop_pages(file: &File, start: u64, length: u64) -> Result<(), Cause> {
    let first = start - start % page_size() as u64;
    let length = NonZeroU64::new(start + length - first);
    fadvise(file, first, length, Advice::DontNeed).during("posix_fadvise")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::Workspace;
    use crate::sys::cachestat::residency;
    use crate::sys::file_system::{FileSystem, Store};
    use rustix::io::pwrite;

    #[test]
    fn nothing_stays_in_the_page_cache_of_a_device() {
        const LENGTH: u64 = (19 << 20) + 77;
        let directory = std::env::var_os("COPYBENCH_DIR").unwrap_or_else(|| "/var/tmp".into());
        let [source, target] = [(), ()].map(|()| tempfile::tempfile_in(&directory).unwrap());
        let written = pwrite(&source, &vec![7; LENGTH as usize], 0).unwrap() as u64;
        assert_eq!(written, LENGTH);
        rustix::fs::fsync(&source).unwrap();
        let workspace = Workspace::new();
        assert_eq!(dropping(Task::whole(&source, &target, &workspace)).unwrap(), LENGTH);
        let store = FileSystem::of(&source).unwrap().map(|known| known.store);
        if store != Some(Store::Memory) {
            assert_eq!(residency(&source, LENGTH).unwrap().cached, 0);
        }
        // On overlayfs sync_file_range(2) succeeds and reaches no page; dirty ones are not dropped.
        if !matches!(store, Some(Store::Memory | Store::Lower)) {
            assert_eq!(residency(&target, LENGTH).unwrap().cached, 0);
        }
    }
}

//! The pread/pwrite loop with advice to the page cache: `posix_fadvise(2)`.

use super::advance::{Span, advance, write_all};
use super::error::{Cause, CopyError, During};
use super::{Family, Strategy};
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
            |s, t, r| advised(&[s], Advice::Sequential, || copy(s, t, r, 256 << 10, |_| Ok(()))),
        ),
        Strategy::handles(
            "fadvise-willneed-256k",
            "POSIX_FADV_WILLNEED on the source, 256 KiB buffer",
            |s, t, r| {
                fadvise(s, r.source, r.length.and_then(NonZeroU64::new), Advice::WillNeed)
                    .map_err(|errno| CopyError::call("posix_fadvise", 0, errno))?;
                copy(s, t, r, 256 << 10, |_| Ok(()))
            },
        ),
        Strategy::handles(
            "fadvise-noreuse-256k",
            "POSIX_FADV_NOREUSE on both files, 256 KiB buffer",
            |s, t, r| advised(&[s, t], Advice::NoReuse, || copy(s, t, r, 256 << 10, |_| Ok(()))),
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
fn dropping(source: &File, target: &File, span: Span) -> Result<u64, CopyError> {
    let (mut copied, mut clean) = (0, 0);
    let outcome = copy(source, target, span, 1 << 20, |length| {
        start_writeback(target, span.target + copied, length).during("sync_file_range")?;
        copied += length;
        if copied - clean > WINDOW {
            let end = copied - WINDOW;
            write_out(target, span.target + clean, end - clean)?;
            clean = end;
            drop_pages(source, span.source, clean)?;
            drop_pages(target, span.target, clean)?;
        }
        Ok(())
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

/// The loop; `after` gets the length of each piece.
fn copy(
    source: &File,
    target: &File,
    span: Span,
    size: usize,
    mut after: impl FnMut(u64) -> Result<(), Cause>,
) -> Result<u64, CopyError> {
    let mut buffer = Vec::<u8>::with_capacity(size);
    advance(span, size as u64, |step| {
        let room = &mut buffer.spare_capacity_mut()[..step.length];
        let (filled, _) = rustix::io::pread(source, room, step.source).during("pread")?;
        write_all("pwrite", filled.len(), |done| {
            rustix::io::pwrite(target, &filled[done..], step.target + done as u64)
        })?;
        if !filled.is_empty() {
            after(filled.len() as u64)?;
        }
        Ok(filled.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
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
        assert_eq!(dropping(&source, &target, Span::WHOLE).unwrap(), LENGTH);
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

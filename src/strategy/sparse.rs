//! Copies that keep holes: by asking where data is (SEEK_DATA and SEEK_HOLE, `lseek(2)`), or by
//! looking for zeros. Holes of the target are punched with `fallocate(2)`.

use super::advance::{MOST, Step, advance};
use super::error::{Cause, CopyError, During};
use super::mapped::{extend, over_windows};
use super::positional::{copy_step, write_at};
use super::{Family, Holes, Mechanism, Sharing, Strategy, Task, copy_file_range};
use rustix::fs::{FallocateFlags, SeekFrom};
use rustix::io::Errno;
use std::fs::File;

pub(super) static FAMILY: Family = Family {
    name: "sparse",
    summary: "copy the data alone and leave holes where the source has holes or zeros",
    strategies: &[
        variant(
            "sparse-seek-read-write",
            "data found by SEEK_DATA and SEEK_HOLE, pread/pwrite of 1 MiB",
            |task| {
                let mut buffer = task.workspace.buffer(BUFFER)?;
                by_seeking(task, BUFFER as u64, |step| copy_step(task.source, task.target, step, &mut buffer))
            },
        ),
        Strategy {
            sharing: Sharing::Maybe,
            ..variant(
                "sparse-seek-copy-file-range",
                "data found by SEEK_DATA and SEEK_HOLE, copy_file_range(2)",
                |task| by_seeking(task, MOST, |step| copy_file_range::call(task.source, task.target, step)),
            )
        },
        variant(
            "sparse-zero-scan-4k",
            "pread of 1 MiB, pages of 4 KiB that hold only zeros become holes",
            by_content,
        ),
    ],
};

const fn variant(name: &'static str, summary: &'static str, copy: Mechanism) -> Strategy {
    Strategy { holes: Holes::Kept, ..Strategy::handles(name, summary, copy) }
}

const BUFFER: usize = 1 << 20;
const PAGE: usize = 4096;

/// Copies data by `mechanism`, at most `chunk` bytes at a time, and leaves holes as holes. Each
/// step is one hole or one piece of data, so that an error tells exactly how far the copy came.
fn by_seeking(
    task: Task<'_>,
    chunk: u64,
    mut mechanism: impl FnMut(Step) -> Result<usize, Cause>,
) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    // Where the data ends that the last pair of seeks found.
    let mut data_end = 0;
    over_windows(source, span, MOST, |step| {
        let end = step.source + step.length as u64;
        if step.source >= data_end {
            let data = next_data(source, step.source)?.min(end);
            if data > step.source {
                let hole = data - step.source;
                leave_hole(target, step.target, hole)?;
                return Ok(hole as usize);
            }
            data_end = match rustix::fs::seek(source, SeekFrom::Hole(step.source)) {
                // The source ends here now.
                Err(Errno::NXIO) => return Ok(0),
                // A hole where data was a moment ago is copied by a byte, so that the loop goes on.
                other => other.during("lseek(SEEK_HOLE)")?.max(step.source + 1),
            };
        }
        let length = (data_end.min(end) - step.source).min(chunk) as usize;
        mechanism(Step { length, ..step })
    })
}

/// Offset of the next byte of data from `offset` on; the source's end where there is none.
fn next_data(source: &File, offset: u64) -> Result<u64, Cause> {
    match rustix::fs::seek(source, SeekFrom::Data(offset)) {
        // A hole up to the end, which may be nearer than it was: asked for anew, as zeros beyond it
        // would be of our own making.
        Err(Errno::NXIO) => {
            let size = rustix::fs::fstat(source).during("fstat")?.st_size.unsigned_abs();
            Ok(size.max(offset))
        }
        other => other.during("lseek(SEEK_DATA)"),
    }
}

fn by_content(task: Task<'_>) -> Result<u64, CopyError> {
    let Task { source, target, span, workspace } = task;
    let mut buffer = workspace.buffer(BUFFER)?;
    advance(span, BUFFER as u64, |step| {
        let filled = rustix::io::pread(source, &mut buffer[..step.length], step.source).during("pread")?;
        let filled = &buffer[..filled];
        let mut start = 0;
        while start < filled.len() {
            let (length, zero) = run(&filled[start..]);
            let offset = step.target + start as u64;
            if zero {
                leave_hole(target, offset, length as u64)?;
            } else {
                write_at(target, &filled[start..start + length], offset)?;
            }
            start += length;
        }
        Ok(filled.len())
    })
}

/// Length of the pages that `bytes` begins with and that are alike: all zeros, or none so.
fn run(bytes: &[u8]) -> (usize, bool) {
    let mut pages = bytes.chunks(PAGE);
    let first = pages.next().unwrap_or_default();
    let zero = is_zero(first);
    let alike = pages.take_while(|page| is_zero(page) == zero).map(<[u8]>::len).sum::<usize>();
    (first.len() + alike, zero)
}

/// Zero at the start and every byte equal to the one before it: one memcmp, which stops at the
/// first difference.
fn is_zero(page: &[u8]) -> bool {
    match page {
        [] => true,
        [first, rest @ ..] => *first == 0 && *rest == page[..page.len() - 1],
    }
}

/// Makes the range a hole: punched out of what the target has, and the target long enough to
/// hold it.
///
/// Punched beyond the target's end too: xfs allocates ahead of a file that grows, and the next
/// write behind such a hole would make those blocks part of the file.
fn leave_hole(target: &File, offset: u64, length: u64) -> Result<(), Cause> {
    let there = rustix::fs::fstat(target).during("fstat")?;
    if there.st_blocks > 0 {
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        match rustix::fs::fallocate(target, flags, offset, length) {
            // What cannot be punched out is not there yet beyond the end.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) if offset >= there.st_size.unsigned_abs() => {}
            other => other.during("fallocate(FALLOC_FL_PUNCH_HOLE)")?,
        }
    }
    extend(target, offset, length as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::Workspace;

    #[test]
    fn a_source_that_shrank_has_no_hole_beyond_its_end() {
        const END: u64 = BUFFER as u64 + 4096;
        let directory = std::env::var_os("COPYBENCH_DIR").unwrap_or_else(|| "/var/tmp".into());
        let [source, target] = [(), ()].map(|()| tempfile::tempfile_in(&directory).unwrap());
        for offset in [0, 2 * BUFFER as u64] {
            write_at(&source, &[7; BUFFER], offset).unwrap();
        }
        let workspace = Workspace::new();
        let copied = by_seeking(Task::whole(&source, &target, &workspace), BUFFER as u64, |step| {
            source.set_len(END).unwrap();
            copy_step(&source, &target, step, &mut [0; BUFFER])
        });
        assert_eq!(copied.unwrap(), END);
        assert_eq!(target.metadata().unwrap().len(), END);
    }

    #[test]
    fn a_page_is_zero_only_without_any_other_byte() {
        for length in [0, 1, 2, 7, 8, 9, PAGE - 1, PAGE] {
            let mut page = vec![0; length];
            assert!(is_zero(&page), "{length}");
            for index in 0..length {
                page[index] = 1;
                assert!(!is_zero(&page), "{index} of {length}");
                page[index] = 0;
            }
            assert!(length == 0 || !is_zero(&vec![1; length]));
        }
    }

    #[test]
    fn runs_end_where_zero_pages_begin_or_end() {
        let mut bytes = vec![0; 5 * PAGE + 9];
        bytes[2 * PAGE] = 1;
        bytes[4 * PAGE - 1] = 1;
        let (mut start, mut runs) = (0, Vec::new());
        while start < bytes.len() {
            let (length, zero) = run(&bytes[start..]);
            runs.push((length, zero));
            start += length;
        }
        assert_eq!(runs, [(2 * PAGE, true), (2 * PAGE, false), (PAGE + 9, true)]);
    }
}

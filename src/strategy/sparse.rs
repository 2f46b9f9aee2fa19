//! Copies that keep holes: by asking where data is (SEEK_DATA and SEEK_HOLE, `lseek(2)`), or by
//! looking for zeros.

use super::advance::{MOST, Span, advance, write_all};
use super::error::{Cause, CopyError, During};
use super::mapped::{extend, over_windows};
use super::{Family, Holes, Strategy, copy_file_range};
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
            |s, t, r| by_seeking(s, t, r, pread_pwrite),
        ),
        variant(
            "sparse-seek-copy-file-range",
            "data found by SEEK_DATA and SEEK_HOLE, copy_file_range(2)",
            |s, t, r| by_seeking(s, t, r, |s, t, r| copy_file_range::copy(s, t, r, MOST)),
        ),
        variant(
            "sparse-zero-scan-4k",
            "pread of 1 MiB, pages of 4 KiB that hold only zeros become holes",
            by_content,
        ),
    ],
};

const fn variant(
    name: &'static str,
    summary: &'static str,
    copy: fn(&File, &File, Span) -> Result<u64, CopyError>,
) -> Strategy {
    Strategy { holes: Holes::Kept, ..Strategy::handles(name, summary, copy) }
}

const BUFFER: usize = 1 << 20;
const PAGE: usize = 4096;

fn by_seeking(
    source: &File,
    target: &File,
    span: Span,
    mechanism: impl Fn(&File, &File, Span) -> Result<u64, CopyError>,
) -> Result<u64, CopyError> {
    over_windows(source, span, MOST, |step| {
        let (mut done, length) = (0, step.length as u64);
        while done < length {
            let at = step.source + done;
            let data = match rustix::fs::seek(source, SeekFrom::Data(at)) {
                // Nothing but a hole up to the end.
                Err(Errno::NXIO) => step.source + length,
                other => other.during("lseek(SEEK_DATA)")?.min(step.source + length),
            };
            if data > at {
                leave_hole(target, step.target + done, data - at)?;
                done += data - at;
                continue;
            }
            let hole = match rustix::fs::seek(source, SeekFrom::Hole(at)) {
                // The source shrank since.
                Err(Errno::NXIO) => break,
                other => other.during("lseek(SEEK_HOLE)")?.min(step.source + length),
            };
            let part = Span { source: at, target: step.target + done, length: Some(hole - at) };
            match mechanism(source, target, part) {
                Ok(copied) => done += copied,
                // It shrank, or its size is more than it holds, as in sysfs.
                Err(CopyError { cause: Cause::SourceEnded, copied }) => {
                    done += copied;
                    break;
                }
                Err(error) => return Err(error.cause),
            }
        }
        Ok(done as usize)
    })
}

fn pread_pwrite(source: &File, target: &File, span: Span) -> Result<u64, CopyError> {
    let mut buffer = Vec::<u8>::with_capacity(BUFFER);
    advance(span, BUFFER as u64, |step| {
        let room = &mut buffer.spare_capacity_mut()[..step.length];
        let (filled, _) = rustix::io::pread(source, room, step.source).during("pread")?;
        write_at(target, filled, step.target)?;
        Ok(filled.len())
    })
}

fn by_content(source: &File, target: &File, span: Span) -> Result<u64, CopyError> {
    let mut buffer = Vec::<u8>::with_capacity(BUFFER);
    advance(span, BUFFER as u64, |step| {
        let room = &mut buffer.spare_capacity_mut()[..step.length];
        let (filled, _) = rustix::io::pread(source, room, step.source).during("pread")?;
        let mut offset = step.target;
        for run in filled.chunks(PAGE).collect::<Vec<_>>().chunk_by(|a, b| is_zero(a) == is_zero(b)) {
            let length: usize = run.iter().map(|page| page.len()).sum();
            if is_zero(run[0]) {
                leave_hole(target, offset, length as u64)?;
            } else {
                let start = (offset - step.target) as usize;
                write_at(target, &filled[start..start + length], offset)?;
            }
            offset += length as u64;
        }
        Ok(filled.len())
    })
}

/// Word by word, as the compiler vectorises it.
fn is_zero(page: &[u8]) -> bool {
    let (head, words, tail) = (page.len() % 8, page.chunks_exact(8), page.len());
    let or = words.fold(0, |or, word| or | u64::from_ne_bytes(word.try_into().unwrap_or([1; 8])));
    or == 0 && page[tail - head..].iter().all(|byte| *byte == 0)
}

fn write_at(target: &File, bytes: &[u8], offset: u64) -> Result<(), Cause> {
    write_all("pwrite", bytes.len(), |done| rustix::io::pwrite(target, &bytes[done..], offset + done as u64))
}

/// Makes the range a hole: punched out of what the target has, and the target long enough to
/// hold it.
fn leave_hole(target: &File, offset: u64, length: u64) -> Result<(), Cause> {
    let there = rustix::fs::fstat(target).during("fstat")?;
    if there.st_size.unsigned_abs() > offset && there.st_blocks > 0 {
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        rustix::fs::fallocate(target, flags, offset, length).during("fallocate(FALLOC_FL_PUNCH_HOLE)")?;
    }
    extend(target, offset, length as usize)
}

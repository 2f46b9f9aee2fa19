//! Whether a copy is the file that was copied: length, bytes, and holes as promised.

use crate::sys::errno::{Refused, during};
use crate::sys::page_size;
use rustix::fs::SeekFrom;
use rustix::io::Errno;
use std::fs::File;

/// What a strategy promised about holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// The copy has no hole.
    NoHole,
    /// Where the source has a hole, so has the copy.
    HolesKept,
    /// Nothing was promised.
    Nothing,
}

/// How a copy differs from its source.
#[derive(Debug, thiserror::Error)]
pub enum Mismatch {
    #[error(transparent)]
    Call(#[from] Refused),
    #[error("the copy is {found} bytes long, the source {expected}")]
    Length { expected: u64, found: u64 },
    #[error("the first difference is at offset {offset}: {found:#04x} instead of {expected:#04x}")]
    Byte { offset: u64, expected: u8, found: u8 },
    #[error("{what} at offset {offset}")]
    Hole { what: &'static str, offset: u64 },
}

/// Compares all of `copy` with the first `length` bytes of `source`, and the holes with the
/// promise.
pub fn verify(source: &File, copy: &File, length: u64, promise: Promise) -> Result<(), Mismatch> {
    let found = during("fstat", rustix::fs::fstat(copy))?.st_size.unsigned_abs();
    if found != length {
        return Err(Mismatch::Length { expected: length, found });
    }
    // Holes first: reading may allocate (tmpfs) or cache (elsewhere) what is asked for here.
    match promise {
        Promise::NoHole => no_hole(copy, length)?,
        Promise::HolesKept => holes_kept(source, copy, length)?,
        Promise::Nothing => {}
    }
    compare(source, 0, copy, 0, length)
}

/// Compares `length` bytes of the two files.
pub fn compare(
    source: &File,
    source_offset: u64,
    copy: &File,
    copy_offset: u64,
    length: u64,
) -> Result<(), Mismatch> {
    const PIECE: usize = 256 << 10;
    let (mut expected, mut found) = (vec![0; PIECE], vec![0; PIECE]);
    let mut at = 0;
    while at < length {
        let piece = (length - at).min(PIECE as u64) as usize;
        let (expected, found) = (&mut expected[..piece], &mut found[..piece]);
        read_exactly(source, source_offset + at, expected)?;
        read_exactly(copy, copy_offset + at, found)?;
        if expected != found {
            let index = expected.iter().zip(&*found).position(|(a, b)| a != b).unwrap_or(0);
            return Err(Mismatch::Byte {
                offset: copy_offset + at + index as u64,
                expected: expected[index],
                found: found[index],
            });
        }
        at += piece as u64;
    }
    Ok(())
}

fn read_exactly(file: &File, offset: u64, buffer: &mut [u8]) -> Result<(), Mismatch> {
    let mut done = 0;
    while done < buffer.len() {
        match rustix::io::pread(file, &mut buffer[done..], offset + done as u64) {
            Ok(0) => {
                return Err(Mismatch::Length {
                    expected: offset + buffer.len() as u64,
                    found: offset + done as u64,
                });
            }
            Ok(length) => done += length,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(Mismatch::Call(Refused { call: "pread", errno })),
        }
    }
    Ok(())
}

fn no_hole(copy: &File, length: u64) -> Result<(), Mismatch> {
    if length == 0 {
        return Ok(());
    }
    match rustix::fs::seek(copy, SeekFrom::Hole(0)) {
        Ok(offset) if offset < length => Err(Mismatch::Hole { what: "a hole that was to be filled", offset }),
        Ok(_) => Ok(()),
        Err(errno) => Err(Mismatch::Call(Refused { call: "lseek", errno })),
    }
}

/// Every hole of the source of at least a page must be a hole of the copy; holes smaller than
/// the copy's blocks cannot be kept.
fn holes_kept(source: &File, copy: &File, length: u64) -> Result<(), Mismatch> {
    // Its type differs between architectures.
    let block = during("fstat", rustix::fs::fstat(copy))?.st_blksize;
    let block = u64::try_from(block).unwrap_or(0).max(page_size() as u64);
    let mut at = 0;
    while at < length {
        let hole = during("lseek", rustix::fs::seek(source, SeekFrom::Hole(at)))?.min(length);
        let end = match rustix::fs::seek(source, SeekFrom::Data(hole)) {
            Err(Errno::NXIO) => length,
            other => during("lseek", other)?.min(length),
        };
        let (first, last) = (hole.next_multiple_of(block), end / block * block);
        if first < last {
            let data = match rustix::fs::seek(copy, SeekFrom::Data(first)) {
                Err(Errno::NXIO) => last,
                other => during("lseek", other)?,
            };
            if data < last {
                return Err(Mismatch::Hole { what: "data where the source has a hole", offset: data });
            }
        }
        at = end.max(hole + 1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> File {
        let file = tempfile::tempfile_in(crate::sys::test_directory()).unwrap();
        rustix::io::pwrite(&file, bytes, 0).unwrap();
        file
    }

    #[test]
    fn the_first_differing_offset_is_named() {
        let mut bytes = vec![1; 600_000];
        let source = file(&bytes);
        bytes[300_001] = 2;
        bytes[400_000] = 3;
        let error = verify(&source, &file(&bytes), 600_000, Promise::Nothing).unwrap_err();
        assert!(matches!(error, Mismatch::Byte { offset: 300_001, expected: 1, found: 2 }), "{error}");
    }

    #[test]
    fn a_short_and_a_long_copy_are_refused() {
        let source = file(&[1; 100]);
        assert!(matches!(
            verify(&source, &file(&[1; 99]), 100, Promise::Nothing),
            Err(Mismatch::Length { found: 99, .. })
        ));
        assert!(matches!(
            verify(&source, &file(&[1; 101]), 100, Promise::Nothing),
            Err(Mismatch::Length { found: 101, .. })
        ));
    }

    #[test]
    fn a_lost_hole_and_an_unfilled_one_are_told_apart() {
        let hole = tempfile::tempfile_in(crate::sys::test_directory()).unwrap();
        hole.set_len(1 << 20).unwrap();
        let filled = file(&vec![0; 1 << 20]);
        verify(&hole, &filled, 1 << 20, Promise::NoHole).unwrap();
        assert!(matches!(verify(&hole, &filled, 1 << 20, Promise::HolesKept), Err(Mismatch::Hole { .. })));
        assert!(matches!(verify(&filled, &hole, 1 << 20, Promise::NoHole), Err(Mismatch::Hole { .. })));
        verify(&hole, &hole, 1 << 20, Promise::HolesKept).unwrap();
    }
}

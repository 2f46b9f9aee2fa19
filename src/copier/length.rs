//! Length and holes of an open file, with errors that name its path.

use super::CopierError;
use super::error::is_of_the_disk;
use crate::strategy;
use rustix::fs::{FallocateFlags, fallocate, fstat};
use rustix::io::Errno;
use std::fs::File;
use std::path::Path;

pub(super) fn length_of(file: &File, path: &Path) -> Result<u64, CopierError> {
    let stat = fstat(file).map_err(CopierError::call("asking for the length of", path))?;
    Ok(stat.st_size.unsigned_abs())
}

pub(super) fn set_length(file: &File, path: &Path, length: u64) -> Result<(), CopierError> {
    strategy::set_length(file, length).map_err(CopierError::call("setting the length of", path))
}

/// Makes a range of `file` a hole, and the file long enough to hold it.
pub(super) fn make_hole(file: &File, path: &Path, offset: u64, length: u64) -> Result<(), CopierError> {
    let size = length_of(file, path)?;
    if offset < size {
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        match fallocate(file, flags, offset, length) {
            Err(errno) if !is_of_the_disk(errno) => {
                zero(file, offset, length.min(size - offset))
                    .map_err(CopierError::call("writing zeros to", path))?;
            }
            other => other.map_err(CopierError::call("making a hole in", path))?,
        }
    }
    if size < offset + length { set_length(file, path, offset + length) } else { Ok(()) }
}

/// Writes zeros, where holes cannot be made.
fn zero(file: &File, offset: u64, length: u64) -> Result<(), Errno> {
    let zeros = vec![0; length.min(1 << 20) as usize];
    let mut done = 0;
    while done < length {
        let most = (length - done).min(zeros.len() as u64) as usize;
        match rustix::io::pwrite(file, &zeros[..most], offset + done) {
            Ok(0) => return Err(Errno::IO),
            Ok(written) => done += written as u64,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

use super::error::is_of_the_disk;
use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;
use std::fs::File;

/// Where the last page begins that a file can have, with the largest pages.
const LAST_PAGE: u64 = i64::MAX as u64 & !0xffff;

/// Whether `source` has a hole between the offsets.
pub(super) fn has_hole(source: &File, start: u64, end: u64) -> bool {
    start < end && seek(source, SeekFrom::Hole(start)).is_ok_and(|hole| hole < end)
}

/// The next stretch of data from `at` on, cut at `end`; none where a hole reaches to the end.
///
/// A file system that does not know holes has data up to the end.
pub(super) fn next_data(source: &File, at: u64, end: u64) -> Result<Option<(u64, u64)>, Errno> {
    let data = match seek(source, SeekFrom::Data(at)) {
        // tmpfs does not find data in the last page that a file can have.
        Err(Errno::NXIO) if end > LAST_PAGE => return Ok(Some((at.max(LAST_PAGE), end))),
        Err(Errno::NXIO) => return Ok(None),
        Err(errno) if is_of_the_disk(errno) => return Err(errno),
        Err(_) => return Ok(Some((at, end))),
        Ok(data) => data,
    };
    if data >= end {
        return Ok(None);
    }
    match seek(source, SeekFrom::Hole(data)) {
        // A hole that begins where data was just found is a file being written to; what is read
        // there is right in any case, and this way the copy gets on.
        Ok(hole) if hole <= data => Ok(Some((data, end))),
        Ok(hole) => Ok(Some((data, hole.min(end)))),
        Err(errno) if is_of_the_disk(errno) => Err(errno),
        // It got shorter meanwhile, or there is no telling; the copy will find its end.
        Err(_) => Ok(Some((data, end))),
    }
}

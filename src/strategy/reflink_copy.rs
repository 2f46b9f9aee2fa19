//! The reflink-copy crate, as Rust programs use it: a clone, or std::fs::copy.

use super::error::{Cause, CopyError};
use super::{DstMode, Family, Holes, Method, Sharing, Strategy};
use rustix::io::Errno;
use std::path::Path;

pub(super) static FAMILY: Family = Family {
    name: "reflink-copy",
    summary: "the reflink-copy crate: a clone where that works, else std::fs::copy",
    strategies: &[Strategy {
        name: "reflink-copy",
        summary: "reflink_copy::reflink_or_copy from path to path, to a file that does not exist yet",
        holes: Holes::ByFileSystem,
        sharing: Sharing::Maybe,
        dst: &[DstMode::New],
        method: Method::Paths(copy),
        ..Strategy::BASE
    }],
};

fn copy(source: &Path, target: &Path) -> Result<u64, CopyError> {
    let failed = |error: std::io::Error| match Errno::from_io_error(&error) {
        Some(errno) => CopyError::call("reflink_copy::reflink_or_copy", 0, errno),
        None => CopyError::at(0, Cause::Program { program: "reflink-copy", message: error.to_string() }),
    };
    match reflink_copy::reflink_or_copy(source, target).map_err(failed)? {
        Some(copied) => Ok(copied),
        None => Ok(std::fs::metadata(target).map_err(failed)?.len()),
    }
}

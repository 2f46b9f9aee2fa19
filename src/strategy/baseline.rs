//! What people call when they do not choose: the standard library.

use super::error::{Cause, CopyError};
use super::{Family, Holes, Method, Sharing, Strategy, Task};
use rustix::io::Errno;
use std::io::{self, Read};
use std::path::Path;

pub(super) static FAMILY: Family = Family {
    name: "std",
    summary: "Rust's standard library, which picks the mechanism itself",
    strategies: &[
        Strategy {
            name: "std-io-copy",
            summary: "std::io::copy between two open files: copy_file_range, then sendfile, then read/write",
            holes: Holes::ByFileSystem,
            sharing: Sharing::Maybe,
            method: Method::Handles(io_copy),
            ..Strategy::BASE
        },
        Strategy {
            name: "std-fs-copy",
            summary: "std::fs::copy from path to path; opens both files and sets the mode",
            holes: Holes::ByFileSystem,
            sharing: Sharing::Maybe,
            method: Method::Paths(fs_copy),
            ..Strategy::BASE
        },
    ],
};

fn io_copy(task: Task<'_>) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    task.seek_both()?;
    let (mut from, mut to) = (source, target);
    let copied = match span.length {
        None => io::copy(&mut from, &mut to),
        Some(length) => io::copy(&mut from.take(length), &mut to),
    };
    span.ended(copied.map_err(|error| failed("std::io::copy", &error))?)
}

fn fs_copy(source: &Path, target: &Path) -> Result<u64, CopyError> {
    std::fs::copy(source, target).map_err(|error| failed("std::fs::copy", &error))
}

fn failed(call: &'static str, error: &io::Error) -> CopyError {
    match Errno::from_io_error(error) {
        Some(errno) => CopyError::call(call, 0, errno),
        None => CopyError::at(0, Cause::Program { program: call, message: error.to_string() }),
    }
}

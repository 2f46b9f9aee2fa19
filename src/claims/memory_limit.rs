//! A limit on what this process and its page cache may take of memory: a control group of its own.
//!
//! Reference: `cgroups(7)`; Documentation/admin-guide/cgroup-v1/memory.rst (`memory.limit_in_bytes`)
//! and cgroup-v2.rst (`memory.max`).

use crate::host::MemoryGroups;
use crate::sys::cachestat::residency;
use crate::sys::page_size;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What the names of our groups begin with.
const PREFIX: &str = "copybench-memory-";

/// This process in a group with a limit; as before when dropped.
#[derive(Debug)]
pub(super) struct MemoryLimit {
    bytes: u64,
    before: PathBuf,
    group: PathBuf,
}

/// Why there is no limit.
#[derive(Debug, thiserror::Error)]
pub(super) enum LimitError {
    #[error("this process has no control group with a limit on memory: it takes the memory controller")]
    NoController,
    #[error("{act} {}: {cause}; run it as root", path.display())]
    Refused { act: &'static str, path: PathBuf, cause: io::Error },
}

impl MemoryLimit {
    /// Moves this process into a new group that may take `bytes`. What it has stays charged to the
    /// group that it was in; pages that it brings into the page cache from now on count.
    pub(super) fn new(bytes: u64) -> Result<Self, LimitError> {
        let read =
            |path| fs::read_to_string(path).map_err(|cause| refused("reading", Path::new(path), cause));
        let groups = MemoryGroups::find(&read("/proc/self/cgroup")?, &read("/proc/self/mountinfo")?)
            .ok_or(LimitError::NoController)?;
        sweep(&groups.parent);
        let group = groups.parent.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir(&group).map_err(|cause| refused("making", &group, cause))?;
        let limit = Self { bytes, before: groups.own, group };
        let limit_file = limit.group.join(groups.limit);
        if !limit_file.exists() {
            return Err(LimitError::NoController);
        }
        write(&limit_file, bytes)?;
        limit.enter(&limit.group)?;
        Ok(limit)
    }

    /// Whether no more than the limit of a file's first `size` bytes is in the page cache.
    pub(super) fn held(&self, file: &File, size: u64) -> bool {
        residency(file, size).is_ok_and(|pages| pages.cached * page_size() as u64 <= self.bytes)
    }

    fn enter(&self, group: &Path) -> Result<(), LimitError> {
        write(&group.join("cgroup.procs"), u64::from(std::process::id()))
    }
}

impl Drop for MemoryLimit {
    fn drop(&mut self) {
        // Where this fails, the group goes with the next one's sweep.
        let _ = self.enter(&self.before);
        let _ = fs::remove_dir(&self.group);
    }
}

/// Removes groups of processes that were killed: a group that is in use refuses, and one that another
/// process is about to enter stays.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_left) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// Whether a group has the name that a process gave it which is no more, or had this one's number.
fn is_left(group: &str) -> bool {
    let process = group.strip_prefix(PREFIX).and_then(|number| number.parse::<u32>().ok());
    process.is_some_and(|process| {
        process == std::process::id() || !Path::new("/proc").join(process.to_string()).exists()
    })
}

fn write(path: &Path, number: u64) -> Result<(), LimitError> {
    fs::write(path, number.to_string()).map_err(|cause| refused("writing", path, cause))
}

fn refused(act: &'static str, path: &Path, cause: io::Error) -> LimitError {
    LimitError::Refused { act, path: path.to_owned(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_those_who_live_are_left() {
        let named = |process: u32| format!("{PREFIX}{process}");
        assert!(is_left(&named(std::process::id())) && is_left(&named(u32::MAX)));
        assert!(!is_left(&named(1)) && !is_left("copybench-memory-of-others"));
    }
}

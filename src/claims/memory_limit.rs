//! A limit on what this process and its page cache may take of memory: a control group of its own.
//!
//! Reference: `cgroups(7)`; Documentation/admin-guide/cgroup-v1/memory.rst (`memory.limit_in_bytes`)
//! and cgroup-v2.rst (`memory.max`).

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

/// Control groups of the memory controller.
#[derive(Debug, PartialEq, Eq)]
struct Groups {
    /// The one that this process is in.
    own: PathBuf,
    /// The one that ours is made in.
    parent: PathBuf,
    /// File of a group that has its limit.
    limit: &'static str,
}

impl MemoryLimit {
    /// Moves this process into a new group that may take `bytes`. What it has stays charged to the
    /// group that it was in; pages that it brings into the page cache from now on count.
    pub(super) fn new(bytes: u64) -> Result<Self, LimitError> {
        let read =
            |path| fs::read_to_string(path).map_err(|cause| refused("reading", Path::new(path), cause));
        let groups = Groups::find(&read("/proc/self/cgroup")?, &read("/proc/self/mountinfo")?)
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

impl Groups {
    /// From `/proc/self/cgroup` and `/proc/self/mountinfo`; none without the controller.
    fn find(cgroup: &str, mountinfo: &str) -> Option<Self> {
        let groups = || {
            cgroup.lines().filter_map(|line| {
                let mut fields = line.splitn(3, ':').skip(1);
                Some((fields.next()?, fields.next()?))
            })
        };
        let has = |list: &str, word| list.split(',').any(|one| one == word);
        if let Some((_, path)) = groups().find(|(controllers, _)| has(controllers, "memory")) {
            let own = mounted(mountinfo, path, |kind, options| kind == "cgroup" && has(options, "memory"))?;
            return Some(Self { parent: own.clone(), own, limit: "memory.limit_in_bytes" });
        }
        let (_, path) = groups().find(|(controllers, _)| controllers.is_empty())?;
        let own = mounted(mountinfo, path, |kind, _| kind == "cgroup2")?;
        // Version 2 gives its controllers to groups below one that has no processes of its own, which
        // the parent of this one is; the first of all may have both.
        let parent = if path == "/" { own.clone() } else { own.parent()?.to_owned() };
        Some(Self { own, parent, limit: "memory.max" })
    }
}

/// Where a group is to be found in the file system: below the mount that is `of_kind`, by type and
/// options.
fn mounted(mountinfo: &str, path: &str, of_kind: impl Fn(&str, &str) -> bool) -> Option<PathBuf> {
    mountinfo.lines().find_map(|line| {
        // See proc_pid_mountinfo(5): what is after the hyphen is the file system's.
        let (mount, system) = line.split_once(" - ")?;
        let mut system = system.split(' ');
        let kind = system.next()?;
        if !of_kind(kind, system.nth(1)?) {
            return None;
        }
        let mut mount = mount.split(' ').skip(3);
        let (root, at) = (mount.next()?, mount.next()?);
        let below = Path::new(path).strip_prefix(root).ok()?;
        Some(if below.as_os_str().is_empty() { PathBuf::from(at) } else { Path::new(at).join(below) })
    })
}

/// Removes groups of processes that were killed: a group that is in use refuses.
fn sweep(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            let _ = fs::remove_dir(entry.path());
        }
    }
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
    fn the_group_is_found_in_both_versions_below_the_root_of_its_mount() {
        let first = "36 24 0:31 / /sys/fs/cgroup/memory rw,relatime shared:5 - cgroup cgroup rw,memory\n";
        let second = "25 24 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n";
        let groups = Groups::find("4:memory:/a/b\n0::/\n", &format!("{second}{first}")).unwrap();
        let own = PathBuf::from("/sys/fs/cgroup/memory/a/b");
        assert_eq!(groups, Groups { parent: own.clone(), own, limit: "memory.limit_in_bytes" });

        let groups = Groups::find("0::/user.slice/session\n", second).unwrap();
        assert_eq!(groups.own, Path::new("/sys/fs/cgroup/user.slice/session"));
        assert_eq!(groups.parent, Path::new("/sys/fs/cgroup/user.slice"));
        assert_eq!(groups.limit, "memory.max");
        assert_eq!(Groups::find("0::/\n", second).unwrap().parent, Path::new("/sys/fs/cgroup"));

        let inside = "36 24 0:31 /docker/x /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
        let groups = Groups::find("4:memory:/docker/x\n", inside).unwrap();
        assert_eq!(groups.own, Path::new("/sys/fs/cgroup/memory"));
        assert_eq!(Groups::find("4:cpu:/\n", first), None);
        assert_eq!(Groups::find("4:memory:/\n", second), None);
    }
}

//! Limits on memory that control groups have.
//!
//! Reference: `cgroups(7)`; Documentation/admin-guide/cgroup-v1/memory.rst (`memory.limit_in_bytes`)
//! and cgroup-v2.rst (`memory.max`).

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// Bytes that this process may still take; none where no group has a limit.
pub(super) fn available_memory() -> Option<u64> {
    let (groups, mounts) = (read_to_string("/proc/self/cgroup"), read_to_string("/proc/self/mountinfo"));
    MemoryGroups::find(&groups.ok()?, &mounts.ok()?)?.available()
}

/// Control groups of the memory controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryGroups {
    /// The one that this process is in.
    pub own: PathBuf,
    /// The one that new ones are made in.
    pub parent: PathBuf,
    /// File of a group that has its limit.
    pub limit: &'static str,
}

impl MemoryGroups {
    /// From `/proc/self/cgroup` and `/proc/self/mountinfo`; none without the controller.
    pub fn find(cgroup: &str, mountinfo: &str) -> Option<Self> {
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

    /// Bytes that the own group and those above it leave, of which the least counts. The page cache makes
    /// way for a program's memory.
    fn available(&self) -> Option<u64> {
        let second = self.limit == "memory.max";
        let (usage, file) = if second { ("memory.current", "") } else { ("memory.usage_in_bytes", "total_") };
        let left = |group: &Path| -> Option<u64> {
            let number = |name: &str| read_to_string(group.join(name)).ok()?.trim().parse::<u64>().ok();
            let limit = number(self.limit)?;
            let stat = read_to_string(group.join("memory.stat")).unwrap_or_default();
            let cached = stat.lines().filter_map(|line| line.strip_prefix(file)?.split_once("active_file "));
            let cached: u64 = cached.filter_map(|(_, bytes)| bytes.parse::<u64>().ok()).sum();
            Some(limit.saturating_sub(number(usage)?.saturating_sub(cached)))
        };
        self.own.ancestors().take_while(|group| group.join("memory.stat").exists()).filter_map(left).min()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_is_found_in_both_versions_below_the_root_of_its_mount() {
        let first = "36 24 0:31 / /sys/fs/cgroup/memory rw,relatime shared:5 - cgroup cgroup rw,memory\n";
        let second = "25 24 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n";
        let groups = MemoryGroups::find("4:memory:/a/b\n0::/\n", &format!("{second}{first}")).unwrap();
        let own = PathBuf::from("/sys/fs/cgroup/memory/a/b");
        assert_eq!(groups, MemoryGroups { parent: own.clone(), own, limit: "memory.limit_in_bytes" });

        let groups = MemoryGroups::find("0::/user.slice/session\n", second).unwrap();
        assert_eq!(groups.own, Path::new("/sys/fs/cgroup/user.slice/session"));
        assert_eq!(groups.parent, Path::new("/sys/fs/cgroup/user.slice"));
        assert_eq!(groups.limit, "memory.max");
        assert_eq!(MemoryGroups::find("0::/\n", second).unwrap().parent, Path::new("/sys/fs/cgroup"));

        let inside = "36 24 0:31 /docker/x /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
        let groups = MemoryGroups::find("4:memory:/docker/x\n", inside).unwrap();
        assert_eq!(groups.own, Path::new("/sys/fs/cgroup/memory"));
        assert_eq!(MemoryGroups::find("4:cpu:/\n", first), None);
        assert_eq!(MemoryGroups::find("4:memory:/\n", second), None);
    }

    #[test]
    fn what_a_group_may_still_take_is_without_its_page_cache() {
        let root = tempfile::tempdir().unwrap();
        let own = root.path().join("a/b");
        std::fs::create_dir_all(&own).unwrap();
        let group = |at: &Path, limit: &str, usage: &str| {
            std::fs::write(at.join("memory.max"), limit).unwrap();
            std::fs::write(at.join("memory.current"), usage).unwrap();
            std::fs::write(at.join("memory.stat"), "anon 1\ninactive_file 300\nactive_file 200\n").unwrap();
        };
        group(&own, "max\n", "600\n");
        let groups = MemoryGroups { parent: own.clone(), own: own.clone(), limit: "memory.max" };
        assert_eq!(groups.available(), None);
        group(&root.path().join("a"), "1000\n", "800\n");
        assert_eq!(groups.available(), Some(700));
        group(&own, "400\n", "600\n");
        assert_eq!(groups.available(), Some(300));
    }
}

//! File systems of guests, and their disks: sparse images made on the host, without root.

use super::{BootError, program};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A file system that guests can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileSystem {
    /// ext4 on a disk.
    Ext4,
    /// XFS on a disk, with reflinks.
    Xfs,
    /// Btrfs on a disk.
    Btrfs,
    /// The guest's memory.
    Tmpfs,
}

impl FileSystem {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ext4, Self::Xfs, Self::Btrfs, Self::Tmpfs];

    /// Its name, for `mount(2)` and everywhere else.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ext4 => "ext4",
            Self::Xfs => "xfs",
            Self::Btrfs => "btrfs",
            Self::Tmpfs => "tmpfs",
        }
    }

    /// Where a guest mounts it.
    #[must_use]
    pub fn mount_point(self) -> PathBuf {
        Path::new("/mnt").join(self.name())
    }

    /// Whether it stands on a disk.
    #[must_use]
    pub fn needs_disk(self) -> bool {
        self != Self::Tmpfs
    }

    /// The option of the kernel's configuration.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Ext4 => "CONFIG_EXT4_FS",
            Self::Xfs => "CONFIG_XFS_FS",
            Self::Btrfs => "CONFIG_BTRFS_FS",
            Self::Tmpfs => "CONFIG_TMPFS",
        }
    }

    /// Makes a disk image of `bytes` with this file system at `path`, with features that Linux
    /// 5.10 mounts, whatever the version of the tools; tmpfs needs none.
    ///
    /// # Errors
    /// A missing tool, or one that refuses.
    pub fn make_disk(self, path: &Path, bytes: u64) -> Result<(), BootError> {
        let (tool, package) = match self {
            Self::Ext4 => ("mkfs.ext4", "e2fsprogs"),
            Self::Xfs => ("mkfs.xfs", "xfsprogs"),
            Self::Btrfs => ("mkfs.btrfs", "btrfs-progs"),
            Self::Tmpfs => return Ok(()),
        };
        let host = |source| BootError::Host { act: format!("making the disk {}", path.display()), source };
        File::create(path).and_then(|file| file.set_len(bytes)).map_err(host)?;
        let asked = |words: &[&str]| program::output(program::find(tool, package)?.args(words));
        let mut command = program::find(tool, package)?;
        match self {
            Self::Ext4 => command.args(EXT4),
            Self::Xfs => command.args(xfs_arguments(&asked(&["-V"])?)),
            Self::Btrfs => command.args(BTRFS).args(btrfs_features(&asked(&["-O", "list-all"])?)),
            Self::Tmpfs => return Ok(()),
        };
        program::output(command.arg(path)).map(drop)
    }
}

/// `none` first, so that defaults of newer tools (`orphan_file`, `metadata_csum_seed`) stay out;
/// nothing is left for the kernel to initialise in the background; owned by root, whoever makes it.
const EXT4: [&str; 6] = [
    "-qF",
    "-O",
    "none,has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,\
     huge_file,dir_nlink,extra_isize,metadata_csum",
    "-E",
    "lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
    "--",
];

const BTRFS: [&str; 6] =
    ["--quiet", "--force", "--nodesize=16k", "--sectorsize=4k", "--metadata=dup", "--data=single"];

/// The oldest kernel that must mount a disk.
const OLDEST: (u32, u32) = (5, 10);

/// Switches off what is a default of the tool and unknown to the oldest kernel, by what
/// `mkfs.btrfs -O list-all` prints: `name  - what it is (compat=5.1, safe=5.2, default=5.3)`.
fn btrfs_features(list: &str) -> Vec<String> {
    let too_new = list.lines().filter_map(|line| {
        let name = line.split_whitespace().next()?;
        let (_, since) = line.split_once("(compat=")?;
        let since = since.split([',', ')']).next()?;
        (line.contains("default=") && version(since) > OLDEST).then(|| format!("^{name}"))
    });
    let features: Vec<String> = too_new.collect();
    if features.is_empty() { Vec::new() } else { vec!["-O".to_owned(), features.join(",")] }
}

/// Options of `mkfs.xfs` with the version that first knew them; older versions refuse them.
const XFS: [((u32, u32), &str, &str); 7] = [
    ((0, 0), "-m", "crc=1,finobt=1,rmapbt=0,reflink=1"),
    ((5, 10), "-m", "bigtime=0,inobtcount=0"),
    ((5, 19), "-i", "nrext64=0"),
    ((6, 10), "-i", "exchange=0"),
    ((6, 10), "-n", "parent=0"),
    ((6, 13), "-m", "metadir=0"),
    ((6, 18), "-m", "autofsck=0"),
];

/// `printed` is what `mkfs.xfs -V` prints: `mkfs.xfs version 6.1.0`.
fn xfs_arguments(printed: &str) -> Vec<&'static str> {
    let version = version(printed.trim().rsplit(' ').next().unwrap_or_default());
    let known = XFS.iter().filter(|(since, ..)| *since <= version);
    ["-q", "-f"].into_iter().chain(known.flat_map(|(_, group, options)| [*group, *options])).collect()
}

/// The first two numbers of a version; zeros where there are none.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

impl fmt::Display for FileSystem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for FileSystem {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|one| one.name() == name)
            .ok_or_else(|| format!("no file system {name}; one of {}", known()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for one in FileSystem::ALL {
            assert_eq!(one.name().parse(), Ok(one));
            assert_eq!(serde_json::to_string(&one).unwrap(), format!("\"{one}\""));
        }
        assert!("ntfs".parse::<FileSystem>().unwrap_err().contains("btrfs"));
    }

    #[test]
    fn xfs_gets_only_options_that_its_tool_knows() {
        let of = |version| xfs_arguments(version).join(" ");
        assert!(!of("mkfs.xfs version 5.4.0").contains("bigtime"));
        assert!(of("mkfs.xfs version 6.1.0").ends_with("-i nrext64=0"));
        assert!(of("mkfs.xfs version 6.15.0\n").contains("parent=0"));
        assert!(of("").contains("reflink=1"));
    }

    #[test]
    fn btrfs_goes_without_defaults_that_are_too_new() {
        let list = "no-holes            - no explicit holes (compat=3.14, safe=4.0, default=5.15)\n\
                    block-group-tree    - faster mounts (compat=6.1, safe=6.1, default=6.19)\n\
                    zoned               - support zoned devices (compat=5.12)\n";
        assert_eq!(btrfs_features(list), ["-O", "^block-group-tree"]);
        assert!(btrfs_features("").is_empty());
    }

    #[test]
    fn tmpfs_needs_no_disk() {
        FileSystem::Tmpfs.make_disk(Path::new("/nowhere/disk"), 0).unwrap();
        assert!(FileSystem::Ext4.make_disk(Path::new("/nowhere/disk"), 1).is_err());
    }
}

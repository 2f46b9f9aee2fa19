//! File systems, and what this program knows of each: one registry, a line each.
//!
//! What is not in it is measured and copied to as any other; only what is listed is known of.

pub mod mkfs;

use mkfs::Mkfs;
use rustix::fd::AsFd;
use rustix::fs::{AtFlags, StatxFlags, fstatfs, statx};
use rustix::io::Errno;
use std::fs::File;

/// What is known of a file system.
#[derive(Debug, PartialEq)]
pub struct FileSystem {
    /// Its name in the mount table, without a subtype, and in cell ids.
    pub name: &'static str,
    /// What `statfs(2)` calls it.
    magic: i64,
    /// Where its files are.
    pub store: Store,
    /// Whether a copy can be more than a copy: by shared extents, or by a server.
    pub may_share: bool,
    /// How guests get one.
    pub guest: Option<Guest>,
}

/// Where the files of a file system are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// On a block device of this kernel.
    Device,
    /// In its page cache and nowhere else.
    Memory,
    /// In the files of another, whose page cache it shares.
    Lower,
    /// With a server, which may have a cache of its own.
    Server,
}

/// A file system as a guest has it.
#[derive(Debug, PartialEq)]
pub struct Guest {
    /// The option of the kernel's configuration.
    pub option: &'static str,
    /// Makes its disk; none for memory.
    pub mkfs: Option<&'static Mkfs>,
}

/// Every file system that something is known of. ext2, ext3 and ext4 share a number and a driver,
/// virtiofs has that of FUSE.
pub static FILE_SYSTEMS: &[FileSystem] = &[
    FileSystem { may_share: false, guest: guest("CONFIG_EXT4_FS", &mkfs::EXT4), ..on_disk("ext4", 0xEF53) },
    FileSystem { guest: guest("CONFIG_XFS_FS", &mkfs::XFS), ..on_disk("xfs", 0x5846_5342) },
    FileSystem { guest: guest("CONFIG_BTRFS_FS", &mkfs::BTRFS), ..on_disk("btrfs", 0x9123_683E) },
    FileSystem {
        may_share: false,
        guest: guest("CONFIG_F2FS_FS", &mkfs::F2FS),
        ..on_disk("f2fs", 0xF2F5_2010)
    },
    FileSystem { may_share: false, guest: IN_MEMORY, ..stored("tmpfs", 0x0102_1994, Store::Memory) },
    on_disk("bcachefs", 0xCA45_1A4E),
    stored("overlay", 0x794C_7630, Store::Lower),
    stored("fuse", 0x6573_5546, Store::Server),
    stored("virtiofs", 0x6573_5546, Store::Server),
    stored("9p", 0x0102_1997, Store::Server),
    stored("nfs", 0x6969, Store::Server),
    stored("cifs", 0xFE53_4D42, Store::Server),
];

const IN_MEMORY: Option<Guest> = Some(Guest { option: "CONFIG_TMPFS", mkfs: None });

const fn guest(option: &'static str, mkfs: &'static Mkfs) -> Option<Guest> {
    Some(Guest { option, mkfs: Some(mkfs) })
}

const fn on_disk(name: &'static str, magic: i64) -> FileSystem {
    stored(name, magic, Store::Device)
}

const fn stored(name: &'static str, magic: i64, store: Store) -> FileSystem {
    FileSystem { name, magic, store, may_share: true, guest: None }
}

impl FileSystem {
    /// The one of that name; that of `fuse.sshfs` is `fuse`, as the mount table writes subtypes.
    pub fn named(name: &str) -> Option<&'static Self> {
        let driver = name.split_once('.').map_or(name, |(driver, _subtype)| driver);
        FILE_SYSTEMS.iter().find(|one| one.name == driver)
    }

    /// The one that holds `file`; none that is known.
    pub fn of(file: impl AsFd) -> Result<Option<&'static Self>, Errno> {
        let magic = fstatfs(file)?.f_type as i64;
        Ok(FILE_SYSTEMS.iter().find(|one| one.magic == magic))
    }
}

/// Which cache a file that is cold on the file system of that name is not in.
pub fn cold_level(name: &str) -> &'static str {
    match FileSystem::named(name).map(|known| known.store) {
        Some(Store::Server) => "this mount's page cache; its server may have one",
        _ => "this kernel's page cache",
    }
}

/// Type of the file system that holds `file`, as the mount table names it (`ext4`, `fuse.sshfs`). Errors:
/// the errno of `statx(2)` or `statfs(2)`.
pub fn name(file: &File) -> Result<String, Errno> {
    if let Some(name) = mounted(file)? {
        return Ok(name);
    }
    // Without a readable mount table, the number of statfs(2) still tells it apart.
    match FileSystem::of(file)? {
        Some(known) => Ok(known.name.to_owned()),
        None => Ok(format!("fs-{:x}", fstatfs(file)?.f_type)),
    }
}

/// Looks up the mount that `file` is on in `/proc/self/mountinfo`, by its id.
fn mounted(file: &File) -> Result<Option<String>, Errno> {
    let stat = statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)?;
    let Ok(table) = std::fs::read_to_string("/proc/self/mountinfo") else {
        return Ok(None);
    };
    let id = stat.stx_mnt_id.to_string();
    let line = table.lines().find(|line| line.split(' ').next() == Some(&id));
    Ok(line.and_then(type_of_mount).map(str::to_owned))
}

/// The field after the separator `-` (`proc_pid_mountinfo(5)`).
fn type_of_mount(line: &str) -> Option<&str> {
    line.split_once(" - ")?.1.split(' ').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_stands_after_the_optional_fields() {
        let line = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=continue";
        assert_eq!(type_of_mount(line), Some("ext3"));
    }

    #[test]
    fn a_subtype_is_of_its_driver() {
        assert_eq!(FileSystem::named("fuse.fuse-overlayfs").map(|one| one.store), Some(Store::Server));
        assert_eq!(FileSystem::named("ntfs"), None);
    }

    #[test]
    fn names_are_unique_and_the_number_and_the_mount_table_agree() {
        let names: std::collections::BTreeSet<_> = FILE_SYSTEMS.iter().map(|one| one.name).collect();
        assert_eq!(names.len(), FILE_SYSTEMS.len());
        for path in ["/", "/dev/shm", "/tmp"] {
            let Ok(file) = File::open(path) else { continue };
            if let (Some(known), name) = (FileSystem::of(&file).unwrap(), name(&file).unwrap()) {
                let other = FileSystem::named(&name).map(|other| other.magic);
                assert!(other.is_none_or(|magic| magic == known.magic), "{path}: {name} {known:?}");
            }
        }
    }
}

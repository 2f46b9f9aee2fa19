//! File systems of guests, and their disks: sparse images made on the host, without root.

use super::{BootError, program};
use crate::sys::file_system::{self as registry, FILE_SYSTEMS, Guest};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A file system that guests can have: a line of the registry.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub struct FileSystem {
    known: &'static registry::FileSystem,
    guest: &'static Guest,
}

impl FileSystem {
    pub fn all() -> impl Iterator<Item = Self> {
        FILE_SYSTEMS.iter().filter_map(|known| Some(Self { known, guest: known.guest.as_ref()? }))
    }

    /// Its name, for `mount(2)` and everywhere else.
    pub fn name(self) -> &'static str {
        self.known.name
    }

    /// Where a guest mounts it.
    pub fn mount_point(self) -> PathBuf {
        Path::new("/mnt").join(self.name())
    }

    /// Whether it stands on a disk.
    pub fn needs_disk(self) -> bool {
        self.guest.mkfs.is_some()
    }

    /// The option of the kernel's configuration.
    pub(super) fn option(self) -> &'static str {
        self.guest.option
    }

    /// Makes a disk image of `bytes` with this file system at `path`; one in memory needs none. Errors: a
    /// missing tool, or one that refuses.
    pub fn make_disk(self, path: &Path, bytes: u64) -> Result<(), BootError> {
        let Some(mkfs) = self.guest.mkfs else { return Ok(()) };
        let host = |source| BootError::Host { act: format!("making the disk {}", path.display()), source };
        File::create(path).and_then(|file| file.set_len(bytes)).map_err(host)?;
        let tool = || program::find(mkfs.program, mkfs.package);
        let mut command = tool()?;
        if let Some(asked) = &mkfs.asked {
            command.args((asked.arguments)(&program::output(tool()?.args(asked.question))?));
        }
        program::output(command.args(mkfs.arguments).arg(path)).map(drop)
    }
}

impl PartialEq for FileSystem {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for FileSystem {}

impl fmt::Display for FileSystem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl From<FileSystem> for &'static str {
    fn from(one: FileSystem) -> Self {
        one.name()
    }
}

impl TryFrom<String> for FileSystem {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl FromStr for FileSystem {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::all().find(|one| one.name() == name).ok_or_else(|| {
            let known: Vec<_> = Self::all().map(Self::name).collect();
            format!("no file system {name}; one of {}", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for one in FileSystem::all() {
            assert_eq!(one.name().parse(), Ok(one));
            let text = serde_json::to_string(&one).unwrap();
            assert_eq!(text, format!("\"{one}\""));
            assert_eq!(serde_json::from_str::<FileSystem>(&text).unwrap(), one);
        }
        assert!("ntfs".parse::<FileSystem>().unwrap_err().contains("btrfs"));
    }

    #[test]
    fn tmpfs_needs_no_disk() {
        let named = |name: &str| name.parse::<FileSystem>().unwrap();
        named("tmpfs").make_disk(Path::new("/nowhere/disk"), 0).unwrap();
        assert!(named("ext4").make_disk(Path::new("/nowhere/disk"), 1).is_err());
    }
}

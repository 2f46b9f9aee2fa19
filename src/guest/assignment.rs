use super::FileSystem;
use crate::record::Clock;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where the guest finds its assignment.
pub(super) const PATH: &str = "/assignment.json";
/// The device that takes record lines, the second serial port.
pub(super) const RECORDS: &str = "/dev/ttyS1";

/// What the host wants of a guest: a small JSON file in its initramfs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Modules to insert, in this order.
    pub modules: Vec<Insertion>,
    /// File systems to mount, in this order.
    pub mounts: Vec<Mount>,
    /// The guest's own time to sleep before it begins, in milliseconds, so that what the boot
    /// left to do in the background is over.
    pub settle_milliseconds: u64,
    /// The command to run, its program first, as if it had been typed; what takes a directory
    /// does it for each mount.
    pub argv: Vec<String>,
    /// Number of this boot among those of its kernel, from 1: its process in the record.
    pub boot: u32,
    /// What the guest's clock counts.
    pub clock: Clock,
}

/// A module in the initramfs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insertion {
    /// The file, perhaps compressed.
    pub path: PathBuf,
    /// Whether to give up where it can't be inserted; others serve some processors only.
    pub required: bool,
}

/// A file system to mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Its kind, and the serial number of its disk.
    pub file_system: FileSystem,
    /// Where the command will find it.
    pub at: PathBuf,
}

impl Mount {
    /// A file system where [`FileSystem::mount_point`] says.
    pub fn of(file_system: FileSystem) -> Self {
        Self { file_system, at: file_system.mount_point() }
    }
}

//! Reads that the block device below a file has completed.
//!
//! Reference: Documentation/block/stat.rst (`/sys/dev/block/MAJOR:MINOR/stat`).

use rustix::fs::{fstat, major, minor};
use std::fs::{self, File};
use std::path::PathBuf;

/// The counter of one device, which counts for all who use it.
#[derive(Debug)]
pub struct DeviceReads(PathBuf);

impl DeviceReads {
    /// That of the device that `file` lies on; none where the file system has none of its own, as
    /// tmpfs and btrfs.
    pub fn of(file: &File) -> Option<Self> {
        let device = fstat(file).ok()?.st_dev;
        let path = format!("/sys/dev/block/{}:{}/stat", major(device), minor(device));
        let reads = Self(path.into());
        reads.count().map(|_| reads)
    }

    /// Reads so far; adjacent ones that were merged into one are one.
    pub fn count(&self) -> Option<u64> {
        fs::read_to_string(&self.0).ok()?.split_ascii_whitespace().next()?.parse().ok()
    }
}

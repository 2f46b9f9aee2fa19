use crate::sys::TMPFS_MAGIC;
use rustix::fs::fstatfs;
use rustix::io::Errno;
use std::fs::File;

/// The name of the file system that holds `file`, as records spell it; `other` for those that the
/// choice knows nothing about.
pub(super) fn name(file: &File) -> Result<&'static str, Errno> {
    // Magic numbers of statfs(2); ext2, ext3 and ext4 share one, and one driver.
    Ok(match fstatfs(file)?.f_type as i64 {
        0xEF53 => "ext4",
        0x5846_5342 => "xfs",
        0x9123_683E => "btrfs",
        TMPFS_MAGIC => "tmpfs",
        _ => "other",
    })
}

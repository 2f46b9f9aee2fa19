//! The flags of a file: those of `chattr(1)`, and what XFS and ext4 keep beside them (extent size hints,
//! project).
//!
//! Reference: `ioctl_iflags(2)`, `ioctl_xfs_fsgetxattr(2)`.

use rustix::fd::AsFd;
use rustix::fs::{IFlags, ioctl_getflags, ioctl_setflags};
use rustix::io::Errno;
use rustix::ioctl::{Getter, Opcode, Setter, ioctl, opcode};

/// `struct fsxattr` of the kernel.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
struct Extended {
    flags: u32,
    extent_size: u32,
    extents: u32,
    project: u32,
    copy_on_write_extent_size: u32,
    padding: [u8; 8],
}

const FS_IOC_FSGETXATTR: Opcode = opcode::read::<Extended>(b'X', 31);
const FS_IOC_FSSETXATTR: Opcode = opcode::write::<Extended>(b'X', 32);

/// Flags that tell how the content is stored: huge, by extents, beyond the end, inside the inode.
const OF_THE_CONTENT: u32 = 0x0004_0000 | 0x0008_0000 | 0x0040_0000 | 0x1000_0000;

/// The same: preallocated, and whether there are extended attributes.
const OF_THE_CONTENT_EXTENDED: u32 = 0x2 | 0x8000_0000;

/// The flags of a file that its content does not bring about; equal for files that are treated alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InodeFlags {
    flags: Option<u32>,
    extended: Option<[u32; 4]>,
}

impl InodeFlags {
    /// Those of `file`; none on a file system that has none.
    ///
    /// # Errors
    /// Where it is not known whether there are any.
    pub fn of(file: impl AsFd) -> Result<Self, Errno> {
        let flags = if_known(ioctl_getflags(&file))?.map(|flags| flags.bits() & !OF_THE_CONTENT);
        let extended = if_known(get(&file))?.map(|raw| {
            let flags = raw.flags & !OF_THE_CONTENT_EXTENDED;
            [flags, raw.extent_size, raw.project, raw.copy_on_write_extent_size]
        });
        Ok(Self { flags, extended })
    }

    /// Gives `file`, which should be empty, these flags. What it did not take shows when it is asked
    /// for its own again.
    ///
    /// # Errors
    /// Those of `ioctl(2)`.
    pub fn give(self, file: impl AsFd) -> Result<(), Errno> {
        let has = Self::of(&file)?;
        if let (Some(wanted), true) = (self.extended, has.extended != self.extended) {
            let old = get(&file)?;
            let [flags, extent_size, project, copy_on_write_extent_size] = wanted;
            let flags = flags | old.flags & OF_THE_CONTENT_EXTENDED;
            set(&file, Extended { flags, extent_size, project, copy_on_write_extent_size, ..old })?;
        }
        if let (Some(wanted), true) = (self.flags, Self::of(&file)?.flags != self.flags) {
            let old = ioctl_getflags(&file)?.bits() & OF_THE_CONTENT;
            ioctl_setflags(&file, IFlags::from_bits_retain(wanted | old))?;
        }
        Ok(())
    }
}

/// Nothing where the file system knows no such call; any other errno may be a sandbox's, which hides what
/// there is.
fn if_known<T>(result: Result<T, Errno>) -> Result<Option<T>, Errno> {
    match result {
        Err(Errno::NOTTY) => Ok(None),
        other => other.map(Some),
    }
}

fn get(file: impl AsFd) -> Result<Extended, Errno> {
    // SAFETY: the kernel fills in a structure of the layout that the number stands for.
    unsafe { ioctl(file, Getter::<FS_IOC_FSGETXATTR, Extended>::new()) }
}

fn set(file: impl AsFd, extended: Extended) -> Result<(), Errno> {
    // SAFETY: the structure has the layout that the number stands for, and the kernel only reads it.
    unsafe { ioctl(file, Setter::<FS_IOC_FSSETXATTR, Extended>::new(extended)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_takes_the_flags_of_another() {
        let directory = crate::sys::test_directory();
        let [one, other] = [(), ()].map(|()| tempfile::tempfile_in(&directory).unwrap());
        let before = InodeFlags::of(&one).unwrap();
        let no_dump = IFlags::NODUMP;
        if ioctl_getflags(&one).and_then(|flags| ioctl_setflags(&one, flags | no_dump)).is_err() {
            // A file system without flags.
            assert_eq!(before, InodeFlags::of(&other).unwrap());
            return;
        }
        let flags = InodeFlags::of(&one).unwrap();
        assert_ne!(flags, before);
        flags.give(&other).unwrap();
        assert_eq!(InodeFlags::of(&other).unwrap(), flags);
        before.give(&other).unwrap();
        assert_eq!(InodeFlags::of(&other).unwrap(), before);
    }
}

//! What a file has beside its content: mode, times, owner, extended attributes.

use super::CopierError;
use super::event::Event;
use crate::sys::errno::describe;
use rustix::fs::{
    Gid, Mode, Stat, Timespec, Timestamps, Uid, XattrFlags, fchmod, fchown, fgetxattr, flistxattr,
    flistxattr_query, fsetxattr, fstat, futimens,
};
use rustix::io::Errno;
use std::ffi::CStr;
use std::fs::File;
use std::path::Path;

/// Bits that a copy may have. Set-user-ID and the like vouch for a content, so other content does
/// not inherit them.
const PERMISSIONS: u32 = 0o777;

/// Attributes that vouch for the content, or are the file system's own affair.
const NOT_TAKEN: [&[u8]; 3] = [b"security.capability", b"security.ima", b"security.evm"];

/// The mode of a new file: the source's, less what the process's mask forbids.
pub(super) fn mode_of_new(source: &Stat) -> Mode {
    // There is no other call that tells the mask of a process without reading procfs.
    let mask = rustix::process::umask(Mode::empty());
    rustix::process::umask(mask);
    Mode::from_raw_mode(source.st_mode & PERMISSIONS & !mask.as_raw_mode())
}

/// The mode of a file that takes the place of another.
pub(super) fn mode_of_replaced(target: &Stat) -> Mode {
    Mode::from_raw_mode(target.st_mode & PERMISSIONS)
}

/// Gives `file` the owner and the extended attributes, access lists among them, of `other`.
///
/// # Errors
/// Where this user may not, or the file system does not know them.
pub(super) fn adopt(file: &File, other: &File) -> Result<(), Errno> {
    let (is, wanted) = (fstat(file)?, fstat(other)?);
    if (is.st_uid, is.st_gid) != (wanted.st_uid, wanted.st_gid) {
        fchown(file, Some(Uid::from_raw(wanted.st_uid)), Some(Gid::from_raw(wanted.st_gid)))?;
    }
    let size = match flistxattr_query(other) {
        Ok(0) | Err(Errno::OPNOTSUPP) => return Ok(()),
        other => other?,
    };
    let mut names = vec![0_u8; size];
    let length = flistxattr(other, &mut names[..])?;
    for name in names[..length].split_inclusive(|byte| *byte == 0) {
        let name = CStr::from_bytes_with_nul(name).map_err(|_| Errno::INVAL)?;
        if NOT_TAKEN.contains(&name.to_bytes()) {
            continue;
        }
        let mut value = vec![0_u8; rustix::fs::fgetxattr_query(other, name)?.max(1)];
        let length = fgetxattr(other, name, &mut value[..])?;
        fsetxattr(file, name, &value[..length], XattrFlags::empty())?;
    }
    Ok(())
}

/// Sets mode and times, last of all, so that nothing can be opened before it is complete and no
/// write moves the times again.
pub(super) fn finish(
    file: &File,
    path: &Path,
    mode: Option<Mode>,
    source: &Stat,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), CopierError> {
    if let Some(mode) = mode {
        set_mode(file, path, mode, tell)?;
    }
    let set = futimens(file, &times(source));
    if_kept("times", set, tell).map_err(CopierError::call("setting the times of", path))
}

/// Sets the mode.
pub(super) fn set_mode(
    file: &File,
    path: &Path,
    mode: Mode,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), CopierError> {
    if_kept("mode", fchmod(file, mode), tell).map_err(CopierError::call("setting the mode of", path))
}

/// What a file system does not keep (vfat), or the owner alone may set, is told and no error.
fn if_kept(
    what: &'static str,
    result: Result<(), Errno>,
    tell: &mut dyn FnMut(Event<'_>),
) -> Result<(), Errno> {
    match result {
        Err(errno @ (Errno::PERM | Errno::OPNOTSUPP)) => {
            tell(Event::NotKept { what, reason: describe(errno) });
            Ok(())
        }
        other => other,
    }
}

fn times(source: &Stat) -> Timestamps {
    let time = |seconds, nanoseconds| Timespec { tv_sec: seconds, tv_nsec: nanoseconds as _ };
    Timestamps {
        last_access: time(source.st_atime, source.st_atime_nsec),
        last_modification: time(source.st_mtime, source.st_mtime_nsec),
    }
}

//! What a file has beside its content: owner, mode, extended attributes, flags, times.

use super::event::Event;
use crate::sys::errno::describe;
use crate::sys::inode_flags::InodeFlags;
use rustix::fs::{
    Gid, Mode, Stat, Timespec, Timestamps, Uid, XattrFlags, fchmod, fchown, fgetxattr, fgetxattr_query,
    flistxattr, flistxattr_query, fremovexattr, fsetxattr, fstat, ftruncate, futimens,
};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::fs::File;

/// Bits that a copy may have. Set-user-ID and set-group-ID vouch for a content, so other content does
/// not inherit them.
const PERMISSIONS: u32 = 0o1777;
const SET_ID: u32 = 0o6000;

/// An attribute that does the same: what the program may do, whoever starts it.
const CAPABILITY: &CStr = c"security.capability";

/// The mode that a new file asks for. The umask or the directory's default access list is for the kernel
/// to apply: it alone knows which of them governs.
pub(super) fn mode_of_new(source: &Stat) -> Mode {
    Mode::from_raw_mode(source.st_mode & 0o777)
}

/// What stays with a file whatever is written to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Facts {
    owner: (u32, u32),
    mode: u32,
    /// All that this user may see, access lists among them.
    extended: BTreeMap<CString, Vec<u8>>,
    flags: InodeFlags,
}

/// A fact that another file cannot be given.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be kept otherwise{}", errno.map(|errno| format!(": {}", describe(errno))).unwrap_or_default())]
pub(super) struct Lost {
    what: String,
    pub(super) errno: Option<Errno>,
}

impl Facts {
    /// Those of `file`.
    pub(super) fn of(file: &File) -> Result<Self, Lost> {
        let stat = fstat(file).map_err(lost("owner and mode"))?;
        Ok(Self {
            owner: (stat.st_uid, stat.st_gid),
            mode: stat.st_mode & PERMISSIONS,
            extended: extended(file).map_err(lost("attributes"))?,
            flags: InodeFlags::of(file).map_err(lost("flags"))?,
        })
    }

    /// Gives them to `file`, all or in vain.
    ///
    /// The mode comes last, as whoever may open the file before must be one who may afterwards; and what
    /// was given is looked at again, as file systems say yes to what they do not keep.
    pub(super) fn give(&self, file: &File) -> Result<(), Lost> {
        let has = Self::of(file)?;
        if has.owner != self.owner {
            let (user, group) = self.owner;
            fchown(file, Some(Uid::from_raw(user)), Some(Gid::from_raw(group))).map_err(lost("the owner"))?;
        }
        self.flags.give(file).map_err(lost("flags"))?;
        for name in has.extended.keys().filter(|name| !self.extended.contains_key(*name)) {
            fremovexattr(file, name).map_err(lost(&format!("the absence of {}", name.to_string_lossy())))?;
        }
        for (name, value) in &self.extended {
            if has.extended.get(name) != Some(value) {
                fsetxattr(file, name, value, XattrFlags::empty()).map_err(lost(&name.to_string_lossy()))?;
            }
        }
        if fstat(file).map_err(lost("the mode"))?.st_mode & 0o7777 != self.mode {
            fchmod(file, Mode::from_raw_mode(self.mode)).map_err(lost("the mode"))?;
        }
        let has = Self::of(file)?;
        let differs = [
            (has.owner != self.owner, "the owner"),
            (has.mode != self.mode, "the mode"),
            (has.extended != self.extended, "attributes"),
            (has.flags != self.flags, "flags"),
        ];
        match differs.into_iter().find(|(differs, _)| *differs) {
            Some((_, what)) => Err(Lost { what: what.to_owned(), errno: None }),
            None => Ok(()),
        }
    }
}

fn lost(what: &str) -> impl FnOnce(Errno) -> Lost {
    let what = what.to_owned();
    move |errno| Lost { what, errno: Some(errno) }
}

/// The extended attributes, but for that which goes with the content.
fn extended(file: &File) -> Result<BTreeMap<CString, Vec<u8>>, Errno> {
    let size = match flistxattr_query(file) {
        Ok(0) => return Ok(BTreeMap::new()),
        other => other?,
    };
    let mut names = vec![0_u8; size];
    let length = flistxattr(file, &mut names[..])?;
    let mut found = BTreeMap::new();
    for name in names[..length].split_inclusive(|byte| *byte == 0) {
        let name = CStr::from_bytes_with_nul(name).map_err(|_| Errno::INVAL)?;
        if name == CAPABILITY {
            continue;
        }
        let mut value = vec![0_u8; fgetxattr_query(file, name)?.max(1)];
        let length = fgetxattr(file, name, &mut value[..])?;
        value.truncate(length);
        found.insert(name.to_owned(), value);
    }
    Ok(found)
}

/// Takes set-user-ID, set-group-ID and capabilities from a file before its content changes. Writes do that
/// for users without privileges, stores through a mapping for nobody.
pub(super) fn disarm(file: &File, tell: &mut dyn FnMut(Event<'_>)) {
    let armed = || (set_id(file).is_some(), fgetxattr_query(file, CAPABILITY).is_ok());
    let mut refusal = None;
    if let Some(mode) = set_id(file) {
        refusal = fchmod(file, mode).err();
    }
    if armed().1 {
        refusal = fremovexattr(file, CAPABILITY).err().or(refusal);
    }
    let Some(errno) = refusal else { return };
    // A new length takes both, even the one that the file has, and whoever may write may do that.
    if let Ok(stat) = fstat(file) {
        let _ = ftruncate(file, stat.st_size.unsigned_abs());
    }
    let reason = || describe(errno);
    if armed().0 {
        tell(Event::NotKept { what: "a mode without set-ID bits", reason: reason() });
    }
    if armed().1 {
        tell(Event::NotKept { what: "a mode without capabilities", reason: reason() });
    }
}

/// The mode without set-ID bits of a file that has some.
fn set_id(file: &File) -> Option<Mode> {
    let mode = fstat(file).ok()?.st_mode;
    (mode & SET_ID != 0).then(|| Mode::from_raw_mode(mode & PERMISSIONS))
}

/// Sets the times, after all that could move them again. cp does not keep them unless it is asked to, so
/// a refusal is told and no error.
pub(super) fn set_times(file: &File, source: &Stat, tell: &mut dyn FnMut(Event<'_>)) {
    let time = |seconds, nanoseconds| Timespec { tv_sec: seconds, tv_nsec: nanoseconds as _ };
    let times = Timestamps {
        last_access: time(source.st_atime, source.st_atime_nsec),
        last_modification: time(source.st_mtime, source.st_mtime_nsec),
    };
    if let Err(errno) = futimens(file, &times) {
        tell(Event::NotKept { what: "times", reason: describe(errno) });
    }
}

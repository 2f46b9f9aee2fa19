//! The entry of a directory that a path leads to. All that is done to a name is done by the open
//! directory, so that paths may be as long as they can get and a directory that is moved takes it along.

use crate::sys::errno::describe;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, PROC_SUPER_MAGIC, Stat, StatxAttributes, StatxFlags, fstatfs, openat,
    readlinkat, renameat, statat, statx,
};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// As many links as the kernel follows.
const MOST_LINKS: usize = 40;

/// Where the name of a target stands, the symlinks of its last component resolved.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) directory: Arc<OwnedFd>,
    pub(super) name: OsString,
    /// The directory, for mechanisms that take paths.
    pub(super) path: PathBuf,
}

impl Entry {
    /// The entry that `target` leads to.
    ///
    /// # Errors
    /// `ENOTSUP` where a link of procfs is on the way, as in `/dev/stdout` and `/dev/fd/3`: it leads to an
    /// open file, whatever name that has. Others where the way cannot be found.
    pub(super) fn find(target: &Path) -> Result<Self, Errno> {
        let (mut path, mut name) = split(target)?;
        let mut directory = open_directory(CWD, &path)?;
        for _ in 0..MOST_LINKS {
            let link = match readlinkat(&directory, &name, Vec::new()) {
                Err(Errno::INVAL | Errno::NOENT) => {
                    return Ok(Self { directory: Arc::new(directory), name, path });
                }
                other => PathBuf::from(OsString::from_vec(other?.into_bytes())),
            };
            if fstatfs(&directory)?.f_type == PROC_SUPER_MAGIC {
                return Err(Errno::NOTSUP);
            }
            let (parent, last) = split(&link)?;
            directory = open_directory(&directory, &parent)?;
            (path, name) = (path.join(parent), last);
        }
        Err(Errno::LOOP)
    }

    /// What has the name, without following it.
    pub(super) fn stat(&self) -> Result<Stat, Errno> {
        statat(&self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Why no other file can take the name of the one that has it, as far as that shows beforehand: a
    /// refusal that comes later may leave a second name behind that cannot be removed either.
    pub(super) fn is_fixed(&self) -> Option<String> {
        let has = |name: &OsStr, flags, attribute| {
            statx(&self.directory, name, flags, StatxFlags::TYPE)
                .is_ok_and(|stat| stat.stx_attributes.contains(attribute))
        };
        // Containers mount single files.
        if has(&self.name, AtFlags::SYMLINK_NOFOLLOW, StatxAttributes::MOUNT_ROOT) {
            return Some("no other file can take its name: it is a mount of its own".to_owned());
        }
        if has(OsStr::new(""), AtFlags::EMPTY_PATH, StatxAttributes::APPEND) {
            return Some("its directory gives up no name (chattr +a)".to_owned());
        }
        // Onto itself, this does nothing; a sandbox refuses it all the same.
        let renamed = renameat(&self.directory, &self.name, &self.directory, &self.name);
        renamed.err().map(|errno| format!("no other file may take its name: {}", describe(errno)))
    }
}

/// The directory and the last name of a path, which must have one.
fn split(path: &Path) -> Result<(PathBuf, OsString), Errno> {
    let bytes = path.as_os_str().as_bytes();
    let start = bytes.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
    let (directory, name) = bytes.split_at(start);
    if matches!(name, b"" | b"." | b"..") {
        return Err(Errno::NOTDIR);
    }
    let directory = if directory.is_empty() { b"." } else { directory };
    Ok((PathBuf::from(OsStr::from_bytes(directory)), OsStr::from_bytes(name).to_owned()))
}

fn open_directory(at: impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    openat(at, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

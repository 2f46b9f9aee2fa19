//! Where a copy is written: a new file that takes the target's name when it is complete, the
//! target itself, or a stream.

use super::attributes::{adopt, mode_of_new, mode_of_replaced};
use super::source::Source;
use super::staged::Staged;
use super::{CopierError, Request, When};
use crate::sys::errno::describe;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, StatxAttributes, StatxFlags, stat, statx};
use rustix::io::Errno;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub(super) enum Place {
    /// `path` is the target with symlinks resolved, `replaced` the file that has that name now.
    Staged { staged: Staged, path: PathBuf, mode: Mode, replaced: Option<File> },
    /// Written in place; `made` is the path of a target that did not exist, and its mode to be.
    Itself { file: File, made: Option<(PathBuf, Mode)>, reason: String },
    /// A pipe or a device.
    Stream { file: File },
}

impl Place {
    pub(super) fn find(request: &Request<'_>, source: &Source) -> Result<Self, CopierError> {
        let target = request.target;
        let there = match stat(target) {
            Err(Errno::NOENT) => return Self::new_file(request, source),
            other => other.map_err(CopierError::call("looking at the target", target))?,
        };
        if source.is(&there) {
            return Err(CopierError::Same(target.to_owned()));
        }
        match FileType::from_raw_mode(there.st_mode) {
            FileType::RegularFile => Self::existing(request, &there),
            FileType::Directory => {
                Err(CopierError::Target { path: target.to_owned(), kind: "a directory; name a file in it" })
            }
            FileType::Socket => Err(CopierError::Target { path: target.to_owned(), kind: "a socket" }),
            _ => open_stream(request),
        }
    }

    fn new_file(request: &Request<'_>, source: &Source) -> Result<Self, CopierError> {
        let target = request.target;
        let refuse = |kind| Err(CopierError::Target { path: target.to_owned(), kind });
        if rustix::fs::lstat(target).is_ok() {
            return refuse("a symlink to nothing; remove it or make the file that it names");
        }
        if target.as_os_str().as_bytes().ends_with(b"/") || target.file_name().is_none() {
            return refuse("no file, but a directory that does not exist");
        }
        let mode = mode_of_new(&source.stat);
        if request.part.is_whole() {
            let staged = stage(request, &directory_of(target))?;
            return Ok(Self::Staged { staged, path: target.to_owned(), mode, replaced: None });
        }
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
        let file = rustix::fs::open(target, flags, Mode::RUSR | Mode::WUSR)
            .map_err(CopierError::call("making the target", target))?;
        let made = Some((target.to_owned(), mode));
        Ok(Self::Itself { file: file.into(), made, reason: "a range".to_owned() })
    }

    fn existing(request: &Request<'_>, there: &Stat) -> Result<Self, CopierError> {
        let target = request.target;
        let opened = open_existing(target);
        let in_place = |opened: Result<File, Errno>, reason: &str| {
            let file = opened.map_err(CopierError::call("opening the target", target))?;
            Ok(Self::Itself { file, made: None, reason: reason.to_owned() })
        };
        if !request.part.is_whole() {
            return in_place(opened, "a range");
        }
        if there.st_nlink > 1 {
            return in_place(opened, "the target has several hard links");
        }
        // A program that runs cannot be written to, but another can take its name.
        let opened = match opened {
            Err(Errno::TXTBSY) => open_with(target, OFlags::RDONLY),
            Err(errno) => return in_place(Err(errno), ""),
            other => other,
        };
        let path = match target.canonicalize() {
            Ok(path) if !is_mount(&path) && is_same(&path, there) => path,
            _ => return in_place(opened, "no other file can take its name"),
        };
        let staged = match stage(request, &directory_of(&path)) {
            Ok(staged) => staged,
            Err(error) => match error.errno() {
                Some(errno @ (Errno::ACCESS | Errno::PERM | Errno::ROFS)) => {
                    return in_place(
                        opened,
                        &format!("its directory takes no new file: {}", describe(errno)),
                    );
                }
                _ => return Err(error),
            },
        };
        let replaced = opened.map_err(CopierError::call("opening the target", target))?;
        if let Err(errno) = adopt(&staged.file, &replaced) {
            let reason = format!("owner and attributes cannot be kept otherwise: {}", describe(errno));
            return in_place(open_existing(target), &reason);
        }
        Ok(Self::Staged { staged, path, mode: mode_of_replaced(there), replaced: Some(replaced) })
    }
}

fn stage(request: &Request<'_>, directory: &Path) -> Result<Staged, CopierError> {
    match request.strategy {
        Some(strategy) if strategy.takes_paths() => Staged::private(directory),
        _ => Staged::new(directory),
    }
}

/// Most mechanisms need no more than to write; those that map the target have to read too.
fn open_existing(path: &Path) -> Result<File, Errno> {
    match open_with(path, OFlags::RDWR) {
        Err(Errno::ACCESS) => open_with(path, OFlags::WRONLY),
        other => other,
    }
}

fn open_with(path: &Path, access: OFlags) -> Result<File, Errno> {
    rustix::fs::open(path, access | OFlags::CLOEXEC, Mode::empty()).map(File::from)
}

/// Opening a pipe waits for its reader, so that the copy cannot end before there is one.
fn open_stream(request: &Request<'_>) -> Result<Place, CopierError> {
    let path = request.target;
    let refused = [
        (request.verify, "--verify: what a pipe or a device was given cannot be read again"),
        (request.reflink == When::Always, "--reflink=always: a pipe or a device has no extents"),
        (request.part.span().target > 0, "--dst-offset: a pipe or a device is written as a stream"),
    ];
    if let Some((_, problem)) = refused.iter().find(|(asked, _)| *asked) {
        return Err(CopierError::Options((*problem).to_owned()));
    }
    let file = File::options().write(true).open(path);
    Ok(Place::Stream { file: file.map_err(CopierError::call("opening the target", path))? })
}

fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Whether something is mounted on the file itself, as containers do with single files.
fn is_mount(path: &Path) -> bool {
    statx(CWD, path, AtFlags::empty(), StatxFlags::TYPE)
        .is_ok_and(|stat| stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// Whether the resolved path still leads to that file: what `/proc/self/fd` resolves to may be the
/// name of a file that is gone.
fn is_same(path: &Path, there: &Stat) -> bool {
    stat(path).is_ok_and(|found| (found.st_dev, found.st_ino) == (there.st_dev, there.st_ino))
}

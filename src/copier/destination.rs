//! Where a copy is written: a new file that takes the target's name when it is complete, the
//! target itself, or a stream.

use super::attributes::{Facts, mode_of_new};
use super::entry::Entry;
use super::error::is_of_the_disk;
use super::request::refuse;
use super::source::Source;
use super::staged::{CLOSED, Staged};
use super::{CopierError, CopyRequest, When};
use crate::sys::errno::describe;
use crate::sys::file_system::{FileSystem, Store};
use crate::sys::temporary_name::{TemporaryName, names};
use rustix::fs::{FileType, Mode, OFlags, Stat, open, stat};
use rustix::io::Errno;
use std::fs::File;
use std::path::Path;

#[derive(Debug)]
pub(super) enum Destination {
    /// `replaced` is the file that has the name of `entry` now.
    Staged { staged: Staged, entry: Entry, replaced: Option<File> },
    /// The file that has the target's name, or one that was made under it.
    Itself(Itself),
    /// A pipe or a device.
    Stream { file: File },
}

/// A target that is written under its own name.
#[derive(Debug)]
pub(super) struct Itself {
    pub(super) file: File,
    /// The name of a target that did not exist.
    pub(super) made: Option<TemporaryName>,
    pub(super) reason: String,
}

impl Destination {
    pub(super) fn find(request: &CopyRequest<'_>, source: &Source) -> Result<Self, CopierError> {
        let target = request.target;
        let there = match stat(target) {
            Err(Errno::NOENT) => return Self::new_file(request, source),
            other => other.map_err(CopierError::call("looking at the target", target))?,
        };
        if source.is(&there) {
            return Err(CopierError::Same(target.to_owned()));
        }
        match FileType::from_raw_mode(there.st_mode) {
            FileType::RegularFile => Self::existing(request, source, &there),
            FileType::Directory => {
                Err(CopierError::Target { path: target.to_owned(), kind: "a directory; name a file in it" })
            }
            FileType::Socket => Err(CopierError::Target { path: target.to_owned(), kind: "a socket" }),
            _ => open_stream(request),
        }
    }

    fn new_file(request: &CopyRequest<'_>, source: &Source) -> Result<Self, CopierError> {
        let target = request.target;
        let refuse = |kind| Err(CopierError::Target { path: target.to_owned(), kind });
        if rustix::fs::lstat(target).is_ok() {
            return refuse("a symlink to nothing; remove it or make the file that it names");
        }
        if ends_in_directory(target) {
            return refuse("no file, but a directory that does not exist");
        }
        let stage = || {
            let entry = Entry::find(target)?;
            let staged = stage(request, &entry, mode_of_new(&source.stat))?;
            Ok(Self::Staged { staged, entry, replaced: None })
        };
        match may_be_staged(request, source).map_or_else(stage, |reason| Err(Refusal(reason.to_owned()))) {
            Ok(place) => Ok(place),
            Err(Refusal(reason)) => Ok(Self::Itself(Itself::make(request, source, reason)?)),
        }
    }

    fn existing(request: &CopyRequest<'_>, source: &Source, there: &Stat) -> Result<Self, CopierError> {
        let target = request.target;
        let failed = |errno| CopierError::call("opening the target", target)(errno);
        // A program that runs cannot be written to, but another can take its name.
        let (file, is_running) = match open_for_writing(request) {
            Err(Errno::TXTBSY) => {
                (open_with(target, OFlags::RDONLY).map_err(|_| failed(Errno::TXTBSY))?, true)
            }
            other => (other.map_err(failed)?, false),
        };
        let stage = || {
            if there.st_nlink > 1 {
                return Err(Refusal("the target has several hard links".to_owned()));
            }
            let known = FileSystem::of(&file).ok().flatten();
            if known.is_none_or(|known| known.store == Store::Server) {
                let reason = "its file system may keep more with a file than can be seen";
                return Err(Refusal(reason.to_owned()));
            }
            let entry = Entry::find(target)?;
            if entry.stat().map(|found| identity(&found)) != Ok(identity(there)) {
                return Err(Refusal("no other file can take its name".to_owned()));
            }
            if let Some(reason) = entry.is_fixed() {
                return Err(Refusal(reason));
            }
            Ok((stage(request, &entry, CLOSED)?, entry))
        };
        let staged =
            may_be_staged(request, source).map_or_else(stage, |reason| Err(Refusal(reason.to_owned())));
        let staged = match staged {
            Ok((staged, entry)) => adopt(&staged, &file, request)?.map(|()| (staged, entry)),
            Err(refusal) => Err(refusal),
        };
        match staged {
            Ok((staged, entry)) => Ok(Self::Staged { staged, entry, replaced: Some(file) }),
            Err(_) if is_running => Err(failed(Errno::TXTBSY)),
            Err(Refusal(reason)) => Ok(Self::Itself(Itself { file, made: None, reason })),
        }
    }
}

/// Why no other file can take the target's name.
struct Refusal(String);

/// Gives the staged file what the target has. Where the disk fails, the target stays as it is.
fn adopt(
    staged: &Staged,
    replaced: &File,
    request: &CopyRequest<'_>,
) -> Result<Result<(), Refusal>, CopierError> {
    let Err(lost) = Facts::of(replaced).and_then(|facts| facts.give(&staged.file)) else { return Ok(Ok(())) };
    match lost.errno.filter(|errno| is_of_the_disk(*errno)) {
        Some(errno) => Err(CopierError::call("keeping owner and attributes of", request.target)(errno)),
        None => Ok(Err(Refusal(lost.to_string()))),
    }
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        let reason = match errno {
            Errno::NOTSUP => "the path or the file system has it so",
            _ => "its directory takes no new file",
        };
        Self(format!("{reason}: {}", describe(errno)))
    }
}

impl Itself {
    /// A file under the target's own name, which nothing has.
    pub(super) fn make(
        request: &CopyRequest<'_>,
        source: &Source,
        reason: String,
    ) -> Result<Self, CopierError> {
        let target = request.target;
        let failed = || CopierError::call("making the target", target);
        // Those that store through a mapping of the target have to read it, and there is no second try.
        let access = if request.strategy.is_some() { OFlags::RDWR } else { OFlags::WRONLY };
        let flags = OFlags::CREATE | OFlags::EXCL | access | OFlags::CLOEXEC;
        let mut names = names();
        let file = File::from(open(target, flags, mode_of_new(&source.stat)).map_err(failed())?);
        let made = TemporaryName::of_file(&file, None, target.to_owned(), &mut names).map_err(failed())?;
        Ok(Self { file, made: Some(made), reason })
    }
}

/// Why there is no need to try.
fn may_be_staged(request: &CopyRequest<'_>, source: &Source) -> Option<&'static str> {
    match (request.part.is_whole(), source.is_stream()) {
        (false, _) => Some("a range"),
        // It cannot be read a second time, should the name be refused in the end.
        (_, true) => Some("the source is a stream"),
        _ => None,
    }
}

fn stage(request: &CopyRequest<'_>, entry: &Entry, mode: Mode) -> Result<Staged, Errno> {
    match request.strategy {
        Some(strategy) if strategy.takes_paths() => Staged::private(entry, mode),
        _ => Staged::unnamed(entry, mode),
    }
}

/// Most mechanisms need no more than to write; those that are named and map the target have to read too.
fn open_for_writing(request: &CopyRequest<'_>) -> Result<File, Errno> {
    let path = request.target;
    if request.strategy.is_some()
        && let Ok(file) = open_with(path, OFlags::RDWR)
    {
        return Ok(file);
    }
    open_with(path, OFlags::WRONLY)
}

fn open_with(path: &Path, access: OFlags) -> Result<File, Errno> {
    open(path, access | OFlags::CLOEXEC, Mode::empty()).map(File::from)
}

/// Opening a pipe waits for its reader, so that the copy cannot end before there is one.
fn open_stream(request: &CopyRequest<'_>) -> Result<Destination, CopierError> {
    let path = request.target;
    refuse(&[
        (request.verify, "--verify: what a pipe or a device was given cannot be read again"),
        (request.reflink == When::Always, "--reflink=always: a pipe or a device has no extents"),
        (request.part.span().target > 0, "--dst-offset: a pipe or a device is written as a stream"),
    ])?;
    let file = File::options().write(true).open(path);
    Ok(Destination::Stream { file: file.map_err(CopierError::call("opening the target", path))? })
}

/// Whether the path can only be that of a directory.
fn ends_in_directory(path: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;
    let bytes = path.as_os_str().as_bytes();
    matches!(bytes.rsplit(|byte| *byte == b'/').next(), Some(b"" | b"." | b".."))
}

pub(super) fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

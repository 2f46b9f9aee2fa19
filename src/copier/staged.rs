//! A copy that has no name, or a temporary one, until it is complete.

use super::CopierError;
use super::leftover::{self, Leftover, fresh_path, names};
use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags, chmod, flock, linkat, mkdir, open, rename};
use rustix::io::Errno;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// A file that will take the target's name.
#[derive(Debug)]
pub(super) struct Staged {
    pub(super) file: File,
    directory: PathBuf,
    /// The temporary name, where the file has one already.
    name: Option<Name>,
}

#[derive(Debug)]
struct Name {
    path: PathBuf,
    /// The same, or the directory that the file has for itself.
    _leftover: Leftover,
    /// That directory, locked.
    _lock: Option<File>,
}

/// Readable by nobody else before it is complete.
const MODE: Mode = Mode::RUSR.union(Mode::WUSR);

impl Staged {
    /// A file in `directory` without a name, or with a temporary one where the file system cannot
    /// do without.
    pub(super) fn new(directory: &Path) -> Result<Self, CopierError> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        match open(directory, flags, MODE) {
            Ok(fd) => Ok(Self { file: File::from(fd), directory: directory.to_owned(), name: None }),
            // EISDIR is what a kernel or a file system says that does not know the flag.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Self::named(directory),
            Err(errno) => Err(CopierError::call("making a file in", directory)(errno)),
        }
    }

    fn named(directory: &Path) -> Result<Self, CopierError> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let failed = CopierError::call("making a file in", directory);
        let (file, leftover) = make(directory, |path| open(path, flags, MODE)).map_err(failed)?;
        let file = File::from(file);
        lock(&file);
        let path = leftover.path().to_owned();
        let name = Some(Name { path, _leftover: leftover, _lock: None });
        Ok(Self { file, directory: directory.to_owned(), name })
    }

    /// A file in a directory of its own in `directory`, for mechanisms that take paths and may
    /// put another file, or a second one, there.
    pub(super) fn private(directory: &Path) -> Result<Self, CopierError> {
        let act = "making a directory in";
        let (_, leftover) =
            make(directory, |path| mkdir(path, Mode::RWXU)).map_err(CopierError::call(act, directory))?;
        let guard = File::open(leftover.path()).map_err(CopierError::call(act, directory))?;
        lock(&guard);
        let path = leftover.path().join("copy");
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
        let file = open(&path, flags, MODE).map_err(CopierError::call("making", &path))?;
        let name = Some(Name { path, _leftover: leftover, _lock: Some(guard) });
        Ok(Self { file: file.into(), directory: directory.to_owned(), name })
    }

    /// Its temporary name.
    pub(super) fn path(&self) -> Option<&Path> {
        self.name.as_ref().map(|name| name.path.as_path())
    }

    /// Opens what stands under the temporary name now: a program that was given the path may
    /// have put another file there, or taken away the permission to write.
    pub(super) fn open_again(&mut self) -> Result<(), CopierError> {
        let Some(path) = self.path().map(Path::to_owned) else { return Ok(()) };
        let act = "opening the copy";
        chmod(&path, MODE).map_err(CopierError::call(act, &path))?;
        self.file =
            File::options().read(true).write(true).open(&path).map_err(CopierError::call(act, &path))?;
        Ok(())
    }

    /// Gives it the name of the target, which is replaced in one step if it exists.
    pub(super) fn publish(self, target: &Path) -> Result<(), CopierError> {
        let act = "putting the complete copy in the place of";
        if let Some(name) = &self.name {
            return rename(&name.path, target).map_err(CopierError::call(act, target));
        }
        match self.link(target) {
            Err(Errno::EXIST) => {}
            other => return other.map_err(CopierError::call(act, target)),
        }
        // A link replaces nothing, a rename does. A signal waits until both are done.
        let mut names = names();
        let path = loop {
            let path = fresh_path(&self.directory);
            match self.link(&path) {
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(CopierError::call(act, target)(errno)),
                Ok(()) => break path,
            }
        };
        let name = Leftover::new(path, &mut names);
        let renamed = rename(name.path(), target);
        // The guard is needed to drop the name.
        drop(names);
        renamed.map_err(CopierError::call(act, target))
    }

    fn link(&self, path: &Path) -> Result<(), Errno> {
        let descriptor = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        match linkat(CWD, descriptor, CWD, path, AtFlags::SYMLINK_FOLLOW) {
            // Without procfs; this way takes the capability CAP_DAC_READ_SEARCH.
            Err(Errno::NOENT) => linkat(&self.file, "", CWD, path, AtFlags::EMPTY_PATH),
            other => other,
        }
    }
}

/// Makes something under a new temporary name, after removing what others left.
fn make<T>(
    directory: &Path,
    mut make: impl FnMut(&Path) -> Result<T, Errno>,
) -> Result<(T, Leftover), Errno> {
    leftover::sweep(directory);
    loop {
        let path = fresh_path(directory);
        let mut names = names();
        match make(&path) {
            Ok(made) => return Ok((made, Leftover::new(path, &mut names))),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Tells others that it is in use; a file system without locks has to trust them.
fn lock(file: &File) {
    let _ = flock(file, FlockOperation::NonBlockingLockExclusive);
}

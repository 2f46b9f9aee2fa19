//! A copy that has no name, or a temporary one, until it is complete.

use super::CopierError;
use super::leftover::{self, Leftover, fresh_path, names};
use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags, flock, linkat, open, rename};
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
    name: Option<Leftover>,
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

    /// A file in `directory` with a temporary name, for mechanisms that take paths.
    pub(super) fn named(directory: &Path) -> Result<Self, CopierError> {
        leftover::sweep(directory);
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        loop {
            let path = fresh_path(directory);
            let mut names = names();
            match open(&path, flags, MODE).map(File::from) {
                Ok(file) => {
                    let name = Leftover::new(path, &mut names);
                    // Tells others that it is in use; a file system without locks has to trust them.
                    let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
                    return Ok(Self { file, directory: directory.to_owned(), name: Some(name) });
                }
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(CopierError::call("making a file in", directory)(errno)),
            }
        }
    }

    /// Its temporary name.
    pub(super) fn path(&self) -> Option<&Path> {
        self.name.as_ref().map(Leftover::path)
    }

    /// Opens what stands under the temporary name now: a program that was given the path may
    /// have put another file there.
    pub(super) fn open_again(&mut self) -> Result<(), CopierError> {
        let Some(path) = self.path().map(Path::to_owned) else { return Ok(()) };
        let file = File::options().read(true).write(true).open(&path);
        self.file = file.map_err(CopierError::call("opening the copy", &path))?;
        Ok(())
    }

    /// Gives it the name of the target, which is replaced in one step if it exists.
    pub(super) fn publish(self, target: &Path) -> Result<(), CopierError> {
        let act = "putting the complete copy in the place of";
        if let Some(name) = &self.name {
            return rename(name.path(), target).map_err(CopierError::call(act, target));
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

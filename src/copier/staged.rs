//! A copy that has no name, or a temporary one, until it is complete.

use super::CopierError;
use crate::sys::leftover::{self, Leftover, fresh_path, names};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, chmod, linkat, open, rename};
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

const PREFIX: &str = ".copybench-copy.";

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
        sweep(directory);
        let held = leftover::file(directory, PREFIX, MODE)
            .map_err(CopierError::call("making a file in", directory))?;
        let path = held.leftover.path().to_owned();
        let name = Some(Name { path, _leftover: held.leftover, _lock: None });
        Ok(Self { file: held.file, directory: directory.to_owned(), name })
    }

    /// A file in a directory of its own in `directory`, for mechanisms that take paths and may
    /// put another file, or a second one, there.
    pub(super) fn private(directory: &Path) -> Result<Self, CopierError> {
        sweep(directory);
        let held = leftover::directory(directory, PREFIX)
            .map_err(CopierError::call("making a directory in", directory))?;
        let path = held.leftover.path().join("copy");
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
        let file = open(&path, flags, MODE).map_err(CopierError::call("making", &path))?;
        let name = Some(Name { path, _leftover: held.leftover, _lock: Some(held.file) });
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
        // A link replaces nothing, a rename does. A signal waits until both are done, and the lock
        // keeps sweeps off; a file system without locks has to trust them.
        let _ = leftover::lock(&self.file);
        let mut names = names();
        let path = loop {
            let path = fresh_path(&self.directory, PREFIX);
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

/// Removes what killed copies left. A directory that cannot be listed can still be written to.
fn sweep(directory: &Path) {
    let _ = leftover::sweep(directory, PREFIX);
}

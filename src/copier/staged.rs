//! A copy that has no name, or one in a directory of its own, until it is complete.

use super::CopierError;
use super::entry::Entry;
use crate::sys::temporary_name::{self, TemporaryName, fresh_name, names};
use rustix::fd::AsRawFd;
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, chmod, fstat, ftruncate, linkat, open, openat, renameat,
    renameat_with,
};
use rustix::io::Errno;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that will take the target's name.
#[derive(Debug)]
pub(super) struct Staged {
    pub(super) file: File,
    private: Option<Private>,
}

/// The name that it has in a directory of its own.
#[derive(Debug)]
struct Private {
    path: PathBuf,
    _directory: TemporaryName,
    /// That directory, locked.
    _lock: File,
}

const PREFIX: &str = ".copybench-copy.";

/// For what nobody else may read or write yet.
pub(super) const CLOSED: Mode = Mode::RUSR.union(Mode::WUSR);

impl Staged {
    /// A file without a name in the directory of `entry`.
    pub(super) fn unnamed(entry: &Entry, mode: Mode) -> Result<Self, Errno> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let file = openat(&entry.directory, ".", flags, mode)?;
        Ok(Self { file: file.into(), private: None })
    }

    /// A file in a directory of its own, for mechanisms that take paths and may put another file, or a
    /// second one, there.
    pub(super) fn private(entry: &Entry, mode: Mode) -> Result<Self, Errno> {
        // What killed copies left goes. A directory that cannot be listed can still be written to.
        let _ = temporary_name::sweep(&entry.path, PREFIX);
        let held = temporary_name::directory(&entry.path, PREFIX)?;
        let path = held.name.path().join("copy");
        let file = open(&path, OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC, mode)?;
        let private = Private { path, _directory: held.name, _lock: held.file };
        Ok(Self { file: file.into(), private: Some(private) })
    }

    /// Its name in a directory of its own.
    pub(super) fn path(&self) -> Option<&Path> {
        self.private.as_ref().map(|private| private.path.as_path())
    }

    /// Opens what stands under the name now: a program that was given the path may have put another
    /// file there, or taken away the permission to write.
    pub(super) fn open_again(&mut self) -> Result<(), CopierError> {
        let Some(path) = self.path().map(Path::to_owned) else { return Ok(()) };
        let act = "opening the copy";
        chmod(&path, CLOSED).map_err(CopierError::call(act, &path))?;
        self.file =
            File::options().read(true).write(true).open(&path).map_err(CopierError::call(act, &path))?;
        Ok(())
    }

    /// Gives it the name of `entry`, which nothing has: `EEXIST` where something does.
    pub(super) fn appear(&self, entry: &Entry) -> Result<(), Errno> {
        let Some(path) = self.path() else { return self.link(entry, Path::new(&entry.name)) };
        match renameat_with(CWD, path, &entry.directory, &entry.name, RenameFlags::NOREPLACE) {
            // The flag is not for every kernel and file system.
            Err(Errno::INVAL | Errno::NOSYS) if matches!(entry.stat(), Err(Errno::NOENT)) => {
                renameat(CWD, path, &entry.directory, &entry.name)
            }
            other => other,
        }
    }

    /// Gives it the name of `entry`, which another file has, in one step.
    pub(super) fn replace(&self, entry: &Entry) -> Result<(), Errno> {
        if let Some(path) = self.path() {
            return renameat(CWD, path, &entry.directory, &entry.name);
        }
        // A link replaces nothing, a rename does. A signal waits until both are done, and the lock
        // keeps sweeps off; a file system without locks has to trust them.
        let _ = temporary_name::lock(&self.file);
        let mut names = names();
        let path = loop {
            let path = PathBuf::from(fresh_name(PREFIX));
            match self.link(entry, &path) {
                Err(Errno::EXIST) => {}
                other => break other.map(|()| path)?,
            }
        };
        let directory = Some(Arc::clone(&entry.directory));
        let name = TemporaryName::of_file(&self.file, directory, path, &mut names)?;
        let renamed = renameat(&entry.directory, name.path(), &entry.directory, &entry.name);
        // The guard is needed to drop the name.
        drop(names);
        drop(name);
        if renamed.is_err() && fstat(&self.file).is_ok_and(|stat| stat.st_nlink > 0) {
            // A name that can be removed no more stands for nothing at least.
            let _ = ftruncate(&self.file, 0);
        }
        renamed
    }

    fn link(&self, entry: &Entry, name: &Path) -> Result<(), Errno> {
        // Before Linux 6.10 this takes the capability CAP_DAC_READ_SEARCH, the other way procfs.
        match linkat(&self.file, "", &entry.directory, name, AtFlags::EMPTY_PATH) {
            Ok(()) => Ok(()),
            Err(Errno::EXIST) => Err(Errno::EXIST),
            Err(_) => {
                let descriptor = format!("/proc/self/fd/{}", self.file.as_raw_fd());
                linkat(CWD, descriptor, &entry.directory, name, AtFlags::SYMLINK_FOLLOW)
            }
        }
    }
}

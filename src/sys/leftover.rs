//! Names on disk that must not outlive their process. They go when they are dropped, when a signal
//! ends the process, and, where it was killed, with the next start that sweeps their directory.
//!
//! `flock(2)` tells who is alive: each is locked while it is in use, and a sweep removes what
//! nobody locks.

use rand::TryRng;
use rand::rngs::SysRng;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    AtFlags, CWD, FlockOperation, Mode, OFlags, Stat, flock, fstat, mkdir, open, statat, unlinkat,
};
use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// More than sweeps can follow one another in the moment between making a name and locking it.
const ATTEMPTS: u32 = 100;

/// Names that this process has to remove.
static NAMES: Mutex<Vec<Name>> = Mutex::new(Vec::new());

/// The names in use. While this is held, none comes or goes, and the handler of a signal waits.
pub type Names = MutexGuard<'static, Vec<Name>>;

/// A name that this process has to remove.
#[derive(Debug)]
pub struct Name {
    id: u64,
    /// What the path begins at; the current directory without it.
    directory: Option<Arc<OwnedFd>>,
    path: PathBuf,
    /// Device and inode of the one file that may be removed; anything without it.
    only: Option<(u64, u64)>,
}

/// Waits for the names in use.
pub fn names() -> Names {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name that is removed when dropped, unless the file has got another. What it names may be a
/// directory.
#[derive(Debug)]
pub struct Leftover {
    id: u64,
    path: PathBuf,
}

/// A new file or directory with a temporary name.
#[derive(Debug)]
pub struct Held {
    /// Open; its lock goes when it is closed.
    pub file: File,
    pub leftover: Leftover,
    /// Why it could not be locked: not every file system knows locks. There, no sweep can lock
    /// and remove anything either.
    pub locked: Result<(), Errno>,
}

impl Leftover {
    /// Takes care of a name that exists, whatever it names. The guard was taken before the name was made.
    fn new(path: PathBuf, names: &mut Names) -> Self {
        Self::note(None, path, None, names)
    }

    /// Takes care of a name of `file`; another file that gets the name stays. The path begins at
    /// `directory`, where there is one. The guard was taken before the name was made.
    ///
    /// # Errors
    /// That of `fstat(2)`.
    pub fn of_file(
        file: &File,
        directory: Option<Arc<OwnedFd>>,
        path: PathBuf,
        names: &mut Names,
    ) -> Result<Self, Errno> {
        let only = identity(&fstat(file)?);
        Ok(Self::note(directory, path, Some(only), names))
    }

    fn note(
        directory: Option<Arc<OwnedFd>>,
        path: PathBuf,
        only: Option<(u64, u64)>,
        names: &mut Names,
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        names.push(Name { id, directory, path: path.clone(), only });
        Self { id, path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the name stay.
    pub fn keep(self) {
        names().retain(|name| name.id != self.id);
    }
}

impl Drop for Leftover {
    fn drop(&mut self) {
        let mut names = names();
        if let Some(index) = names.iter().position(|name| name.id == self.id) {
            names.swap_remove(index).remove();
        }
    }
}

impl Name {
    fn remove(&self) {
        let Some(only) = self.only else { return remove(&self.path) };
        let directory: BorrowedFd<'_> = self.directory.as_ref().map_or(CWD, |directory| directory.as_fd());
        let found = statat(directory, &self.path, AtFlags::SYMLINK_NOFOLLOW);
        if found.is_ok_and(|found| identity(&found) == only) {
            // What cannot be removed stays; nobody waits for an answer.
            let _ = unlinkat(directory, &self.path, AtFlags::empty());
        }
    }
}

fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

/// Makes a directory for this user alone below `parent`, its name beginning with `prefix`.
///
/// # Errors
/// Those of `mkdir(2)` and `open(2)`; `EBUSY` where sweeps took every one.
pub fn directory(parent: &Path, prefix: &str) -> Result<Held, Errno> {
    make(parent, prefix, |path| {
        mkdir(path, Mode::RWXU)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        match open(path, flags, Mode::empty()) {
            // Swept already.
            Err(Errno::NOENT) => Ok(None),
            other => other.map(File::from).map(Some),
        }
    })
}

/// Makes a file in `parent`, open for reading and writing, its name beginning with `prefix`. Errors: those
/// of `open(2)`; `EBUSY` where sweeps took every one.
pub fn file(parent: &Path, prefix: &str, mode: Mode) -> Result<Held, Errno> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    make(parent, prefix, |path| open(path, flags, mode).map(File::from).map(Some))
}

/// Another thread or process that sweeps takes what has no lock for a leftover, and what is new
/// has none for a moment; so it is made anew until it is locked and still there. Whoever sweeps
/// holds the lock until it has removed the name, so what is there and locked stays.
fn make(
    parent: &Path,
    prefix: &str,
    create: impl Fn(&Path) -> Result<Option<File>, Errno>,
) -> Result<Held, Errno> {
    for _ in 0..ATTEMPTS {
        let path = parent.join(fresh_name(prefix));
        let mut names = names();
        let file = match create(&path) {
            Ok(Some(file)) => file,
            Ok(None) | Err(Errno::EXIST) => continue,
            Err(errno) => return Err(errno),
        };
        let locked = lock(&file);
        if locked != Err(Errno::WOULDBLOCK) && path.exists() {
            return Ok(Held { file, leftover: Leftover::new(path, &mut names), locked });
        }
    }
    Err(Errno::BUSY)
}

/// A name that nobody can foresee, and that no two callers get.
#[must_use]
pub fn fresh_name(prefix: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    // Where there is no randomness, a name that was foreseen costs one more attempt.
    let random = SysRng.try_next_u64().unwrap_or_else(|_| u64::from(std::process::id()));
    format!("{prefix}{random:016x}.{number}")
}

/// Tells sweeps that it is in use. Errors: those of `flock(2)`; `EWOULDBLOCK` where a sweep is about to
/// remove it.
pub fn lock(file: &File) -> Result<(), Errno> {
    flock(file, FlockOperation::NonBlockingLockExclusive)
}

/// Removes what killed processes left in `directory`: what has a name with that prefix and is locked by
/// nobody.
pub fn sweep(directory: &Path, prefix: &str) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let Ok(file) = open(entry.path(), flags, Mode::empty()).map(File::from) else { continue };
        if lock(&file).is_ok() {
            remove(&entry.path());
        }
    }
    Ok(())
}

/// From here on, SIGINT, SIGTERM and SIGHUP do `first`, which is told the signal, remove every name in use,
/// and end the process with 128 and the signal's number. Errors: that of starting the thread that hears of
/// signals or of installing their handlers; signals end the process as ever then, and names in use are left
/// to the next sweep.
pub fn clean_up_on_signals(first: impl FnOnce(i32) + Send + 'static) -> io::Result<()> {
    let (installed, handlers) = channel::<Signals>();
    // The thread first: with handlers and nobody to hear of them, a signal would do nothing.
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let Ok(mut signals) = handlers.recv() else { return };
        if let Some(signal) = signals.forever().next() {
            // Held until the end, so that no name is made behind our back.
            let mut names = names();
            first(signal);
            for name in names.drain(..) {
                name.remove();
            }
            std::process::exit(128 + signal);
        }
    })?;
    // The receiver waits for them.
    let _ = installed.send(Signals::new([SIGINT, SIGTERM, SIGHUP])?);
    Ok(())
}

/// Removes a file, or a directory with what is in it. What cannot be removed belongs to somebody else.
fn remove(path: &Path) {
    let is_directory = |error: &io::Error| error.kind() == io::ErrorKind::IsADirectory;
    if !std::fs::remove_file(path).is_err_and(|error| is_directory(&error)) {
        return;
    }
    // Threads and children that still work there may make a file between its emptying and its end.
    let is_filled = |error: &io::Error| error.kind() == io::ErrorKind::DirectoryNotEmpty;
    for _ in 0..ATTEMPTS {
        if !std::fs::remove_dir_all(path).is_err_and(|error| is_filled(&error)) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_start_together_leave_each_other_alone() {
        let parent = tempfile::tempdir().unwrap();
        let parent = parent.path();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                scope.spawn(move || {
                    for _ in 0..50 {
                        sweep(parent, ".x-").unwrap();
                        let made = match thread % 2 {
                            0 => directory(parent, ".x-"),
                            _ => file(parent, ".x-", Mode::RUSR | Mode::WUSR),
                        };
                        let held = made.unwrap();
                        assert_eq!(held.locked, Ok(()));
                        sweep(parent, ".x-").unwrap();
                        assert!(held.leftover.path().exists());
                    }
                });
            }
        });
        assert_eq!(std::fs::read_dir(parent).unwrap().count(), 0);
    }

    #[test]
    fn the_one_file_is_removed_and_no_other_that_got_its_name() {
        let parent = tempfile::tempdir().unwrap();
        let directory = || Some(Arc::new(OwnedFd::from(File::open(parent.path()).unwrap())));
        let path = parent.path().join("a");
        for (replaced, kept) in [(false, false), (true, false), (false, true)] {
            let file = File::create(&path).unwrap();
            let leftover = Leftover::of_file(&file, directory(), PathBuf::from("a"), &mut names()).unwrap();
            if replaced {
                std::fs::remove_file(&path).unwrap();
                std::fs::write(&path, "of another").unwrap();
            }
            if kept {
                leftover.keep();
            } else {
                drop(leftover);
            }
            assert_eq!(path.exists(), replaced || kept);
            let _ = std::fs::remove_file(&path);
        }
    }

    #[test]
    fn a_name_that_the_file_has_lost_is_forgotten() {
        let parent = tempfile::tempdir().unwrap();
        let held = file(parent.path(), ".x-", Mode::RUSR | Mode::WUSR).unwrap();
        let kept = parent.path().join("kept");
        std::fs::rename(held.leftover.path(), &kept).unwrap();
        drop(held);
        assert!(kept.exists());
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
    }
}

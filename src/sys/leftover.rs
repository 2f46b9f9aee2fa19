//! Names on disk that must not outlive their process. They go when they are dropped, when a signal
//! ends the process, and, where it was killed, with the next start that sweeps their directory.
//!
//! `flock(2)` tells who is alive: each is locked while it is in use, and a sweep removes what
//! nobody locks.

use rustix::fs::{FlockOperation, Mode, OFlags, flock, mkdir, open};
use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// More than sweeps can follow one another in the moment between making a name and locking it.
const ATTEMPTS: u32 = 100;

/// Names that this process has to remove.
static NAMES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The names in use. While this is held, none comes or goes, and the handler of a signal waits.
pub type Names = MutexGuard<'static, Vec<PathBuf>>;

/// Waits for the names in use.
pub fn names() -> Names {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name that is removed when dropped, unless the file has got another. What it names may be a
/// directory.
#[derive(Debug)]
pub struct Leftover(PathBuf);

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
    /// Takes care of a name that exists. The guard was taken before the name was made.
    pub fn new(path: PathBuf, names: &mut Names) -> Self {
        names.push(path.clone());
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Leftover {
    fn drop(&mut self) {
        let mut names = names();
        if names.contains(&self.0) {
            remove(&self.0);
        }
        names.retain(|name| *name != self.0);
    }
}

/// Makes a directory for this user alone below `parent`, its name beginning with `prefix`. Errors: those of
/// `mkdir(2)` and `open(2)`; `EBUSY` where sweeps took every one.
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
        let path = fresh_path(parent, prefix);
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

/// A path in `directory` that no other process or thread of ours takes.
pub fn fresh_path(directory: &Path, prefix: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    directory.join(format!("{prefix}{}.{number}", std::process::id()))
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
                remove(&name);
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

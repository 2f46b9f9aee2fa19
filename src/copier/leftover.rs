//! Temporary names: they go when the copy fails, when a signal ends it, and, where the process was
//! killed, with the next copy that needs one in the same directory.

use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

const PREFIX: &str = ".copybench-copy.";

/// Names that this process has to remove.
static NAMES: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The names in use. While this is held, the handler of a signal waits.
pub(super) fn names() -> MutexGuard<'static, Vec<PathBuf>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A path in `directory` that no other process or thread of ours takes.
pub(super) fn fresh_path(directory: &Path) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    directory.join(format!("{PREFIX}{}.{number}", std::process::id()))
}

/// Removes a file, or a directory with what is in it.
pub(super) fn remove(path: &Path) {
    // What cannot be removed belongs to somebody else.
    let _ = match std::fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => std::fs::remove_dir_all(path),
        other => other,
    };
}

/// Removes what killed processes left in `directory`: what has such a name and nobody locks.
pub(super) fn sweep(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let Ok(file) = open(entry.path(), flags, Mode::empty()).map(File::from) else { continue };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            remove(&entry.path());
        }
    }
}

/// A name that is removed when dropped, unless the file has got another. What it names may be a
/// directory.
#[derive(Debug)]
pub(super) struct Leftover(PathBuf);

impl Leftover {
    /// Takes care of a name that exists. The guard was taken before the name was made.
    pub(super) fn new(path: PathBuf, names: &mut MutexGuard<'static, Vec<PathBuf>>) -> Self {
        names.push(path.clone());
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
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

//! The lab's private directory: removed on every exit, and at the next start if that failed.

use anyhow::Context;
use rustix::fs::{FlockOperation, flock};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tempfile::TempDir;

const PREFIX: &str = ".copybench-lab-";

/// A directory that lives as long as this value, and no longer than the process.
#[derive(Debug)]
pub(super) struct PrivateDirectory {
    path: PathBuf,
    directory: Option<TempDir>,
    /// Locked: a directory whose lock can be had belongs to nobody.
    _lock: File,
    signals: Handle,
    watcher: Option<JoinHandle<()>>,
}

impl PrivateDirectory {
    /// Makes the directory inside `parent` and removes those that a killed lab has left there.
    pub(super) fn new(parent: &Path) -> anyhow::Result<Self> {
        let name = || format!("make a directory in {}", parent.display());
        let parent = parent.canonicalize().with_context(name)?;
        sweep(&parent);
        let directory = tempfile::Builder::new().prefix(PREFIX).tempdir_in(&parent).with_context(name)?;
        let lock = File::open(directory.path()).with_context(name)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).with_context(name)?;
        let path = directory.path().to_owned();
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM]).context("watch for signals")?;
        let handle = signals.handle();
        let doomed = path.clone();
        let watcher = thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                remove_while_used(&doomed);
                // Ends the process as the signal would have; an error leaves it to end by itself.
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        });
        Ok(Self { path, directory: Some(directory), _lock: lock, signals: handle, watcher: Some(watcher) })
    }

    /// Canonical path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the directory, so that a failure is seen.
    pub(super) fn remove(mut self) -> io::Result<()> {
        self.directory.take().map_or(Ok(()), TempDir::close)
    }
}

impl Drop for PrivateDirectory {
    fn drop(&mut self) {
        drop(self.directory.take());
        self.signals.close();
        if let Some(watcher) = self.watcher.take() {
            // A watcher that panicked has nothing more to do either.
            let _ = watcher.join();
        }
    }
}

/// Removes directories of labs that were killed. What cannot be removed is left for the next.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if ours && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let path = entry.path();
            let free = File::open(&path)
                .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok());
            if free {
                let _ = fs::remove_dir_all(&path);
            }
        }
    }
}

/// Removes the directory although other threads and children may still make files in it.
fn remove_while_used(path: &Path) {
    for _ in 0..100 {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => thread::sleep(Duration::from_millis(5)),
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_and_what_a_killed_lab_left_is_swept() {
        let parent = tempfile::tempdir().unwrap();
        let left = parent.path().join(".copybench-lab-killed");
        fs::create_dir(&left).unwrap();
        fs::write(left.join("lmfile"), "A").unwrap();
        let foreign = parent.path().join("mine");
        fs::create_dir(&foreign).unwrap();

        let first = PrivateDirectory::new(parent.path()).unwrap();
        assert!(!left.exists());
        let second = PrivateDirectory::new(parent.path()).unwrap();
        assert!(first.path().is_dir(), "a living lab's directory is not swept");
        second.remove().unwrap();
        drop(first);
        let names: Vec<_> = fs::read_dir(parent.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(names, [foreign]);
    }
}

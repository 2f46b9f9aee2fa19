//! Names on disk that must not outlive their process. They go when they are dropped, when a signal
//! ends the process, and, where it was killed, with the next start that sweeps their directory.
//!
//! `flock(2)` tells who is alive: each is locked while it is in use, and a sweep removes what
//! nobody locks. In a directory that others can write to, a name proves nothing: only what this user
//! owns is removed, by its inode, through handles, and no symbolic link is followed.

use rand::TryRng;
use rand::rngs::SysRng;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags, Stat, flock, fstat, mkdir, open, openat,
    statat, unlinkat,
};
use rustix::io::Errno;
use rustix::path::Arg;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// More than sweeps can follow one another in the moment between making a name and locking it.
const ATTEMPTS: u32 = 100;

/// Directories in one another, in what is removed: more than any program that copies makes, fewer than
/// descriptors.
const DEEPEST: u32 = 64;

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
    /// What may be removed.
    only: Inode,
}

/// Waits for the names in use.
pub fn names() -> Names {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Device and number of an inode.
type Inode = (u64, u64);

/// A name that is removed when dropped, unless something else has got it. What it names may be a
/// directory.
#[derive(Debug)]
pub struct TemporaryName {
    id: u64,
    path: PathBuf,
}

/// A new file or directory with a temporary name.
#[derive(Debug)]
pub struct Held {
    pub name: TemporaryName,
    /// Open; its lock goes when it is closed.
    pub file: File,
    /// Why it could not be locked: not every file system knows locks. There, no sweep can lock
    /// and remove anything either.
    pub locked: Result<(), Errno>,
}

impl TemporaryName {
    /// Takes care of a name of `file`, which may be a directory; another one that gets the name stays. The
    /// path begins at `directory`, where there is one. The guard was taken before the name was made.
    ///
    /// # Errors
    /// That of `fstat(2)`.
    pub fn of_file(
        file: &File,
        directory: Option<Arc<OwnedFd>>,
        path: PathBuf,
        names: &mut Names,
    ) -> Result<Self, Errno> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let only = identity(&fstat(file)?);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        names.push(Name { id, directory, path: path.clone(), only });
        Ok(Self { id, path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the name stay.
    pub fn keep(self) {
        names().retain(|name| name.id != self.id);
    }
}

impl Drop for TemporaryName {
    fn drop(&mut self) {
        let mut names = names();
        if let Some(index) = names.iter().position(|name| name.id == self.id) {
            names.swap_remove(index).remove();
        }
    }
}

impl Name {
    fn remove(&self) {
        let directory: BorrowedFd<'_> = self.directory.as_ref().map_or(CWD, |directory| directory.as_fd());
        // What cannot be removed stays; nobody waits for an answer.
        let _ = remove(directory, &self.path, self.only);
    }
}

fn identity(stat: &Stat) -> Inode {
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
            let name = TemporaryName::of_file(&file, None, path, &mut names)?;
            return Ok(Held { name, file, locked });
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

/// Whether [`fresh_name`] gives such a name for that prefix.
fn is_fresh_name(name: &[u8], prefix: &str) -> bool {
    let Some(rest) = name.strip_prefix(prefix.as_bytes()) else { return false };
    let Some((random, rest)) = rest.split_at_checked(16) else { return false };
    let Some(number) = rest.strip_prefix(b".") else { return false };
    random.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        && (1..=20).contains(&number.len())
        && number.iter().all(u8::is_ascii_digit)
        && (number[0] != b'0' || number.len() == 1)
}

/// Removes what killed processes of this user left in `directory`: files and directories with names that
/// [`fresh_name`] gives for that prefix, that this user owns, and that nobody has locked.
pub fn sweep(directory: &Path, prefix: &str) -> io::Result<()> {
    let directory = open(directory, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        if is_fresh_name(entry.file_name().to_bytes(), prefix) {
            // What cannot be removed stays.
            let _ = sweep_one(directory.as_fd(), entry.file_name());
        }
    }
    Ok(())
}

fn sweep_one(directory: BorrowedFd<'_>, name: &CStr) -> Result<(), Errno> {
    // Before it is opened, which a pipe or a device would notice.
    let there = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if !may_be_left_by_us(&there) {
        return Ok(());
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::from(openat(directory, name, flags, Mode::empty())?);
    if identity(&fstat(&file)?) != identity(&there) {
        return Ok(());
    }
    // Held until the name is gone.
    lock(&file)?;
    remove(directory, name, identity(&there))
}

/// Nobody but this user makes what this user owns, and our directories are for this user alone.
fn may_be_left_by_us(stat: &Stat) -> bool {
    let is_own = stat.st_uid == rustix::process::geteuid().as_raw();
    let is_of_a_kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => true,
        FileType::Directory => stat.st_mode & 0o077 == 0,
        _ => false,
    };
    is_own && is_of_a_kind
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

/// Removes the name of one file, or of a directory with what is in it; not of anything else that has got the
/// name.
fn remove(directory: BorrowedFd<'_>, name: impl Arg + Copy, only: Inode) -> Result<(), Errno> {
    let found = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if identity(&found) != only {
        return Ok(());
    }
    if FileType::from_raw_mode(found.st_mode) != FileType::Directory {
        return unlinkat(directory, name, AtFlags::empty());
    }
    let inside = open_directory(directory, name)?;
    if identity(&fstat(&inside)?) != only {
        return Ok(());
    }
    // Threads and children that still work there may make a file between its emptying and its end.
    for _ in 0..ATTEMPTS {
        empty(&inside, DEEPEST)?;
        match unlinkat(directory, name, AtFlags::REMOVEDIR) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => {}
            other => return other,
        }
    }
    Err(Errno::NOTEMPTY)
}

fn empty(directory: &OwnedFd, depth: u32) -> Result<(), Errno> {
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if [c".", c".."].contains(&name) {
            continue;
        }
        match unlinkat(directory, name, AtFlags::empty()) {
            Err(Errno::ISDIR) if depth > 0 => {
                empty(&open_directory(directory.as_fd(), name)?, depth - 1)?;
                // What was put there meanwhile shows when the outermost one is removed.
                let _ = unlinkat(directory, name, AtFlags::REMOVEDIR);
            }
            Err(Errno::NOENT) => {}
            other => other?,
        }
    }
    Ok(())
}

fn open_directory(parent: BorrowedFd<'_>, name: impl Arg) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(parent, name, flags, Mode::empty())
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
                        assert!(held.name.path().exists());
                    }
                });
            }
        });
        assert_eq!(std::fs::read_dir(parent).unwrap().count(), 0);
    }

    #[test]
    fn names_are_told_from_those_of_others() {
        assert!(is_fresh_name(fresh_name(".x-").as_bytes(), ".x-"));
        let of_others = [
            ".x-",
            ".x-notes",
            ".x-0123456789abcdef",
            ".x-0123456789abcdef.",
            ".x-0123456789abcdef.1.2",
            ".x-0123456789ABCDEF.1",
            ".x-0123456789abcdef.01",
            ".x-0123456789abcdef.1~",
            ".x-1.0",
            ".x-y-0123456789abcdef.1",
            "x-0123456789abcdef.1",
            ".x-0123456789abcde\u{e9}.1",
        ];
        assert_eq!(of_others.iter().find(|name| is_fresh_name(name.as_bytes(), ".x-")), None);
    }

    /// What a killed process may have left in a directory, and what others put there.
    #[test]
    fn only_what_this_program_can_have_left_is_swept() {
        use std::os::unix::fs::{PermissionsExt, chown, symlink};
        let parent = tempfile::tempdir().unwrap();
        let path = |number| parent.path().join(format!(".x-0123456789abcdef.{number}"));
        let closed = std::fs::Permissions::from_mode(0o700);
        std::fs::write(path(0), "left").unwrap();
        std::fs::create_dir_all(path(1).join("a/b")).unwrap();
        std::fs::set_permissions(path(1), closed.clone()).unwrap();
        std::fs::write(path(1).join("a/b/c"), "left").unwrap();
        let kept = parent.path().join("kept");
        std::fs::create_dir(&kept).unwrap();
        std::fs::write(kept.join("file"), "kept").unwrap();
        symlink(&kept, path(1).join("link")).unwrap();

        symlink(&kept, path(2)).unwrap();
        rustix::fs::mkfifoat(CWD, path(3), Mode::RUSR).unwrap();
        // A directory that others may look into is none that this program makes.
        std::fs::create_dir(path(4)).unwrap();
        std::fs::set_permissions(path(4), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(parent.path().join(".x-notes"), "kept").unwrap();
        let locked = File::create(path(5)).unwrap();
        lock(&locked).unwrap();
        let is_root = rustix::process::geteuid().is_root();
        if is_root {
            std::fs::write(path(6), "of another").unwrap();
            chown(path(6), Some(65_534), None).unwrap();
            std::fs::create_dir(path(7)).unwrap();
            std::fs::set_permissions(path(7), closed).unwrap();
            chown(path(7), Some(65_534), None).unwrap();
        }
        sweep(parent.path(), ".x-").unwrap();
        let left: Vec<bool> = (0..8).map(|number| path(number).symlink_metadata().is_ok()).collect();
        assert_eq!(left, [false, false, true, true, true, true, is_root, is_root]);
        assert!(parent.path().join(".x-notes").exists() && kept.join("file").exists());
    }

    #[test]
    fn a_directory_that_lost_its_name_is_left_and_so_is_what_has_the_name_now() {
        let parent = tempfile::tempdir().unwrap();
        let held = directory(parent.path(), ".x-").unwrap();
        let name = held.name.path().to_owned();
        std::fs::rename(&name, parent.path().join("moved")).unwrap();
        std::fs::create_dir(&name).unwrap();
        std::fs::write(name.join("file"), "of another").unwrap();
        drop(held);
        assert!(name.join("file").exists() && parent.path().join("moved").exists());
    }

    #[test]
    fn the_one_file_is_removed_and_no_other_that_got_its_name() {
        let parent = tempfile::tempdir().unwrap();
        let directory = || Some(Arc::new(OwnedFd::from(File::open(parent.path()).unwrap())));
        let path = parent.path().join("a");
        for (replaced, kept) in [(false, false), (true, false), (false, true)] {
            let file = File::create(&path).unwrap();
            let leftover =
                TemporaryName::of_file(&file, directory(), PathBuf::from("a"), &mut names()).unwrap();
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
        std::fs::rename(held.name.path(), &kept).unwrap();
        drop(held);
        assert!(kept.exists());
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
    }
}

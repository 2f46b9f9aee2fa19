//! Which part of a file is in the page cache: `cachestat(2)` (Linux 6.5) or `mincore(2)`, whichever
//! is shown to tell the truth of that very file.
//!
//! Both lie without an error. `cachestat` says 0 pages of every file of overlayfs, whose pages are
//! those of another inode (Linux 6.18). `mincore` says all of a file that the caller neither owns nor
//! may write to (Linux 5.2). So a call counts that was seen to tell a page that is there, as it was
//! just read, from one that cannot be.

use super::file_system::{FileSystem, Store};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd};
use rustix::fs::{Advice, CWD, Mode, OFlags, SeekFrom, fadvise, fstat, openat, seek};
use rustix::io::{Errno, pread};
use std::fmt;
use std::mem::MaybeUninit;
use std::ptr;

/// The system call has one number on every architecture; libc names it on few.
const SYS_CACHESTAT: libc::c_long = 451;

/// Page-cache state of a range, in pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Residency {
    /// Pages in the page cache.
    pub cached: u64,
    /// Pages that wait to be written; unknown to `mincore`.
    pub dirty: Option<u64>,
    /// Pages being written now; unknown to `mincore`.
    pub writeback: Option<u64>,
}

/// Residency of the first `length` bytes of `file`. Where nothing is cached, a page is read afterwards to
/// see whether that was true. Errors: [`Untold`] where no call tells the truth.
pub fn residency(file: impl AsFd, length: u64) -> Result<Residency, Untold> {
    if length == 0 {
        return Ok(Residency::default());
    }
    among(&CALLS, file.as_fd(), length)
}

/// A call that was seen to tell the truth of a file.
#[derive(Clone, Copy, Debug)]
pub struct Witness(Call);

impl Witness {
    /// One for `file`; a page of it may be read for that. Errors: [`Untold`] where there is none.
    pub fn of(file: impl AsFd) -> Result<Self, Untold> {
        find(&CALLS, file.as_fd())
    }

    /// Residency of the first `length` bytes of the file.
    pub fn residency(&self, file: impl AsFd, length: u64) -> Result<Residency, Errno> {
        if length == 0 { Ok(Residency::default()) } else { (self.0.ask)(file.as_fd(), 0, length) }
    }

    /// Whether the page at `offset` is in the page cache once it is read; the holes of tmpfs are not.
    pub fn keeps(&self, file: impl AsFd, offset: u64) -> Result<bool, Errno> {
        self.0.keeps(file.as_fd(), offset)
    }

    pub fn name(&self) -> &'static str {
        self.0.name
    }
}

/// No call is known to tell the truth of a file; what is against each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold(Vec<(&'static str, Doubt)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    Refused(Errno),
    AlwaysCached,
    NeverCached,
}

impl fmt::Display for Untold {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("nothing tells what the page cache holds of the file")?;
        for (index, (name, doubt)) in self.0.iter().enumerate() {
            formatter.write_str(if index == 0 { ": " } else { ", " })?;
            match doubt {
                Doubt::Refused(errno) => write!(formatter, "{name} says {}", super::errno::describe(*errno)),
                Doubt::AlwaysCached => {
                    write!(formatter, "{name} calls even a page cached that does not exist")
                }
                Doubt::NeverCached => write!(formatter, "{name} calls a page not cached that was just read"),
            }?;
        }
        Ok(())
    }
}

impl std::error::Error for Untold {}

/// A way to ask for the residency of so many bytes, not 0, from an offset.
#[derive(Clone, Copy, Debug)]
struct Call {
    name: &'static str,
    ask: fn(BorrowedFd<'_>, u64, u64) -> Result<Residency, Errno>,
}

static CALLS: [Call; 2] =
    [Call { name: "cachestat", ask: cachestat }, Call { name: "mincore", ask: mincore }];

impl Call {
    /// What speaks against what it says of `file`. Nothing is read if it `has_seen` a cached page.
    fn doubt(&self, file: BorrowedFd<'_>, has_seen: bool) -> Option<Doubt> {
        let tried = || {
            if self.sees(file, behind_the_end(file)?)? {
                return Ok(Some(Doubt::AlwaysCached));
            }
            let kept =
                has_seen || holds_nothing(file)? || self.keeps(file, first_data(file)?.unwrap_or(0))?;
            Ok((!kept).then_some(Doubt::NeverCached))
        };
        tried().unwrap_or_else(|errno| Some(Doubt::Refused(errno)))
    }

    fn sees(&self, file: BorrowedFd<'_>, offset: u64) -> Result<bool, Errno> {
        Ok((self.ask)(file, offset, super::page_size() as u64)?.cached > 0)
    }

    fn keeps(&self, file: BorrowedFd<'_>, offset: u64) -> Result<bool, Errno> {
        let offset = offset / super::page_size() as u64 * super::page_size() as u64;
        // Short of memory, a page may be gone again before it is asked for.
        for _ in 0..2 {
            if self.sees(file, offset)? {
                return Ok(true);
            }
            read_one(file, offset)?;
        }
        self.sees(file, offset)
    }
}

fn find(calls: &[Call], file: BorrowedFd<'_>) -> Result<Witness, Untold> {
    let mut doubts = Vec::new();
    for call in calls {
        match call.doubt(file, false) {
            None => return Ok(Witness(*call)),
            Some(doubt) => doubts.push((call.name, doubt)),
        }
    }
    Err(Untold(doubts))
}

/// The residency by the first call that tells the truth. All are asked before a page is read.
fn among(calls: &[Call], file: BorrowedFd<'_>, length: u64) -> Result<Residency, Untold> {
    let mut doubts = Vec::new();
    let mut nothing = Vec::new();
    for call in calls {
        match (call.ask)(file, 0, length) {
            Err(errno) => doubts.push((call.name, Doubt::Refused(errno))),
            Ok(told) if told.cached == 0 => nothing.push((call, told)),
            Ok(told) => match call.doubt(file, true) {
                None => return Ok(told),
                Some(doubt) => doubts.push((call.name, doubt)),
            },
        }
    }
    for (call, told) in nothing {
        match call.doubt(file, false) {
            None => return Ok(told),
            Some(doubt) => doubts.push((call.name, doubt)),
        }
    }
    Err(Untold(doubts))
}

/// Offset of a page that no page cache holds: so far behind the end that no large folio, which may
/// reach over it, comes near.
fn behind_the_end(file: BorrowedFd<'_>) -> Result<u64, Errno> {
    const FAR: u64 = 1 << 30;
    Ok((fstat(file)?.st_size.unsigned_abs() / FAR + 2) * FAR)
}

/// Offset of data, which is cached when it is read; none in a file that is all hole.
fn first_data(file: BorrowedFd<'_>) -> Result<Option<u64>, Errno> {
    match seek(file, SeekFrom::Data(0)) {
        Ok(offset) => Ok(Some(offset)),
        Err(Errno::NXIO) => Ok(None),
        // What has no data and holes to tell apart is all data.
        Err(Errno::INVAL) => Ok(Some(0)),
        Err(errno) => Err(errno),
    }
}

/// Whether the file has no page to be seen: where the page cache is all that a file system has, a
/// hole is not in it, read or not.
fn holds_nothing(file: BorrowedFd<'_>) -> Result<bool, Errno> {
    let in_memory = FileSystem::of(file)?.is_some_and(|known| known.store == Store::Memory);
    Ok(in_memory && first_data(file)?.is_none())
}

/// Reads a byte by a handle of our own: without reading ahead, whose pages would come later and stay.
fn read_one(file: BorrowedFd<'_>, offset: u64) -> Result<(), Errno> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let mut byte = [0; 1];
    match openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) {
        Ok(own) => {
            fadvise(&own, 0, None, Advice::Random)?;
            pread(&own, &mut byte, offset)
        }
        Err(_) => pread(file, &mut byte, offset),
    }
    .map(drop)
}

#[repr(C)]
struct Range {
    offset: u64,
    length: u64,
}

#[repr(C)]
#[derive(Default)]
struct Raw {
    cached: u64,
    dirty: u64,
    writeback: u64,
    evicted: u64,
    recently_evicted: u64,
}

fn cachestat(file: BorrowedFd<'_>, offset: u64, length: u64) -> Result<Residency, Errno> {
    let range = Range { offset, length };
    let mut raw = Raw::default();
    // SAFETY: both structs have the layout of linux/mman.h and live through the call.
    let returned =
        unsafe { libc::syscall(SYS_CACHESTAT, file.as_raw_fd(), &raw const range, &raw mut raw, 0) };
    super::check(returned as libc::ssize_t)?;
    Ok(Residency { cached: raw.cached, dirty: Some(raw.dirty), writeback: Some(raw.writeback) })
}

fn mincore(file: BorrowedFd<'_>, offset: u64, length: u64) -> Result<Residency, Errno> {
    let length = usize::try_from(length).map_err(|_| Errno::OVERFLOW)?;
    let offset = libc::off_t::try_from(offset).map_err(|_| Errno::OVERFLOW)?;
    let pages = length.div_ceil(super::page_size());
    let mut states = vec![MaybeUninit::<u8>::zeroed(); pages];
    let fd = file.as_raw_fd();
    // SAFETY: the mapping is new, is never read, and is unmapped before the block ends; the
    // vector has one byte a page.
    let returned = unsafe {
        let base = libc::mmap(ptr::null_mut(), length, libc::PROT_READ, libc::MAP_SHARED, fd, offset);
        if base == libc::MAP_FAILED {
            return Err(super::last_errno());
        }
        let returned = libc::mincore(base, length, states.as_mut_ptr().cast());
        libc::munmap(base, length);
        returned
    };
    super::check(returned as libc::ssize_t)?;
    // SAFETY: every byte was initialised to zero and then set by mincore.
    let cached = states.iter().filter(|state| unsafe { state.assume_init() } & 1 == 1).count();
    Ok(Residency { cached: cached as u64, ..Residency::default() })
}

#[cfg(test)]
mod tests;

//! Which part of a file is in the page cache: `cachestat(2)` (Linux 6.5), else `mincore(2)`.

use rustix::fd::{AsFd, AsRawFd};
use rustix::io::Errno;
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

/// Residency of the first `length` bytes of `file`.
///
/// # Errors
/// The errno of `mincore` or `mmap` where `cachestat` does not exist, or of `cachestat`.
pub fn residency(file: impl AsFd, length: u64) -> Result<Residency, Errno> {
    if length == 0 {
        return Ok(Residency::default());
    }
    match cachestat(file.as_fd(), length) {
        Err(Errno::NOSYS | Errno::PERM) => mincore(file, length),
        other => other,
    }
}

fn cachestat(file: impl AsFd, length: u64) -> Result<Residency, Errno> {
    let range = Range { offset: 0, length };
    let mut raw = Raw::default();
    // SAFETY: both structs have the layout of linux/mman.h and live through the call.
    let returned =
        unsafe { libc::syscall(SYS_CACHESTAT, file.as_fd().as_raw_fd(), &raw const range, &raw mut raw, 0) };
    super::check(returned as libc::ssize_t)?;
    Ok(Residency { cached: raw.cached, dirty: Some(raw.dirty), writeback: Some(raw.writeback) })
}

fn mincore(file: impl AsFd, length: u64) -> Result<Residency, Errno> {
    let length = usize::try_from(length).map_err(|_| Errno::OVERFLOW)?;
    let pages = length.div_ceil(super::page_size());
    let mut states = vec![MaybeUninit::<u8>::zeroed(); pages];
    let fd = file.as_fd().as_raw_fd();
    // SAFETY: the mapping is new, is never read, and is unmapped before the block ends; the
    // vector has one byte a page.
    let returned = unsafe {
        let base = libc::mmap(ptr::null_mut(), length, libc::PROT_READ, libc::MAP_SHARED, fd, 0);
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

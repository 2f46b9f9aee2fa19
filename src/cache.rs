//! Whether a file is in the page cache: established, then confirmed, never assumed.

use crate::sys::cachestat::{Residency, residency};
use crate::sys::errno::describe;
use crate::sys::{TMPFS_MAGIC, page_size};
use rustix::fs::{Advice, SeekFrom, fadvise};
use rustix::io::Errno;
use std::fs::File;

/// State of the source's pages before a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CacheState {
    /// All in the page cache.
    Warm,
    /// None in this kernel's page cache. A host below may still hold them.
    Cold,
}

impl CacheState {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::Warm, Self::Cold];

    /// The word in cell ids and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Cold => "cold",
        }
    }
}

/// Why a state could not be had.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// A system call refused.
    #[error("{call}: {}", describe(*errno))]
    Call {
        /// Name of the call.
        call: &'static str,
        /// Its errno.
        errno: Errno,
    },
    /// The page cache did not follow.
    #[error("the file could not be made {wanted}: {cached} of its {pages} pages are in the page cache{}", if *wanted == "cold" { ", which is where tmpfs keeps its files" } else { "; is there enough free memory?" })]
    NotConfirmed {
        /// The state asked for.
        wanted: &'static str,
        /// Pages in the page cache.
        cached: u64,
        /// Pages of the file.
        pages: u64,
    },
}

/// Brings the first `size` bytes of `file` into `state` and confirms it.
///
/// # Errors
/// See [`CacheError`].
pub fn establish(file: &File, size: u64, state: CacheState) -> Result<(), CacheError> {
    // A page in use at the moment (in a batch of the LRU, under writeback) resists once or twice.
    const ATTEMPTS: u32 = 5;
    for _ in 0..ATTEMPTS {
        if confirm(file, size, state).is_ok() {
            return Ok(());
        }
        match state {
            CacheState::Warm => read_through(file, size)?,
            CacheState::Cold => drop_pages(file)?,
        }
    }
    confirm(file, size, state)
}

/// Checks by residency that the first `size` bytes of `file` are in `state`.
///
/// # Errors
/// [`CacheError::NotConfirmed`] with the figures.
pub fn confirm(file: &File, size: u64, state: CacheState) -> Result<(), CacheError> {
    let pages = size.div_ceil(page_size() as u64);
    let Residency { cached, .. } = during("cachestat", residency(file, size))?;
    let confirmed = match state {
        CacheState::Warm => cached >= pages || cached >= cacheable_pages(file, size)?,
        CacheState::Cold => cached == 0,
    };
    if confirmed { Ok(()) } else { Err(CacheError::NotConfirmed { wanted: state.name(), cached, pages }) }
}

/// Pages that a read puts into the page cache. On tmpfs a hole stays a hole when it is read;
/// everywhere else holes are cached as pages of zeros.
fn cacheable_pages(file: &File, size: u64) -> Result<u64, CacheError> {
    let page = page_size() as u64;
    if during("fstatfs", rustix::fs::fstatfs(file))?.f_type as i64 != TMPFS_MAGIC {
        return Ok(size.div_ceil(page));
    }
    let (mut pages, mut at) = (0, 0);
    loop {
        let start = match rustix::fs::seek(file, SeekFrom::Data(at)) {
            Ok(start) => start,
            Err(Errno::NXIO) => return Ok(pages),
            Err(errno) => return Err(CacheError::Call { call: "lseek", errno }),
        };
        at = during("lseek", rustix::fs::seek(file, SeekFrom::Hole(start)))?;
        pages += at.div_ceil(page) - start / page;
    }
}

fn read_through(file: &File, size: u64) -> Result<(), CacheError> {
    let mut buffer = vec![0; 1 << 20];
    let mut at = 0;
    while at < size {
        match during("pread", rustix::io::pread(file, &mut buffer, at))? {
            0 => break,
            length => at += length as u64,
        }
    }
    Ok(())
}

fn drop_pages(file: &File) -> Result<(), CacheError> {
    // Dirty pages are not dropped.
    during("fdatasync", rustix::fs::fdatasync(file))?;
    during("posix_fadvise", fadvise(file, 0, None, Advice::DontNeed))
}

fn during<T>(call: &'static str, result: Result<T, Errno>) -> Result<T, CacheError> {
    result.map_err(|errno| CacheError::Call { call, errno })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_is_confirmed_by_residency_and_refuses_the_other() {
        // The build directory, unlike /tmp, is on a disk on most machines.
        let file = tempfile::tempfile_in(crate::sys::test_directory()).unwrap();
        let size = 1 << 20;
        rustix::io::pwrite(&file, &vec![7; size as usize], 0).unwrap();
        establish(&file, size, CacheState::Warm).unwrap();
        assert!(confirm(&file, size, CacheState::Cold).is_err());
        let cold = establish(&file, size, CacheState::Cold);
        if cold.is_ok() {
            assert!(confirm(&file, size, CacheState::Warm).is_err());
        }
    }
}

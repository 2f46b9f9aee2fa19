//! Whether a file is in the page cache: established, then confirmed, never assumed.

use crate::sys::cachestat::{Residency, Untold, Witness};
use crate::sys::errno::{Refused, during};
use crate::sys::file_system::{FileSystem, Store};
use crate::sys::page_size;
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
    pub const ALL: &'static [Self] = &[Self::Warm, Self::Cold];

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
    #[error(transparent)]
    Call(#[from] Refused),
    #[error("the file could not be made {}: {cached} of its {pages} pages are in the page cache{}", wanted.name(), why(*wanted, *in_memory))]
    NotConfirmed { wanted: CacheState, cached: u64, pages: u64, in_memory: bool },
    #[error(
        "the file cannot be shown to be cold: {0}; use a file of your own on a file system of this machine, and allow cachestat or mincore"
    )]
    Unseen(Untold),
}

fn why(wanted: CacheState, in_memory: bool) -> &'static str {
    match (wanted, in_memory) {
        (CacheState::Warm, _) => "; is there enough free memory?",
        (CacheState::Cold, true) => ", which is where its file system keeps its files",
        (CacheState::Cold, false) => "; does another program map or write it?",
    }
}

/// How far a state is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// Residency shows it.
    Confirmed,
    /// The file was read through, which makes it warm as far as anything can, and nothing shows it.
    Unconfirmed(Untold),
}

/// Brings the first `size` bytes of `file` into `state` and confirms it by what was seen to tell of this
/// file both that a page is cached and that one is not. Errors: see [`CacheError`]. Without anything to
/// confirm it by, a file is still made warm, not cold.
pub fn establish(file: &File, size: u64, state: CacheState) -> Result<Confirmation, CacheError> {
    // A page in use at the moment (in a batch of the LRU, under writeback) resists once or twice.
    const ATTEMPTS: u32 = 5;
    if size == 0 {
        return Ok(Confirmation::Confirmed);
    }
    let witness = match Witness::of(file) {
        Ok(witness) => witness,
        Err(untold) if state == CacheState::Warm => {
            read_through(file, size)?;
            return Ok(Confirmation::Unconfirmed(untold));
        }
        Err(untold) => return Err(CacheError::Unseen(untold)),
    };
    let subject = Subject { file, size, witness };
    for _ in 0..ATTEMPTS {
        if subject.confirm(state).is_ok() {
            return Ok(Confirmation::Confirmed);
        }
        match state {
            CacheState::Warm => read_through(file, size)?,
            CacheState::Cold => drop_pages(file)?,
        }
    }
    subject.confirm(state).map(|()| Confirmation::Confirmed)
}

/// Why the state of files like `file`, which has `size` bytes, will be unconfirmed.
pub fn unconfirmed(file: &File, size: u64) -> Option<Untold> {
    if size == 0 { None } else { Witness::of(file).err() }
}

fn in_memory(file: &File) -> Result<bool, CacheError> {
    let known = during("fstatfs", FileSystem::of(file))?;
    Ok(known.is_some_and(|known| known.store == Store::Memory))
}

/// A file with what tells its residency.
struct Subject<'a> {
    file: &'a File,
    size: u64,
    witness: Witness,
}

impl Subject<'_> {
    fn confirm(&self, wanted: CacheState) -> Result<(), CacheError> {
        let pages = self.size.div_ceil(page_size() as u64);
        let told = self.witness.residency(self.file, self.size);
        let Residency { cached, .. } = during(self.witness.name(), told)?;
        let confirmed = match wanted {
            CacheState::Warm => cached >= pages || cached >= self.cacheable_pages()?,
            CacheState::Cold => cached == 0,
        };
        if confirmed {
            return Ok(());
        }
        Err(CacheError::NotConfirmed { wanted, cached, pages, in_memory: in_memory(self.file)? })
    }

    /// Pages that a read puts into the page cache. On tmpfs, and on what lies over it, a hole stays
    /// a hole when it is read; everywhere else holes are cached as pages of zeros.
    fn cacheable_pages(&self) -> Result<u64, CacheError> {
        let pages = self.size.div_ceil(page_size() as u64);
        let hole = during("lseek", rustix::fs::seek(self.file, SeekFrom::Hole(0)))?;
        // A page that holds the end of data is no hole.
        let hole = hole.next_multiple_of(page_size() as u64);
        if hole >= self.size || during(self.witness.name(), self.witness.keeps(self.file, hole))? {
            return Ok(pages);
        }
        data_pages(self.file)
    }
}

fn data_pages(file: &File) -> Result<u64, CacheError> {
    let page = page_size() as u64;
    let (mut pages, mut at) = (0, 0);
    loop {
        let start = match rustix::fs::seek(file, SeekFrom::Data(at)) {
            Ok(start) => start,
            Err(Errno::NXIO) => return Ok(pages),
            Err(errno) => return Err(CacheError::Call(Refused { call: "lseek", errno })),
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
    Ok(during("posix_fadvise", fadvise(file, 0, None, Advice::DontNeed))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::cachestat::residency;

    #[test]
    fn each_state_is_established_and_shown_by_residency() {
        // The build directory, unlike /tmp, is on a disk on most machines.
        let file = tempfile::tempfile_in(crate::sys::test_directory()).unwrap();
        let size = 1 << 20;
        rustix::io::pwrite(&file, &vec![7; size as usize], 0).unwrap();
        assert_eq!(establish(&file, size, CacheState::Warm).unwrap(), Confirmation::Confirmed);
        assert_eq!(residency(&file, size).unwrap().cached, size / page_size() as u64);
        match establish(&file, size, CacheState::Cold) {
            Ok(_) => assert_eq!(residency(&file, size).unwrap().cached, 0),
            Err(error) => assert!(in_memory(&file).unwrap(), "{error}"),
        }
    }

    #[test]
    fn holes_count_where_reading_them_fills_the_page_cache() {
        for directory in [env!("CARGO_MANIFEST_DIR"), "/dev/shm"] {
            let Ok(file) = tempfile::tempfile_in(directory) else { continue };
            let size = 1 << 20;
            for data in [0, 100, 3 * page_size()] {
                file.set_len(0).unwrap();
                file.set_len(size).unwrap();
                rustix::io::pwrite(&file, &vec![7; data], 8 * page_size() as u64).unwrap();
                let found = establish(&file, size, CacheState::Warm).unwrap();
                assert_eq!(found, Confirmation::Confirmed, "{directory}: {data} bytes");
            }
        }
    }
}

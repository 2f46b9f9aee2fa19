//! `mmap(2)`, `munmap(2)` and `msync(2)` with any arguments, and single bytes loaded and stored
//! where that may end the process: for child processes that are made to be broken.
//!
//! Memory that this module did not map is never touched: each page must be its own, or have no
//! mapping at all (then the access ends the process by SIGSEGV, which is what is asked for). That a page
//! has none stays true up to the access in a process of one thread alone, so it is asked each time how many
//! there are.

use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::mm::{MapFlags, MsyncFlags, ProtFlags};
use std::marker::PhantomData;
use std::ops::Range;
use std::ptr;

#[derive(Clone, Copy, Debug)]
pub struct MapRequest<'file> {
    /// Where the mapping should go; 0 leaves it to the kernel.
    pub hint: usize,
    /// Bytes.
    pub length: usize,
    /// `PROT_*`.
    pub protection: ProtFlags,
    /// `MAP_*` but `MAP_FIXED`, which could replace memory in use.
    pub flags: MapFlags,
    /// The file; without one the mapping is anonymous.
    pub file: Option<BorrowedFd<'file>>,
    /// Offset in the file in bytes.
    pub offset: u64,
}

/// The memory mapped by one single-threaded process through this value.
#[derive(Debug)]
pub struct AddressSpace {
    /// Whole pages that are mapped now, by address.
    live: Vec<Range<usize>>,
    /// Keeps the value on its thread, the only one.
    thread: PhantomData<*const ()>,
}

impl AddressSpace {
    /// An empty set of mappings. Errors: `EBUSY` where the process has more than one thread: another thread
    /// could map memory where this one expects none. The errno of reading `/proc/self/task`.
    pub fn new() -> Result<Self, Errno> {
        if is_alone()? { Ok(Self { live: Vec::new(), thread: PhantomData }) } else { Err(Errno::BUSY) }
    }

    /// Maps, and gives the address. Errors: the errno of `mmap(2)`; `EINVAL` for `MAP_FIXED`.
    pub fn map(&mut self, request: MapRequest<'_>) -> Result<usize, Errno> {
        let MapRequest { hint, length, protection, flags, file, offset } = request;
        if flags.contains(MapFlags::FIXED) {
            return Err(Errno::INVAL);
        }
        let hint = ptr::without_provenance_mut(hint);
        // SAFETY: without MAP_FIXED the kernel replaces no mapping in use.
        let base = unsafe {
            match file {
                Some(file) => rustix::mm::mmap(hint, length, protection, flags, file, offset)?,
                None => rustix::mm::mmap_anonymous(hint, length, protection, flags)?,
            }
        };
        let start = base.expose_provenance();
        self.live.push(start..start + length.next_multiple_of(super::page_size()));
        Ok(start)
    }

    /// Removes every mapping in the pages of `length` bytes from `address`; these may have none. Errors:
    /// the errno of `munmap(2)`; `EBUSY` where a page belongs to somebody else.
    pub fn unmap(&mut self, address: usize, length: usize) -> Result<(), Errno> {
        let page = super::page_size();
        let end = address.checked_add(length).ok_or(Errno::INVAL)?.next_multiple_of(page);
        let start = address / page * page;
        if !(start..end).step_by(page).all(|page| self.allows(page)) {
            return Err(Errno::BUSY);
        }
        // SAFETY: every page of the range is ours or has no mapping, and no reference to our
        // pages is ever formed.
        unsafe { rustix::mm::munmap(ptr::with_exposed_provenance_mut(address), length)? };
        self.live = self.live.iter().flat_map(|range| without(range, start..end)).collect();
        Ok(())
    }

    /// `msync(2)` with `MS_SYNC`: waits until the pages are written to the file. Errors: the errno of
    /// `msync(2)`; `EBUSY` where a page belongs to somebody else.
    pub fn sync(&self, address: usize, length: usize) -> Result<(), Errno> {
        let end = address.checked_add(length).ok_or(Errno::INVAL)?;
        if !(address..end).step_by(super::page_size()).all(|page| self.allows(page)) {
            return Err(Errno::BUSY);
        }
        // SAFETY: msync changes no memory, and refuses pages without a mapping.
        unsafe { rustix::mm::msync(ptr::with_exposed_provenance_mut(address), length, MsyncFlags::SYNC) }
    }

    /// The byte at `address`. Ends the process by SIGSEGV or SIGBUS where it cannot be loaded. Errors:
    /// `EBUSY` where the page belongs to somebody else.
    pub fn load(&self, address: usize) -> Result<u8, Errno> {
        if !self.allows(address) {
            return Err(Errno::BUSY);
        }
        // SAFETY: the page is ours, mapped from foreign bytes that only raw accesses reach; or the
        // access is refused by the MMU and the kernel ends the process, as the caller wants.
        Ok(unsafe { ptr::with_exposed_provenance::<u8>(address).read_volatile() })
    }

    /// Stores a byte at `address`. Ends the process as [`AddressSpace::load`] does. Errors: `EBUSY` where
    /// the page belongs to somebody else.
    pub fn store(&mut self, address: usize, byte: u8) -> Result<(), Errno> {
        if !self.allows(address) {
            return Err(Errno::BUSY);
        }
        // SAFETY: as in `load`; no reference to our pages is ever formed.
        unsafe { ptr::with_exposed_provenance_mut::<u8>(address).write_volatile(byte) };
        Ok(())
    }

    /// Whether the page of `address` is one of ours or has no mapping.
    fn allows(&self, address: usize) -> bool {
        let is_ours = self.live.iter().any(|range| range.contains(&address));
        is_ours || (is_alone() == Ok(true) && !is_mapped(address))
    }
}

/// Whether this thread is the only one, which nobody but itself can change then.
fn is_alone() -> Result<bool, Errno> {
    let tasks = std::fs::read_dir("/proc/self/task");
    let tasks = tasks.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(tasks.count() == 1)
}

/// Whether anything is mapped at `address`; `mincore(2)` fails with `ENOMEM` where nothing is.
fn is_mapped(address: usize) -> bool {
    let page = super::page_size();
    let mut state = 0_u8;
    let start = ptr::without_provenance_mut(address / page * page);
    // SAFETY: mincore reads page tables only and writes the one byte for the one page.
    let returned = unsafe { libc::mincore(start, page, &raw mut state) };
    !matches!(super::check(returned as libc::ssize_t), Err(Errno::NOMEM))
}

/// What remains of `range` when `hole` is taken out of it.
fn without(range: &Range<usize>, hole: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let before = range.start..range.end.min(hole.start);
    let after = range.start.max(hole.end)..range.end;
    [before, after].into_iter().filter(|part| part.start < part.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_thread_may_map_is_not_touched() {
        // The test's own thread is not the only one.
        let space = AddressSpace { live: Vec::new(), thread: PhantomData };
        assert_eq!(AddressSpace::new().unwrap_err(), Errno::BUSY);
        assert_eq!(space.load(super::super::page_size()), Err(Errno::BUSY));
    }

    #[test]
    fn a_hole_leaves_what_lies_beside_it() {
        let left = |range, hole| without(&range, hole).map(|part| (part.start, part.end)).collect::<Vec<_>>();
        assert_eq!(left(10..20, 13..15), [(10, 13), (15, 20)]);
        assert_eq!(left(10..20, 0..15), [(15, 20)]);
        assert_eq!(left(10..20, 15..30), [(10, 15)]);
        assert_eq!(left(10..20, 30..40), [(10, 20)]);
        assert!(left(10..20, 10..20).is_empty());
    }
}

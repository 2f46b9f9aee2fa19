//! A mapping of a file range, as raw memory: other processes may change the file at any moment,
//! so no reference to its bytes is ever formed, and no byte is looked at: bytes are only moved.
//!
//! What stores into a mapping, drops its pages or moves it borrows it for itself alone, so that no two
//! threads meet there, and no copy is from a mapping to itself. Two mappings may be of one file: what
//! is stored by one while it is copied from the other comes out old, new or mixed, as it does where
//! another process stores.
//!
//! References: `mmap(2)`, `madvise(2)`.

mod window;

use super::fault::Watch;
use super::store::Routine;
use super::vmsplice::{self, WriteEnd};
use rustix::fd::AsFd;
use rustix::io::Errno;
use rustix::mm::{Advice, MapFlags, ProtFlags};
use std::ops::Range;
use std::ptr;

/// Who sees what is stored: `MAP_SHARED` or `MAP_PRIVATE` (copy on write).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Stores reach the file and every other mapping of it.
    Shared,
    /// The first store to a page makes a private copy of it.
    Private,
}

/// What the mapping may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// `PROT_READ`.
    Read,
    /// `PROT_READ | PROT_WRITE`.
    ReadWrite,
}

/// The flags that matter to a copy.
#[derive(Clone, Copy, Debug)]
pub struct Flags {
    /// `MAP_SHARED` or `MAP_PRIVATE`.
    pub sharing: Sharing,
    /// Protection bits.
    pub access: Access,
    /// `MAP_POPULATE`: fault every page in before `mmap` returns.
    pub populate: bool,
}

impl Flags {
    fn protection(self) -> ProtFlags {
        match self.access {
            Access::Read => ProtFlags::READ,
            Access::ReadWrite => ProtFlags::READ | ProtFlags::WRITE,
        }
    }

    fn bits(self) -> MapFlags {
        let sharing = match self.sharing {
            Sharing::Shared => MapFlags::SHARED,
            Sharing::Private => MapFlags::PRIVATE,
        };
        if self.populate { sharing | MapFlags::POPULATE } else { sharing }
    }
}

/// Bytes from the start of the page of `offset` to it, and to the end of `length` bytes from it.
fn whole_pages(offset: u64, length: usize) -> Result<(usize, usize), Errno> {
    let lead = (offset % super::page_size() as u64) as usize;
    let mapped = length.checked_add(lead).filter(|_| length > 0).ok_or(Errno::INVAL)?;
    Ok((lead, mapped))
}

/// A mapped range of a file; unmapped when dropped.
#[derive(Debug)]
pub struct Mapping {
    /// Page-aligned start of the mapping.
    base: *mut u8,
    /// Mapped bytes from `base`.
    mapped: usize,
    /// Bytes between `base` and the first byte asked for.
    lead: usize,
    flags: Flags,
    watch: Option<Watch>,
}

// SAFETY: the memory is only reached through raw copies, which are as sound from one thread as
// from another; `Watch` is an index into a table of atomics.
unsafe impl Send for Mapping {}
// SAFETY: as above. Through a shared reference the memory is only read; zero pages that come over it
// after a fault are of the kernel's making, as the signal is.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `length` bytes of `file` from `offset`, which need not be page aligned. Errors: the errno of
    /// `mmap(2)`: `EINVAL` for an empty range, `ENODEV` where the file cannot be mapped, `EACCES` where
    /// `file` was opened without the access asked for.
    pub fn new(file: impl AsFd, offset: u64, length: usize, flags: Flags) -> Result<Self, Errno> {
        let (lead, mapped) = whole_pages(offset, length)?;
        let (protection, bits, first) = (flags.protection(), flags.bits(), offset - lead as u64);
        // SAFETY: the kernel picks the address, so no memory in use is replaced.
        let base = unsafe { rustix::mm::mmap(ptr::null_mut(), mapped, protection, bits, file, first)? };
        let base = base.cast::<u8>();
        let mut mapping = Self { base, mapped, lead, flags, watch: None };
        // SAFETY: the mapping is live and `drop` ends the watch before it unmaps.
        mapping.watch = Some(unsafe { Watch::new(base, mapped) }?);
        Ok(mapping)
    }

    /// Number of bytes asked for.
    pub fn len(&self) -> usize {
        self.mapped - self.lead
    }

    /// Whether the range is empty, as it is only after [`Mapping::slide`] failed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `madvise(2)` over the whole mapping. Errors: the errno of `madvise(2)`; `EFAULT` from the populate
    /// advices where a page has no file page behind it.
    pub fn advise(&mut self, advice: Advice) -> Result<(), Errno> {
        // SAFETY: `advice` may drop pages of this mapping only, and no reference to them exists.
        unsafe { rustix::mm::madvise(self.base.cast(), self.mapped, advice) }
    }

    /// Copies the first `length` bytes into `target`, both from the byte asked for. Errors: `EACCES` where
    /// the target is mapped for reading.
    ///
    /// A fault on either side is noted, not returned: see [`Mapping::fault`].
    ///
    /// A mapping is not copied to itself:
    /// ```compile_fail,E0502
    /// # use copybench::sys::mapping::Mapping;
    /// fn onto_itself(mapping: &mut Mapping) {
    ///     mapping.copy_to(mapping, 1);
    /// }
    /// ```
    pub fn copy_to(&self, target: &mut Self, length: usize) -> Result<(), Errno> {
        target.may_be_stored_to()?;
        let length = length.min(self.len()).min(target.len());
        // SAFETY: both ranges are mapped for `length` bytes, the target's for writing, and the two mappings
        // are distinct, as one of them is borrowed exclusively; a page that vanishes under the copy is
        // replaced by the watch.
        unsafe { ptr::copy_nonoverlapping(self.start(), target.start(), length) };
        Ok(())
    }

    /// As [`Mapping::copy_to`], by one kind of store.
    pub fn copy_to_with(&self, target: &mut Self, length: usize, routine: Routine) -> Result<(), Errno> {
        self.copy_range_with(0..length, target, routine)
    }

    /// Copies `range` into the same range of `target`, by one kind of store. Errors: as [`Mapping::copy_to`].
    ///
    /// A fault on either side is noted, not returned: see [`Mapping::fault`].
    pub fn copy_range_with(
        &self,
        range: Range<usize>,
        target: &mut Self,
        routine: Routine,
    ) -> Result<(), Errno> {
        target.may_be_stored_to()?;
        let (from, length) = self.part(range.start, range.len());
        let (to, length) = target.part(range.start, length);
        // SAFETY: as in `copy_to`.
        unsafe { routine.copy_raw(from, to, length) };
        Ok(())
    }

    fn may_be_stored_to(&self) -> Result<(), Errno> {
        if self.flags.access == Access::ReadWrite { Ok(()) } else { Err(Errno::ACCESS) }
    }

    /// Lends up to `length` bytes from `from` on to a pipe (`vmsplice(2)`); returns the bytes it took. See
    /// [`vmsplice`] for what may not be stored meanwhile. Errors: `EFAULT` where the mapping lost its file
    /// page; others of `vmsplice(2)`.
    pub fn vmsplice(&self, from: usize, length: usize, pipe: &WriteEnd) -> Result<usize, Errno> {
        let (start, length) = self.part(from, length);
        // SAFETY: the range is mapped, and lent.
        unsafe { vmsplice::put(start, length, pipe, 0) }
    }

    /// Writes `length` bytes from `from` on to `file` at its own offset (`write(2)`). Errors: the errno of
    /// `write(2)`; `EFAULT` where the mapping lost its file page.
    pub fn write_to(&self, from: usize, length: usize, file: impl AsFd) -> Result<usize, Errno> {
        let (start, length) = self.part(from, length);
        let fd = std::os::fd::AsRawFd::as_raw_fd(&file.as_fd());
        // SAFETY: the range is mapped; the kernel itself checks every page that it reads.
        super::check(unsafe { libc::write(fd, start.cast(), length) })
    }

    /// Reads up to `length` bytes of `file` at its own offset into the mapping from `from` on. Errors: the
    /// errno of `read(2)`; `EFAULT` where the mapping lost its file page.
    pub fn read_from(&mut self, from: usize, length: usize, file: impl AsFd) -> Result<usize, Errno> {
        let (start, length) = self.part(from, length);
        let fd = std::os::fd::AsRawFd::as_raw_fd(&file.as_fd());
        // SAFETY: the range is mapped; the kernel itself checks every page that it writes.
        super::check(unsafe { libc::read(fd, start.cast(), length) })
    }

    /// Offset, from the first byte asked for, of the lowest byte that had no file page behind it.
    pub fn fault(&self) -> Option<usize> {
        let offset = self.watch.as_ref()?.offset()?;
        Some(offset.saturating_sub(self.lead))
    }

    fn start(&self) -> *mut u8 {
        self.base.wrapping_add(self.lead)
    }

    fn part(&self, from: usize, length: usize) -> (*mut u8, usize) {
        let from = from.min(self.len());
        (self.start().wrapping_add(from), length.min(self.len() - from))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        self.watch = None;
        if self.mapped == 0 {
            return;
        }
        // SAFETY: the range was mapped by `new` and nothing refers to it any more.
        let unmapped = unsafe { rustix::mm::munmap(self.base.cast(), self.mapped) };
        debug_assert!(unmapped.is_ok(), "munmap of our own mapping: {unmapped:?}");
    }
}

#[cfg(test)]
mod tests;

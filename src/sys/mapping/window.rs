//! Moving a mapping along its file without a new one for each step.
//!
//! References: `mmap(2)` (`MAP_FIXED`), `mremap(2)`.

use super::{Mapping, whole_pages};
use crate::sys::page_size;
use rustix::fd::AsFd;
use rustix::io::Errno;
use rustix::mm::{MapFlags, MremapFlags};

impl Mapping {
    /// Maps `length` bytes of `file` from `offset` in place of what is mapped now, at the same address: one
    /// `mmap(MAP_FIXED)`, where dropping this and mapping anew takes two calls. A shorter window gives the
    /// rest of the address range back, so that windows never get longer again. A fault noted in the old
    /// window is forgotten. Errors: `ENOMEM` for a window that needs more pages than the present one, and
    /// `EINVAL` for an empty one; the mapping stays as it is then. Of `mmap(2)`; the mapping is empty then.
    pub fn slide(&mut self, file: impl AsFd, offset: u64, length: usize) -> Result<(), Errno> {
        let (lead, mapped) = whole_pages(offset, length)?;
        let present = self.mapped.next_multiple_of(page_size());
        if mapped > present {
            return Err(Errno::NOMEM);
        }
        let bits = self.flags.bits() | MapFlags::FIXED;
        let (protection, first) = (self.flags.protection(), offset - lead as u64);
        self.pause();
        // SAFETY: only pages of this mapping are replaced, and no reference to them exists.
        let placed =
            unsafe { rustix::mm::mmap(self.base.cast(), mapped, protection, bits, file, first) }.map(drop);
        (self.lead, self.mapped) = if placed.is_ok() { (lead, mapped) } else { (0, 0) };
        self.resume();
        let kept = self.mapped.next_multiple_of(page_size());
        if kept < present {
            // SAFETY: the pages from `kept` on were this mapping's. A failed mmap may have unmapped
            // some of them already, which munmap does not mind.
            unsafe { rustix::mm::munmap(self.base.wrapping_add(kept).cast(), present - kept)? };
        }
        placed
    }

    /// Makes the mapping end `length` bytes from the first byte asked for, further on in its file or nearer
    /// (`mremap(MREMAP_MAYMOVE)`): pages that are mapped stay so, even where the range moves to another
    /// address. Errors: `EINVAL` for a length of zero, `EFAULT` after a fault was noted; of `mremap(2)`.
    /// The mapping stays as it is then.
    pub fn resize(&mut self, length: usize) -> Result<(), Errno> {
        let (_, mapped) = whole_pages(self.lead as u64, length)?;
        if self.fault().is_some() {
            return Err(Errno::FAULT);
        }
        self.pause();
        // SAFETY: the range is this mapping's, and no reference to it exists.
        let moved =
            unsafe { rustix::mm::mremap(self.base.cast(), self.mapped, mapped, MremapFlags::MAYMOVE) };
        if let Ok(base) = moved {
            (self.base, self.mapped) = (base.cast(), mapped);
        }
        self.resume();
        moved.map(drop)
    }

    /// Before addresses are given up, which another thread may get at once.
    fn pause(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.pause();
        }
    }

    fn resume(&mut self) {
        if let Some(watch) = &mut self.watch {
            // SAFETY: the mapping is live, and whatever unmaps or moves it ends or pauses the watch first.
            unsafe { watch.resume(self.base, self.mapped) };
        }
    }
}

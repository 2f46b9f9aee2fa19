//! Memory of our own at an alignment that direct I/O and pipes ask for.
//!
//! Reference: `mmap(2)` (`MAP_ANONYMOUS`).

use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};
use std::ops::{Deref, DerefMut};
use std::{ptr, slice};

/// Zeroed bytes whose pages belong to nothing else; unmapped when dropped. A page costs memory, and
/// the time of its fault, when it is first stored to.
#[derive(Debug)]
pub struct Buffer {
    /// Start of the mapping.
    base: *mut u8,
    /// Mapped bytes from `base`.
    mapped: usize,
    /// Bytes between `base` and the first aligned byte.
    lead: usize,
    length: usize,
}

// SAFETY: the buffer owns its memory as a `Vec<u8>` does.
unsafe impl Send for Buffer {}
// SAFETY: as above.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// A buffer of `length` bytes that starts on a page. Errors: `EINVAL` for a length of zero; `ENOMEM` of
    /// `mmap(2)`.
    pub fn new(length: usize) -> Result<Self, Errno> {
        Self::with_alignment(length, super::page_size())
    }

    /// A buffer of `length` bytes that starts on a multiple of `alignment` bytes. Errors: `EINVAL` for a
    /// length of zero and an alignment that is no power of two; `ENOMEM` of `mmap(2)`.
    pub fn with_alignment(length: usize, alignment: usize) -> Result<Self, Errno> {
        if length == 0 || !alignment.is_power_of_two() {
            return Err(Errno::INVAL);
        }
        let slack = alignment.saturating_sub(super::page_size());
        let mapped = length.checked_next_multiple_of(super::page_size());
        let mapped = mapped.and_then(|whole| whole.checked_add(slack)).ok_or(Errno::NOMEM)?;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the kernel picks the address, so no memory in use is replaced.
        let base =
            unsafe { rustix::mm::mmap_anonymous(ptr::null_mut(), mapped, protection, MapFlags::PRIVATE)? }
                .cast::<u8>();
        let lead = base.addr().next_multiple_of(alignment) - base.addr();
        Ok(Self { base, mapped, lead, length })
    }

    /// The first byte, for calls that take an address.
    pub(super) fn start(&self) -> *mut u8 {
        self.base.wrapping_add(self.lead)
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the range is mapped, initialised, owned, and lives as long as `self`.
        unsafe { slice::from_raw_parts(self.start(), self.length) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`, and `self` is borrowed for writing.
        unsafe { slice::from_raw_parts_mut(self.start(), self.length) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by `with_alignment` and nothing borrows it any more.
        let unmapped = unsafe { rustix::mm::munmap(self.base.cast(), self.mapped) };
        debug_assert!(unmapped.is_ok(), "munmap of our own buffer: {unmapped:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_on_the_alignment_and_holds_what_is_stored() {
        for alignment in [1, 512, 4096, 65536, 2 << 20] {
            for length in [1, 511, 4096, 4097, 3 << 20] {
                let mut buffer = Buffer::with_alignment(length, alignment).unwrap();
                assert_eq!(buffer.as_ptr().addr() % alignment.max(super::super::page_size()), 0);
                assert_eq!(buffer.len(), length);
                assert!(buffer.iter().all(|byte| *byte == 0));
                buffer.fill(7);
                assert!(buffer.iter().all(|byte| *byte == 7));
            }
        }
    }

    #[test]
    fn refuses_what_cannot_be() {
        assert_eq!(Buffer::new(0).unwrap_err(), Errno::INVAL);
        assert_eq!(Buffer::with_alignment(1, 0).unwrap_err(), Errno::INVAL);
        assert_eq!(Buffer::with_alignment(1, 3).unwrap_err(), Errno::INVAL);
        assert_eq!(Buffer::new(usize::MAX).unwrap_err(), Errno::NOMEM);
    }
}

//! A file mapped for reading. Rust programs take it for a slice, which is undefined by Rust's rules as
//! soon as somebody writes the file; here it is memory that is read by address, with the same
//! instructions, and no reference to its bytes exists.

use super::fault::Watch;
pub use memmap2::Advice;
use std::fs::File;
use std::marker::PhantomData;
use std::ops::Range;
use std::{io, ptr};

/// The bytes of a file; unmapped when dropped.
#[derive(Debug)]
pub struct MappedBytes {
    // Dropped before the mapping it watches.
    watch: Watch,
    map: memmap2::MmapRaw,
}

/// Bytes in memory, of a mapped file or of a slice. Those of a file may change between two looks.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'memory> {
    start: *const u8,
    length: usize,
    memory: PhantomData<&'memory [u8]>,
}

impl<'memory> From<&'memory [u8]> for Bytes<'memory> {
    fn from(slice: &'memory [u8]) -> Self {
        Self { start: slice.as_ptr(), length: slice.len(), memory: PhantomData }
    }
}

impl Bytes<'_> {
    pub fn len(self) -> usize {
        self.length
    }

    pub fn is_empty(self) -> bool {
        self.length == 0
    }

    /// As much of `range` as there is.
    #[must_use]
    pub fn part(self, range: Range<usize>) -> Self {
        let end = range.end.min(self.length);
        let start = range.start.min(end);
        Self { start: self.start.wrapping_add(start), length: end - start, memory: self.memory }
    }

    /// The first eight bytes as a number, little end first; 0 where there are fewer.
    #[inline]
    pub fn first(self) -> u64 {
        if self.length < size_of::<u64>() {
            return 0;
        }
        // SAFETY: the memory is there for as long as the borrow, and has eight bytes. Where another process
        // stores them meanwhile the number is of old and new bytes, and every number is valid.
        u64::from_le(unsafe { self.start.cast::<u64>().read_unaligned() })
    }

    /// Every eight bytes as such a number, without what is left over.
    pub fn words(self) -> impl Iterator<Item = u64> {
        let numbers = 0..self.length / size_of::<u64>();
        // SAFETY: as in `first`; the number's bytes end within the memory.
        numbers
            .map(move |number| u64::from_le(unsafe { self.start.cast::<u64>().add(number).read_unaligned() }))
    }

    /// Copies as many bytes as both have; returns how many.
    pub fn copy_to(self, target: &mut [u8]) -> usize {
        let length = self.length.min(target.len());
        // SAFETY: both have `length` bytes. An exclusive slice overlaps no other, and no mapping, as
        // nobody refers to the memory of one.
        unsafe { ptr::copy_nonoverlapping(self.start, target.as_mut_ptr(), length) };
        length
    }
}

impl MappedBytes {
    /// Maps the first `length` bytes of `file`; with `populate` every page before it returns. Errors: what
    /// `memmap2` reports of `mmap(2)`, and those of watching it.
    pub fn new(file: &File, length: usize, populate: bool) -> io::Result<Self> {
        let mut options = memmap2::MmapOptions::new();
        options.len(length);
        if populate {
            options.populate();
        }
        let map = options.map_raw_read_only(file)?;
        // SAFETY: the mapping starts at a page, is owned by the value made here, and outlives the
        // watch, which is declared before it.
        let watch = unsafe { Watch::new(map.as_ptr(), map.len()) }?;
        Ok(Self { watch, map })
    }

    /// Tells the kernel how the bytes will be used, or asks it for all pages now: `madvise(2)`.
    pub fn advise(&self, advice: Advice) -> io::Result<()> {
        self.map.advise(advice)
    }

    /// The bytes; zeros where [`Self::check`] finds a fault.
    pub fn bytes(&self) -> Bytes<'_> {
        Bytes { start: self.map.as_ptr(), length: self.map.len(), memory: PhantomData }
    }

    /// What `look` makes of the bytes.
    pub fn look<T>(&self, look: impl FnOnce(Bytes<'_>) -> T) -> io::Result<T> {
        let seen = look(self.bytes());
        self.check().map(|()| seen)
    }

    /// Whether every byte that was read had a page of the file behind it. Errors: a page that could not be
    /// read in, which would have been SIGBUS.
    pub fn check(&self) -> io::Result<()> {
        match self.watch.offset() {
            None => Ok(()),
            Some(at) => Err(io::Error::other(format!("SIGBUS at byte {at} of a mapped file"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn bytes_are_those_of_the_file_and_a_missing_page_is_an_error() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; 10_000]).unwrap();
        for populate in [false, true] {
            let mapped = MappedBytes::new(&file, 10_000, populate).unwrap();
            let mut bytes = [0; 10_001];
            assert_eq!(mapped.bytes().copy_to(&mut bytes), 10_000);
            assert_eq!(bytes[..10_000], [7; 10_000]);
            assert_eq!(mapped.bytes().part(9_992..20_000).first(), 0x0707_0707_0707_0707);
            assert_eq!(mapped.bytes().part(9_993..20_000).first(), 0);
            assert_eq!(mapped.bytes().part(3..26).words().collect::<Vec<_>>(), [0x0707_0707_0707_0707; 2]);
            mapped.check().unwrap();
        }
        let mapped = MappedBytes::new(&file, 10_000, false).unwrap();
        file.set_len(1).unwrap();
        assert_eq!(mapped.bytes().part(9_000..10_000).first(), 0);
        assert!(mapped.check().unwrap_err().to_string().contains("byte 9000"));
    }
}

//! A file mapped for reading, as the slice that Rust programs take it for.

use super::fault::Watch;
pub use memmap2::Advice;
use std::fs::File;
use std::io;

/// The bytes of a file that nobody writes or shortens meanwhile; unmapped when dropped.
#[derive(Debug)]
pub struct MappedBytes {
    // Dropped before the mapping it watches.
    watch: Watch,
    map: memmap2::Mmap,
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
        // SAFETY: a slice over a file that somebody else writes is undefined by Rust's rules; callers
        // map files that this process made and that have no name or a private one.
        let map = unsafe { options.map(file)? };
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
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// What `look` makes of the bytes.
    pub fn look<T>(&self, look: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
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
            assert_eq!(mapped.bytes(), [7; 10_000]);
            mapped.check().unwrap();
        }
        let mapped = MappedBytes::new(&file, 10_000, false).unwrap();
        file.set_len(1).unwrap();
        assert_eq!(mapped.bytes()[9_000], 0);
        assert!(mapped.check().unwrap_err().to_string().contains("byte 9000"));
    }
}

//! What readers read, and the moves that several of them make.

use crate::fixture::PrivateDirectory;
use crate::sys::aligned::Buffer;
use crate::sys::direct::reopen;
use crate::sys::mapped_bytes::{Advice, Bytes, MappedBytes};
use rustix::fs::OFlags;
use rustix::io::ReadWriteFlags;
use std::cell::{OnceCell, RefCell, RefMut};
use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// A file, with all that is made before the clock starts.
pub(super) struct Subject {
    pub(super) file: File,
    pub(super) length: usize,
    /// Memory that was used before, from the start of a page.
    pub(super) memory: RefCell<Buffer>,
    /// The whole file, with every page in the page table, made by the first reader that asks for it.
    kept: OnceCell<MappedBytes>,
    /// The same bytes in files of [`PIECE`] bytes, made likewise.
    files: OnceCell<Vec<PathBuf>>,
    /// Where those are.
    directory: PrivateDirectory,
    /// Offsets of all pieces of [`PIECE`] bytes, shuffled.
    pub(super) pieces: Vec<usize>,
    /// Offsets of all pages, shuffled.
    pub(super) pages: Vec<usize>,
}

/// Bytes of a small file, and of what is read at random.
pub(super) const PIECE: usize = 16 << 10;
pub(super) const PAGE: usize = 4 << 10;
/// Bytes of one read in order.
pub(super) const BUFFER: usize = 64 << 10;
/// Bytes of one read past the page cache.
const LARGE: usize = 1 << 20;
/// Where malloc puts large memory: so far behind the start of a page.
const BEHIND: usize = 16;

impl Subject {
    /// With offsets in an order that `shuffled` makes for pieces of so many bytes.
    pub(super) fn new(
        file: File,
        length: usize,
        directory: PrivateDirectory,
        mut shuffled: impl FnMut(usize) -> Vec<usize>,
    ) -> io::Result<Self> {
        Ok(Self {
            file,
            length,
            memory: RefCell::new(Buffer::new(LARGE + BEHIND)?),
            kept: OnceCell::new(),
            files: OnceCell::new(),
            directory,
            pieces: shuffled(PIECE),
            pages: shuffled(PAGE),
        })
    }

    /// [`BUFFER`] bytes that lie where a program's own would.
    pub(super) fn buffer(&self) -> RefMut<'_, [u8]> {
        RefMut::map(self.memory.borrow_mut(), |memory| &mut memory[BEHIND..BEHIND + BUFFER])
    }

    /// A mapping that stays.
    pub(super) fn kept(&self) -> io::Result<&MappedBytes> {
        made_once(&self.kept, || MappedBytes::new(&self.file, self.length, true))
    }

    pub(super) fn by_reads(&self, size: usize, look: fn(Bytes<'_>) -> u64) -> io::Result<u64> {
        self.by_reads_into(&mut self.buffer()[..size], look)
    }

    pub(super) fn by_reads_into(&self, buffer: &mut [u8], look: fn(Bytes<'_>) -> u64) -> io::Result<u64> {
        self.in_order(buffer, look, |buffer, at| self.file.read_at(buffer, at))
    }

    pub(super) fn by_flagged_reads(
        &self,
        flags: ReadWriteFlags,
        look: fn(Bytes<'_>) -> u64,
    ) -> io::Result<u64> {
        self.in_order(&mut self.buffer(), look, |buffer, at| {
            Ok(rustix::io::preadv2(&self.file, &mut [IoSliceMut::new(buffer)], at, flags)?)
        })
    }

    pub(super) fn by_direct_reads(&self, look: fn(Bytes<'_>) -> u64) -> io::Result<u64> {
        let direct = reopen(&self.file, OFlags::RDONLY)?;
        self.in_order(&mut self.memory.borrow_mut()[..LARGE], look, |buffer, at| {
            Ok(rustix::io::pread(&direct, buffer, at)?)
        })
    }

    fn in_order(
        &self,
        buffer: &mut [u8],
        look: fn(Bytes<'_>) -> u64,
        read: impl Fn(&mut [u8], u64) -> io::Result<usize>,
    ) -> io::Result<u64> {
        let mut sum = 0_u64;
        let mut at = 0;
        while at < self.length {
            let count = read(buffer, at as u64)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            sum = sum.wrapping_add(look(Bytes::from(&buffer[..count])));
            at += count;
        }
        Ok(sum)
    }

    /// Moves the whole file to /dev/null; `step` says how many bytes from an offset it moved.
    pub(super) fn to_nowhere(
        &self,
        mut step: impl FnMut(&File, u64) -> io::Result<usize>,
    ) -> io::Result<u64> {
        let nowhere = File::options().write(true).open("/dev/null")?;
        let mut at = 0;
        loop {
            match step(&nowhere, at)? {
                0 => return Ok(at),
                count => at += count as u64,
            }
        }
    }

    /// Through a new mapping; with advice for how the pages are then populated.
    pub(super) fn by_mapping(
        &self,
        advice: Option<Advice>,
        look: impl Fn(Bytes<'_>) -> u64,
    ) -> io::Result<u64> {
        let mapped = MappedBytes::new(&self.file, self.length, false)?;
        if let Some(advice) = advice {
            mapped.advise(advice)?;
            mapped.advise(Advice::PopulateRead)?;
        }
        mapped.look(look)
    }

    pub(super) fn by_populated_mapping(&self, look: impl Fn(Bytes<'_>) -> u64) -> io::Result<u64> {
        MappedBytes::new(&self.file, self.length, true)?.look(look)
    }

    pub(super) fn at_random(&self, offsets: &[usize], size: usize) -> io::Result<u64> {
        let mut buffer = self.buffer();
        let mut sum = 0_u64;
        for at in offsets {
            let count = self.file.read_at(&mut buffer[..size], *at as u64)?;
            sum = sum.wrapping_add(glance(Bytes::from(&buffer[..count])));
        }
        Ok(sum)
    }

    /// Pieces of mapped bytes, copied in random order.
    pub(super) fn pieces_of(&self, bytes: Bytes<'_>) -> u64 {
        let mut buffer = self.buffer();
        let piece = |at: &usize| copied(bytes.part(*at..*at + PIECE), &mut buffer);
        self.pieces.iter().map(piece).fold(0, u64::wrapping_add)
    }

    pub(super) fn each_file(&self, mut look: impl FnMut(&File) -> io::Result<u64>) -> io::Result<u64> {
        let files = made_once(&self.files, || self.make_files())?;
        files.iter().try_fold(0, |sum: u64, path| Ok(sum.wrapping_add(look(&File::open(path)?)?)))
    }

    fn make_files(&self) -> io::Result<Vec<PathBuf>> {
        let mut piece = [0; PIECE];
        (0..self.length.div_ceil(PIECE))
            .map(|number| {
                let at = number * PIECE;
                let piece = &mut piece[..PIECE.min(self.length - at)];
                self.file.read_exact_at(piece, at as u64)?;
                let path = self.directory.path().join(number.to_string());
                std::fs::write(&path, piece)?;
                Ok(path)
            })
            .collect()
    }
}

/// What the cell holds; made where it holds nothing yet.
fn made_once<T>(cell: &OnceCell<T>, make: impl FnOnce() -> io::Result<T>) -> io::Result<&T> {
    match cell.get() {
        Some(made) => Ok(made),
        None => {
            let made = make()?;
            Ok(cell.get_or_init(|| made))
        }
    }
}

/// Every eight bytes as a number, added up: a pass over memory as fast as it goes.
pub(super) fn add(bytes: Bytes<'_>) -> u64 {
    bytes.words().fold(0, u64::wrapping_add)
}

/// The first eight bytes of each page, added up.
pub(super) fn glance(bytes: Bytes<'_>) -> u64 {
    pieces(bytes, PAGE).map(Bytes::first).fold(0, u64::wrapping_add)
}

/// So many bytes each, but for the last.
pub(super) fn pieces(bytes: Bytes<'_>, size: usize) -> impl Iterator<Item = Bytes<'_>> {
    (0..bytes.len()).step_by(size).map(move |at| bytes.part(at..at + size))
}

/// Copies `bytes` into the buffer and looks at the copy.
pub(super) fn copied(bytes: Bytes<'_>, buffer: &mut [u8]) -> u64 {
    let count = bytes.copy_to(buffer);
    glance(Bytes::from(std::hint::black_box(&buffer[..count])))
}

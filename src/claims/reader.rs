//! Ways for a program to have the bytes of a file: what claims about reading are tried by. One
//! registry; every reader gives a sum of what it saw, which must be that of the file.

use crate::fixture::PrivateDirectory;
use crate::sys::mapped_bytes::MappedBytes;
use std::cell::{OnceCell, RefCell};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// A way to read.
#[derive(Debug)]
pub struct Reader {
    /// Its key.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What its sum is made of.
    pub(super) sum: Sum,
    pub(super) read: fn(&Subject) -> io::Result<u64>,
}

/// What a reader adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sum {
    /// Every eight bytes, so many times over.
    Bytes(u64),
    /// The first eight bytes of every page.
    Pages,
}

/// What is read, with all that is made before the clock starts.
pub(super) struct Subject {
    pub(super) file: File,
    pub(super) length: usize,
    /// The whole file, with every page in the page table.
    pub(super) mapped: MappedBytes,
    /// The same bytes in files of [`PIECE`] bytes, made by the first reader that asks for them.
    pub(super) files: OnceCell<Vec<PathBuf>>,
    /// Where those are.
    pub(super) directory: PrivateDirectory,
    /// Memory that was used before.
    pub(super) buffer: RefCell<Vec<u8>>,
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
/// Times that a reader which comes back reads.
const AGAIN: u64 = 4;

/// Every reader.
pub static READERS: &[Reader] = &[
    Reader {
        name: "read-64k-sum",
        summary: "read of 64 KiB at a time into one buffer, all bytes added up",
        sum: Sum::Bytes(1),
        read: |subject| subject.by_reads(BUFFER, add),
    },
    Reader {
        name: "read-fresh-sum",
        summary: "one read into memory that was never used before, all bytes added up",
        sum: Sum::Bytes(1),
        read: |subject| {
            let mut fresh = vec![0; subject.length];
            subject.file.read_exact_at(&mut fresh, 0)?;
            Ok(add(&fresh))
        },
    },
    Reader {
        name: "map-sum",
        summary: "a mapping made, all bytes added up, unmapped",
        sum: Sum::Bytes(1),
        read: |subject| subject.by_mapping(false, add),
    },
    Reader {
        name: "map-populate-sum",
        summary: "a mapping made with MAP_POPULATE, all bytes added up, unmapped",
        sum: Sum::Bytes(1),
        read: |subject| subject.by_mapping(true, add),
    },
    Reader {
        name: "map-kept-sum",
        summary: "all bytes of a mapping that was there before added up",
        sum: Sum::Bytes(1),
        read: |subject| Ok(add(subject.mapped.bytes())),
    },
    Reader {
        name: "read-64k-sum-again",
        summary: "as read-64k-sum, four times",
        sum: Sum::Bytes(AGAIN),
        read: |subject| again(|| subject.by_reads(BUFFER, add)),
    },
    Reader {
        name: "map-sum-again",
        summary: "a mapping made, all bytes added up four times, unmapped",
        sum: Sum::Bytes(AGAIN),
        read: |subject| {
            let pass = |bytes: &[u8]| add(std::hint::black_box(bytes));
            subject.by_mapping(false, |bytes| (0..AGAIN).map(|_| pass(bytes)).fold(0, u64::wrapping_add))
        },
    },
    Reader {
        name: "read-64k",
        summary: "read of 64 KiB at a time into one buffer, the first bytes of each page looked at",
        sum: Sum::Pages,
        read: |subject| subject.by_reads(BUFFER, glance),
    },
    Reader {
        name: "map-touch",
        summary: "a mapping made, the first bytes of each page looked at, unmapped",
        sum: Sum::Pages,
        read: |subject| subject.by_mapping(false, glance),
    },
    Reader {
        name: "read-4k",
        summary: "read of 4 KiB at a time into one buffer, in order",
        sum: Sum::Pages,
        read: |subject| subject.by_reads(PAGE, glance),
    },
    Reader {
        name: "map-kept-copy-4k",
        summary: "4 KiB at a time copied into one buffer from a mapping that was there before, in order",
        sum: Sum::Pages,
        read: |subject| {
            let mut buffer = subject.buffer.borrow_mut();
            Ok(subject
                .mapped
                .bytes()
                .chunks(PAGE)
                .map(|page| copied(page, &mut buffer))
                .fold(0, u64::wrapping_add))
        },
    },
    Reader {
        name: "pread-16k-random",
        summary: "pread of 16 KiB at a time into one buffer, in random order",
        sum: Sum::Pages,
        read: |subject| subject.at_random(&subject.pieces, PIECE),
    },
    Reader {
        name: "map-kept-copy-16k-random",
        summary: "16 KiB at a time copied into one buffer from a mapping that was there before, in random order",
        sum: Sum::Pages,
        read: |subject| {
            let (mut buffer, bytes) = (subject.buffer.borrow_mut(), subject.mapped.bytes());
            let piece = |at: &usize| copied(&bytes[*at..(*at + PIECE).min(bytes.len())], &mut buffer);
            Ok(subject.pieces.iter().map(piece).fold(0, u64::wrapping_add))
        },
    },
    Reader {
        name: "pread-4k-random",
        summary: "pread of 4 KiB at a time into one buffer, in random order",
        sum: Sum::Pages,
        read: |subject| subject.at_random(&subject.pages, PAGE),
    },
    Reader {
        name: "map-kept-touch-random",
        summary: "eight bytes of each page looked at in a mapping that was there before, in random order",
        sum: Sum::Pages,
        read: |subject| {
            let bytes = subject.mapped.bytes();
            Ok(subject.pages.iter().map(|at| first(&bytes[*at..])).fold(0, u64::wrapping_add))
        },
    },
    Reader {
        name: "read-files-sum",
        summary: "files of 16 KiB opened one by one, read whole, all bytes added up",
        sum: Sum::Bytes(1),
        read: |subject| {
            let mut buffer = subject.buffer.borrow_mut();
            subject.each_file(|file| {
                let count = file.read_at(&mut buffer[..PIECE], 0)?;
                Ok(add(&buffer[..count]))
            })
        },
    },
    Reader {
        name: "map-files-sum",
        summary: "files of 16 KiB opened one by one, mapped whole, all bytes added up",
        sum: Sum::Bytes(1),
        read: |subject| {
            subject.each_file(|file| {
                let length = file.metadata()?.len();
                let mapped = MappedBytes::new(file, usize::try_from(length).unwrap_or(usize::MAX), false)?;
                let sum = add(mapped.bytes());
                mapped.check().map(|()| sum)
            })
        },
    },
];

impl Reader {
    /// The reader of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        READERS.iter().find(|reader| reader.name == name)
    }
}

impl Sum {
    /// What it must come to.
    pub(super) fn expected(self, subject: &Subject) -> u64 {
        match self {
            Self::Bytes(times) => add(subject.mapped.bytes()).wrapping_mul(times),
            Self::Pages => glance(subject.mapped.bytes()),
        }
    }
}

impl Subject {
    fn by_reads(&self, size: usize, look: fn(&[u8]) -> u64) -> io::Result<u64> {
        let mut buffer = self.buffer.borrow_mut();
        let mut sum = 0_u64;
        let mut at = 0;
        while at < self.length {
            let count = self.file.read_at(&mut buffer[..size], at as u64)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            sum = sum.wrapping_add(look(&buffer[..count]));
            at += count;
        }
        Ok(sum)
    }

    fn by_mapping(&self, populate: bool, look: impl Fn(&[u8]) -> u64) -> io::Result<u64> {
        let mapped = MappedBytes::new(&self.file, self.length, populate)?;
        let sum = look(mapped.bytes());
        mapped.check().map(|()| sum)
    }

    fn at_random(&self, offsets: &[usize], size: usize) -> io::Result<u64> {
        let mut buffer = self.buffer.borrow_mut();
        let mut sum = 0_u64;
        for at in offsets {
            let count = self.file.read_at(&mut buffer[..size], *at as u64)?;
            sum = sum.wrapping_add(glance(&buffer[..count]));
        }
        Ok(sum)
    }

    fn each_file(&self, mut look: impl FnMut(&File) -> io::Result<u64>) -> io::Result<u64> {
        let files = match self.files.get() {
            Some(files) => files,
            None => {
                let made = self.make_files()?;
                self.files.get_or_init(|| made)
            }
        };
        files.iter().try_fold(0, |sum: u64, path| Ok(sum.wrapping_add(look(&File::open(path)?)?)))
    }

    fn make_files(&self) -> io::Result<Vec<PathBuf>> {
        let pieces = self.mapped.bytes().chunks(PIECE).enumerate();
        pieces
            .map(|(number, piece)| {
                let path = self.directory.path().join(number.to_string());
                std::fs::write(&path, piece)?;
                Ok(path)
            })
            .collect()
    }
}

fn again(read: impl Fn() -> io::Result<u64>) -> io::Result<u64> {
    (0..AGAIN).try_fold(0, |sum: u64, _| Ok(sum.wrapping_add(read()?)))
}

/// Every eight bytes as a number, added up: a pass over memory as fast as it goes.
fn add(bytes: &[u8]) -> u64 {
    bytes.chunks_exact(8).map(first).fold(0, u64::wrapping_add)
}

/// The first eight bytes of each page, added up.
fn glance(bytes: &[u8]) -> u64 {
    bytes.chunks(PAGE).map(first).fold(0, u64::wrapping_add)
}

fn first(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

/// Copies `bytes` into the buffer and looks at the copy.
fn copied(bytes: &[u8], buffer: &mut [u8]) -> u64 {
    let target = &mut buffer[..bytes.len()];
    target.copy_from_slice(bytes);
    glance(std::hint::black_box(target))
}

//! Ways for a program to have the bytes of a file: what claims about reading are tried by. One
//! registry; every reader gives a sum of what it saw, which must be that of the file.

use super::subject::{BUFFER, PAGE, PIECE, Subject, add, copied, glance, pieces};
use crate::sys::RWF_DONTCACHE;
use crate::sys::mapped_bytes::{Advice, Bytes, MappedBytes};
use rustix::pipe::{PipeFlags, SpliceFlags, splice};
use std::io;
use std::os::unix::fs::FileExt;

#[derive(Debug)]
pub struct Reader {
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
    /// None: the bytes go where nobody sees them, and only their number is known.
    Length,
}

/// Times that a reader which comes back reads.
const AGAIN: u64 = 4;

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
            Ok(add(Bytes::from(&fresh[..])))
        },
    },
    Reader {
        name: "map-sum",
        summary: "a mapping made, all bytes added up, unmapped",
        sum: Sum::Bytes(1),
        read: |subject| subject.by_mapping(None, add),
    },
    Reader {
        name: "map-populate-sum",
        summary: "a mapping made with MAP_POPULATE, all bytes added up, unmapped",
        sum: Sum::Bytes(1),
        read: |subject| subject.by_populated_mapping(add),
    },
    Reader {
        name: "map-kept-sum",
        summary: "all bytes of a mapping that was there before added up",
        sum: Sum::Bytes(1),
        read: |subject| Ok(add(subject.kept()?.bytes())),
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
            let pass = |bytes: Bytes<'_>| add(std::hint::black_box(bytes));
            subject.by_mapping(None, |bytes| (0..AGAIN).map(|_| pass(bytes)).fold(0, u64::wrapping_add))
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
        read: |subject| subject.by_mapping(None, glance),
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
            let mut buffer = subject.buffer();
            let pages = pieces(subject.kept()?.bytes(), PAGE);
            Ok(pages.map(|page| copied(page, &mut buffer)).fold(0, u64::wrapping_add))
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
            let bytes = subject.kept()?.bytes();
            Ok(subject.pieces_of(bytes))
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
            let bytes = subject.kept()?.bytes();
            Ok(subject.pages.iter().map(|at| bytes.part(*at..bytes.len()).first()).fold(0, u64::wrapping_add))
        },
    },
    Reader {
        name: "read-files-sum",
        summary: "files of 16 KiB opened one by one, read whole, all bytes added up",
        sum: Sum::Bytes(1),
        read: |subject| {
            let mut buffer = subject.buffer();
            subject.each_file(|file| {
                let count = file.read_at(&mut buffer[..PIECE], 0)?;
                Ok(add(Bytes::from(&buffer[..count])))
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
                mapped.look(add)
            })
        },
    },
    Reader {
        name: "read-64k-page-aligned",
        summary: "as read-64k, but the buffer starts on a page, not at a 16-byte offset as that of malloc",
        sum: Sum::Pages,
        read: |subject| subject.by_reads_into(&mut subject.memory.borrow_mut()[..BUFFER], glance),
    },
    Reader {
        name: "read-dontcache-64k-sum",
        summary: "preadv2 of 64 KiB at a time with RWF_DONTCACHE, all bytes added up",
        sum: Sum::Bytes(1),
        read: |subject| subject.by_flagged_reads(RWF_DONTCACHE, add),
    },
    Reader {
        name: "read-direct-1m-sum",
        summary: "read of 1 MiB at a time past the page cache (O_DIRECT), all bytes added up",
        sum: Sum::Bytes(1),
        read: |subject| subject.by_direct_reads(add),
    },
    Reader {
        name: "map-copy-16k-random",
        summary: "a mapping made, 16 KiB at a time copied into one buffer in random order, unmapped",
        sum: Sum::Pages,
        read: |subject| subject.by_mapping(None, |bytes| subject.pieces_of(bytes)),
    },
    Reader {
        name: "map-sequential-populate",
        summary: "a mapping made, MADV_SEQUENTIAL, MADV_POPULATE_READ, the first bytes of each page looked at, unmapped",
        sum: Sum::Pages,
        read: |subject| subject.by_mapping(Some(Advice::Sequential), glance),
    },
    Reader {
        name: "map-random-populate",
        summary: "a mapping made, MADV_RANDOM, MADV_POPULATE_READ, the first bytes of each page looked at, unmapped",
        sum: Sum::Pages,
        read: |subject| subject.by_mapping(Some(Advice::Random), glance),
    },
    Reader {
        name: "read-write-null",
        summary: "read of 128 KiB at a time into one buffer, written to /dev/null",
        sum: Sum::Length,
        read: |subject| {
            let mut buffer = subject.memory.borrow_mut();
            subject.to_nowhere(|nowhere, at| {
                let count = subject.file.read_at(&mut buffer[..2 * BUFFER], at)?;
                Ok(rustix::io::write(nowhere, &buffer[..count])?)
            })
        },
    },
    Reader {
        name: "splice-null",
        summary: "spliced into a pipe of 64 KiB and from there to /dev/null",
        sum: Sum::Length,
        read: |subject| {
            let (from, to) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC)?;
            subject.to_nowhere(|nowhere, mut at| {
                let flags = SpliceFlags::empty();
                let count = splice(&subject.file, Some(&mut at), &to, None, BUFFER, flags)?;
                Ok(if count == 0 { 0 } else { splice(&from, None, nowhere, None, count, flags)? })
            })
        },
    },
];

impl Reader {
    /// The reader of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        READERS.iter().find(|reader| reader.name == name)
    }
}

impl Sum {
    /// What it must come to, from a mapping of its own: one that stayed would keep its pages in the
    /// page cache.
    pub(super) fn expected(self, subject: &Subject) -> io::Result<u64> {
        match self {
            Self::Bytes(times) => Ok(subject.by_mapping(None, add)?.wrapping_mul(times)),
            Self::Pages => subject.by_mapping(None, glance),
            Self::Length => Ok(subject.length as u64),
        }
    }
}

fn again(read: impl Fn() -> io::Result<u64>) -> io::Result<u64> {
    (0..AGAIN).try_fold(0, |sum: u64, _| Ok(sum.wrapping_add(read()?)))
}

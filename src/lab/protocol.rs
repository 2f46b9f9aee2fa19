//! What the lab asks of a child and what it answers: one line of JSON each.

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// How a file is opened: `O_RDONLY`, `O_WRONLY` or `O_RDWR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Mode {
    /// `O_RDONLY`.
    ReadOnly,
    /// `O_WRONLY`.
    WriteOnly,
    /// `O_RDWR`.
    ReadWrite,
}

/// Arguments of `mmap(2)`; the file is the one opened last.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Map {
    /// Where the mapping should go; 0 leaves it to the kernel.
    pub hint: usize,
    /// Bytes.
    pub length: usize,
    /// `PROT_*` bits.
    pub protection: u32,
    /// `MAP_*` bits.
    pub flags: u32,
    /// Whether the file is given; otherwise fd is -1 and the mapping anonymous.
    pub with_file: bool,
    /// Offset in the file.
    pub offset: u64,
}

/// One system call, or accesses to memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum ChildCall {
    /// `open(2)` of a file in the lab's directory.
    Open { name: String, mode: Mode },
    /// `close(2)` of the file opened last.
    Close,
    /// `mmap(2)`.
    Map(Map),
    /// `munmap(2)`.
    Unmap { address: usize, length: usize },
    /// `msync(2)` with `MS_SYNC`.
    Sync { address: usize, length: usize },
    /// Loads bytes, one by one.
    Load {
        /// Of the first byte.
        address: usize,
        /// How many.
        length: usize,
    },
    /// Stores a byte.
    Store { address: usize, byte: u8 },
    /// Stores `65 + i % 26` in byte i.
    StorePattern {
        /// Of byte 0.
        address: usize,
        /// How many bytes.
        length: usize,
    },
    /// A core dump would be left behind by what comes next.
    LeaveNoCore,
}

/// What came of a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// Nothing to tell.
    Done,
    /// Of a new mapping.
    Address(usize),
    /// Loaded.
    Bytes(Vec<u8>),
    /// The call failed.
    Errno(i32),
}

impl From<Errno> for Reply {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno.raw_os_error())
    }
}

/// Byte `index` of the exercise's pattern: the capital letters again and again.
pub(super) fn pattern(index: usize) -> u8 {
    b'A' + (index % 26) as u8
}

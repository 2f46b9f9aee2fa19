//! What can be asked of a ring, and its submission entry.

use super::super::slots::{Operation, Slots};
use io_uring::squeue::{Entry, Flags};
use io_uring::{opcode, types};
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::io::Errno;
use std::ops::Range;

/// How the kernel reaches the slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// By address, looked up by each operation.
    Plain,
    /// Pinned once and named by index (`IORING_REGISTER_BUFFERS`).
    Registered,
}

/// A place in a file.
#[derive(Clone, Copy, Debug)]
pub struct Position<'files> {
    pub file: BorrowedFd<'files>,
    /// Bytes from its start.
    pub offset: u64,
}

/// One operation on a slot. `flags` are those of `preadv2(2)` and `pwritev2(2)`.
#[derive(Clone, Debug)]
pub enum Step<'files> {
    /// Read into `range` of the slot.
    Read {
        /// Bytes of the slot.
        range: Range<usize>,
        from: Position<'files>,
        /// `RWF_*`.
        flags: i32,
    },
    /// Write `range` of the slot.
    Write {
        /// Bytes of the slot.
        range: Range<usize>,
        to: Position<'files>,
        /// `RWF_*`.
        flags: i32,
    },
    /// Move up to `length` bytes from a file into a pipe; the slot only names the operation.
    SpliceIn {
        /// Bytes.
        length: usize,
        from: Position<'files>,
        /// The pipe's write end.
        pipe: BorrowedFd<'files>,
    },
    /// Move up to `length` bytes from a pipe into a file; the slot only names the operation.
    SpliceOut {
        /// Bytes.
        length: usize,
        /// The pipe's read end.
        pipe: BorrowedFd<'files>,
        to: Position<'files>,
    },
}

impl Step<'_> {
    /// The submission entry, which holds for as long as the slot's buffer and the files do.
    pub(super) fn entry(&self, slot: usize, slots: &Slots, memory: Memory) -> Result<Entry, Errno> {
        // The builders share the names of their methods, but no trait.
        macro_rules! transfer {
            ($plain:ident, $registered:ident, $range:ident, $place:ident, $flags:ident) => {{
                let file = types::Fd($place.file.as_raw_fd());
                // No slot has 4 GiB, and the kernel registers 16384 at most.
                let (address, length) = (slots.address(slot, $range)?, $range.len() as u32);
                match memory {
                    Memory::Plain => opcode::$plain::new(file, address, length)
                        .offset($place.offset)
                        .rw_flags(*$flags)
                        .build(),
                    Memory::Registered => opcode::$registered::new(file, address, length, slot as u16)
                        .offset($place.offset)
                        .rw_flags(*$flags)
                        .build(),
                }
            }};
        }
        let (operation, entry) = match self {
            Self::Read { range, from, flags } => {
                (Operation::Read, transfer!(Read, ReadFixed, range, from, flags))
            }
            Self::Write { range, to, flags } => {
                (Operation::Write, transfer!(Write, WriteFixed, range, to, flags))
            }
            Self::SpliceIn { length, from, pipe } => {
                let (file, offset) = whence(*from)?;
                let entry =
                    opcode::Splice::new(file, offset, types::Fd(pipe.as_raw_fd()), -1, bytes(*length)?);
                (Operation::SpliceIn, entry.build())
            }
            Self::SpliceOut { length, pipe, to } => {
                let (file, offset) = whence(*to)?;
                let entry =
                    opcode::Splice::new(types::Fd(pipe.as_raw_fd()), -1, file, offset, bytes(*length)?);
                (Operation::SpliceOut, entry.build())
            }
        };
        Ok(entry.user_data(encode(slot, operation)))
    }
}

fn whence(place: Position<'_>) -> Result<(types::Fd, i64), Errno> {
    let offset = i64::try_from(place.offset).map_err(|_| Errno::OVERFLOW)?;
    Ok((types::Fd(place.file.as_raw_fd()), offset))
}

fn bytes(length: usize) -> Result<u32, Errno> {
    u32::try_from(length).map_err(|_| Errno::OVERFLOW)
}

pub(super) const OPERATIONS: [Operation; 4] =
    [Operation::Read, Operation::Write, Operation::SpliceIn, Operation::SpliceOut];

fn encode(slot: usize, operation: Operation) -> u64 {
    (slot as u64) << 2 | operation as u64
}

/// Slot and operation of a completion's user data; none for that of an operation without one.
pub(super) fn decode(data: u64) -> Option<(usize, Operation)> {
    (data != WITHOUT_SLOT).then(|| ((data >> 2) as usize, OPERATIONS[(data & 3) as usize]))
}

const WITHOUT_SLOT: u64 = u64::MAX;

/// An attempt to end what a slot is used for.
pub(super) fn cancel(slot: usize, operation: Operation) -> Entry {
    opcode::AsyncCancel::new(encode(slot, operation)).build().user_data(WITHOUT_SLOT)
}

/// Nothing, done by a worker: `IOSQE_ASYNC` starts one even where others are thought to be at work.
pub(super) fn rouse() -> Entry {
    opcode::Nop::new().build().flags(Flags::ASYNC).user_data(WITHOUT_SLOT)
}

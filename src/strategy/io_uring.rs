//! Reads and writes queued to an io_uring: one system call submits many and waits for them.
//!
//! Reference: `io_uring_enter(2)`, `preadv2(2)` for the flags.

use super::error::CopyError;
use super::in_flight::{Engine, Shape, copy as copy_in_flight};
use super::{Family, Strategy, Task, io_uring_splice};
use crate::sys::slots::{Completion, Operation};
use crate::sys::uring::{Memory, Position, Session, Step};
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno;
use std::ops::Range;

pub(super) static FAMILY: Family = Family {
    name: "io-uring",
    summary: "reads and writes queued to an io_uring, several blocks at a time",
    strategies: &[
        Strategy::handles("io-uring-q8-128k", "io_uring, 8 blocks of 128 KiB at a time", |task| {
            copy(task, 8, 128 << 10, Variant::PLAIN)
        }),
        Strategy::handles("io-uring-q1-1m", "io_uring, one block of 1 MiB at a time", |task| {
            copy(task, 1, 1 << 20, Variant::PLAIN)
        }),
        Strategy::handles("io-uring-q8-1m", "io_uring, 8 blocks of 1 MiB at a time", |task| {
            copy(task, 8, 1 << 20, Variant::PLAIN)
        }),
        Strategy::handles("io-uring-q32-64k", "io_uring, 32 blocks of 64 KiB at a time", |task| {
            copy(task, 32, 64 << 10, Variant::PLAIN)
        }),
        Strategy::handles(
            "io-uring-fixed-q8-128k",
            "io_uring with registered buffers, 8 blocks of 128 KiB at a time",
            |task| copy(task, 8, 128 << 10, Variant { memory: Memory::Registered, ..Variant::PLAIN }),
        ),
        Strategy::handles(
            "io-uring-linked-q8-128k",
            "io_uring, each write linked to its read, 8 pairs of 128 KiB at a time",
            |task| copy(task, 8, 128 << 10, Variant { linked: true, ..Variant::PLAIN }),
        ),
        Strategy::handles(
            "io-uring-splice",
            "io_uring, splices linked in pairs through a pipe of 1 MiB",
            io_uring_splice::copy,
        ),
        Strategy::handles(
            "io-uring-dontcache",
            "io_uring with RWF_DONTCACHE on both files, 8 blocks of 128 KiB at a time",
            |task| copy(task, 8, 128 << 10, Variant { flags: libc::RWF_DONTCACHE, ..Variant::PLAIN }),
        ),
    ],
};

/// What varies besides the number and the size of blocks.
#[derive(Clone, Copy)]
pub(super) struct Variant {
    memory: Memory,
    /// Whether a read and the write of its block are submitted together.
    linked: bool,
    /// `RWF_*` of every read and write.
    flags: i32,
}

impl Variant {
    pub(super) const PLAIN: Self = Self { memory: Memory::Plain, linked: false, flags: 0 };
}

fn copy(task: Task<'_>, depth: usize, block: usize, variant: Variant) -> Result<u64, CopyError> {
    let shape = Shape { slots: depth, block, read_unit: 1, write_unit: 1 };
    copy_between(task, task.source.as_fd(), task.target.as_fd(), shape, variant)
}

/// Copies through a ring that works on `from` and `to`, which are the task's files.
pub(super) fn copy_between(
    task: Task<'_>,
    from: BorrowedFd<'_>,
    to: BorrowedFd<'_>,
    shape: Shape,
    variant: Variant,
) -> Result<u64, CopyError> {
    let mut ring = task.workspace.ring(shape.slots, shape.block, variant.memory)?;
    ring.session(|ring| copy_in_flight(&mut Uring { ring, from, to, variant }, task, shape))
}

/// A ring between two files.
struct Uring<'a, 'ring, 'files> {
    ring: &'a mut Session<'ring, 'files>,
    from: BorrowedFd<'files>,
    to: BorrowedFd<'files>,
    variant: Variant,
}

impl<'files> Uring<'_, '_, 'files> {
    fn read_step(&self, range: Range<usize>, offset: u64) -> Step<'files> {
        Step::Read { range, from: Position { file: self.from, offset }, flags: self.variant.flags }
    }

    fn write_step(&self, range: Range<usize>, offset: u64) -> Step<'files> {
        Step::Write { range, to: Position { file: self.to, offset }, flags: self.variant.flags }
    }
}

impl Engine for Uring<'_, '_, '_> {
    const WAIT: &'static str = "io_uring_enter";

    fn call(&self, operation: Operation) -> &'static str {
        let reads = matches!(operation, Operation::Read | Operation::SpliceIn);
        match (reads, self.variant.memory) {
            (true, Memory::Plain) => "IORING_OP_READ",
            (true, Memory::Registered) => "IORING_OP_READ_FIXED",
            (false, Memory::Plain) => "IORING_OP_WRITE",
            (false, Memory::Registered) => "IORING_OP_WRITE_FIXED",
        }
    }

    fn read(&mut self, slot: usize, range: Range<usize>, offset: u64) -> Result<(), Errno> {
        let step = self.read_step(range, offset);
        self.ring.queue(slot, &step)
    }

    fn write(&mut self, slot: usize, range: Range<usize>, offset: u64) -> Result<(), Errno> {
        let step = self.write_step(range, offset);
        self.ring.queue(slot, &step)
    }

    fn begin(&mut self, slot: usize, range: Range<usize>, from: u64, to: u64) -> Result<usize, Errno> {
        if !self.variant.linked {
            return self.read(slot, range, from).map(|()| 1);
        }
        let (read, write) = (self.read_step(range.clone(), from), self.write_step(range, to));
        self.ring.queue_linked(slot, &read, &write).map(|()| 2)
    }

    fn wait(&mut self) -> Result<Completion, Errno> {
        self.ring.wait()
    }

    fn bytes(&self, slot: usize) -> Result<&[u8], Errno> {
        self.ring.slot(slot)
    }
}

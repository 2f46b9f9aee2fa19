//! Linux AIO between two files open with `O_DIRECT`, the only kind on which it is asynchronous.
//!
//! Reference: `io_submit(2)`, `open(2)` (`O_DIRECT`).

use super::direct_io::Sides;
use super::error::CopyError;
use super::in_flight::{Engine, copy as copy_in_flight};
use super::{Family, Strategy, Task};
use crate::sys::aio::Queue;
use crate::sys::slots::{Completion, Operation};
use rustix::io::Errno;
use std::ops::Range;

pub(super) static FAMILY: Family = Family {
    name: "aio-direct",
    summary: "Linux AIO with O_DIRECT on both files; a partial last block is written through the page cache",
    strategies: &[
        Strategy::handles(
            "aio-direct-q8-1m",
            "AIO and O_DIRECT, 8 blocks of 1 MiB at a time; tail buffered",
            |task| copy(task, 8, 1 << 20),
        ),
        Strategy::handles(
            "aio-direct-q1-1m",
            "AIO and O_DIRECT, one block of 1 MiB at a time; tail buffered",
            |task| copy(task, 1, 1 << 20),
        ),
        Strategy::handles(
            "aio-direct-q32-256k",
            "AIO and O_DIRECT, 32 blocks of 256 KiB at a time; tail buffered",
            |task| copy(task, 32, 256 << 10),
        ),
    ],
};

fn copy(task: Task<'_>, depth: usize, block: usize) -> Result<u64, CopyError> {
    let sides = Sides::direct(task)?;
    let mut queue = task.workspace.queue(depth, block)?;
    copy_in_flight(&mut Aio { queue: &mut queue, sides: &sides }, task, sides.shape(depth, block))
}

struct Aio<'a> {
    queue: &'a mut Queue,
    sides: &'a Sides<'a>,
}

impl Engine for Aio<'_> {
    const WAIT: &'static str = "io_getevents";

    fn call(&self, _: Operation) -> &'static str {
        "io_submit"
    }

    fn read(&mut self, slot: usize, range: Range<usize>, offset: u64) -> Result<(), Errno> {
        self.queue.submit(Operation::Read, slot, range, &self.sides.from, offset)
    }

    fn write(&mut self, slot: usize, range: Range<usize>, offset: u64) -> Result<(), Errno> {
        self.queue.submit(Operation::Write, slot, range, &self.sides.to, offset)
    }

    fn wait(&mut self) -> Result<Completion, Errno> {
        self.queue.wait()
    }

    fn bytes(&self, slot: usize) -> Result<&[u8], Errno> {
        self.queue.slot(slot)
    }
}

//! How far one block of a copy has come.

use super::Cause;
use crate::sys::slots::Operation;
use rustix::io::Errno;

/// How often in a row one operation may be answered with `EAGAIN` or `EINTR`.
const PATIENCE: u32 = 100;

/// A block on its way. Offsets count from the start of the span.
pub(super) struct Chunk {
    pub start: u64,
    /// Bytes to copy.
    pub wanted: usize,
    pub filled: usize,
    pub written: usize,
    /// Operations under way.
    pub pending: usize,
    /// Whether the write was begun with the read, so that it may come back cancelled.
    pub linked: bool,
    /// Refusals in a row that ask for another try.
    refused: u32,
    /// Whether a read found the end of the source.
    pub ended: bool,
    pub fault: Option<Cause>,
}

impl Chunk {
    /// A block of which `pending` operations are begun.
    pub(super) fn new(start: u64, wanted: usize, pending: usize) -> Self {
        Self {
            start,
            wanted,
            filled: 0,
            written: 0,
            pending,
            linked: pending > 1,
            refused: 0,
            ended: false,
            fault: None,
        }
    }

    /// Where the bytes end that are in the target.
    pub(super) fn written_to(&self) -> u64 {
        self.start + self.written as u64
    }

    /// Notes what became of one operation, whose name is `call`.
    pub(super) fn note(
        &mut self,
        operation: Operation,
        result: Result<usize, Errno>,
        call: &'static str,
        read_unit: usize,
    ) {
        self.pending -= 1;
        match (operation, result) {
            (Operation::Read, Ok(count)) => {
                self.filled += count;
                // Direct I/O stops inside a unit only where the file does.
                self.ended = count == 0 || count % read_unit != 0;
                self.refused = 0;
            }
            (Operation::Write, Ok(count)) if count > 0 => {
                self.written += count;
                self.refused = 0;
            }
            (_, Ok(_)) => self.fault = Some(Cause::Call { call, errno: Errno::IO }),
            (Operation::Write, Err(Errno::CANCELED)) if self.linked => {}
            (_, Err(Errno::AGAIN | Errno::INTR)) if self.refused < PATIENCE => self.refused += 1,
            (_, Err(errno)) => self.fault = Some(Cause::Call { call, errno }),
        }
    }
}

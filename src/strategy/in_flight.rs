//! Copies with several reads and writes under way at once, whatever carries them.
//!
//! Where the source ends is what a read says. Its size is no more than a plan for how many blocks
//! may be read at once; beyond the plan, one block at a time is tried until a read finds nothing.
//! A block that ends the copy, by an error or by the end of the source, lets all blocks before it
//! finish, so that the bytes reported are a prefix without gaps.

mod chunk;

use self::chunk::Chunk;
use super::Task;
use super::advance::Span;
use super::error::{Cause, CopyError};
use super::planned::planned;
use super::positional::write_at;
use crate::sys::slots::{Completion, Operation};
use rustix::io::Errno;
use std::fs::File;
use std::ops::Range;

/// How many slots of how many bytes, and what offsets and lengths have to be multiples of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub slots: usize,
    pub block: usize,
    /// Of reads, a power of two; 1 but for direct I/O.
    pub read_unit: usize,
    /// Of writes.
    pub write_unit: usize,
}

/// What carries reads and writes of numbered slots. An operation that was started ends with a
/// [`Completion`], in any order.
pub(super) trait Engine {
    /// Name of the call that waits.
    const WAIT: &'static str;

    /// Name of the call or opcode that does `operation`.
    fn call(&self, operation: Operation) -> &'static str;

    /// Reads the source from `offset` into `range` of the slot.
    fn read(&mut self, slot: usize, range: Range<usize>, offset: u64) -> Result<(), Errno>;

    /// Writes `range` of the slot to the target at `offset`.
    fn write(&mut self, slot: usize, range: Range<usize>, offset: u64) -> Result<(), Errno>;

    /// Begins with `range` of a slot, from one offset to the other, and returns the number of
    /// operations: only the read, or the write too where it can be told to wait for the read.
    fn begin(&mut self, slot: usize, range: Range<usize>, from: u64, _to: u64) -> Result<usize, Errno> {
        self.read(slot, range, from).map(|()| 1)
    }

    /// One operation that is over; `ENODATA` where none is under way.
    fn wait(&mut self) -> Result<Completion, Errno>;

    /// The bytes of a slot that nothing works on.
    fn bytes(&self, slot: usize) -> Result<&[u8], Errno>;
}

/// Copies through `engine`, which works on the same two files. What follows the last whole
/// unit of a write goes through `target` itself, after everything else: a page that is dirty in
/// the cache may lie in one folio with pages that direct writes pass by.
pub(super) fn copy(engine: &mut impl Engine, task: Task<'_>, shape: Shape) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    let blocks = (0..shape.slots).map(|_| None).collect();
    let mut copy =
        Overlap { engine, span, shape, blocks, next: 0, planned: 0, reached: 0, stop: None, tail: None };
    copy.run(source)?;
    copy.finish(target)
}

/// Why nothing is copied from an offset on.
enum Reason {
    SourceEnded,
    Failed(Cause),
}

struct Overlap<'engine, E> {
    engine: &'engine mut E,
    span: Span,
    shape: Shape,
    /// One for each slot.
    blocks: Vec<Option<Chunk>>,
    /// Start of the next block.
    next: u64,
    /// Where the source's size says that it ends.
    planned: u64,
    /// End of the last byte written.
    reached: u64,
    /// The lowest offset at which the copy has to stop.
    stop: Option<(u64, Reason)>,
    /// What is left for the buffered handle, and its offset.
    tail: Option<(u64, Vec<u8>)>,
}

impl<E: Engine> Overlap<'_, E> {
    fn run(&mut self, source: &File) -> Result<(), CopyError> {
        loop {
            while let Some(wanted) = self.next_length(source)? {
                let Some(slot) = self.blocks.iter().position(Option::is_none) else { break };
                self.begin(slot, wanted);
            }
            match self.engine.wait() {
                Ok(completion) => self.note(completion),
                Err(Errno::NODATA) if self.is_quiet() => return Ok(()),
                Err(errno) => return Err(CopyError::call(E::WAIT, self.known(), errno)),
            }
        }
    }

    fn is_quiet(&self) -> bool {
        self.blocks.iter().all(Option::is_none)
    }

    fn left(&self) -> u64 {
        self.span.length.map_or(u64::MAX, |length| length - self.next)
    }

    /// Length of the next block, where one may be begun now.
    fn next_length(&mut self, source: &File) -> Result<Option<usize>, CopyError> {
        if self.stop.is_some() || self.left() == 0 {
            return Ok(None);
        }
        if self.next >= self.planned {
            if !self.is_quiet() {
                return Ok(None);
            }
            self.planned = planned(source, self.span).map_err(|cause| CopyError::at(self.next, cause))?;
        }
        // One whole block beyond the plan; within it, no more units than it has.
        let unit = self.shape.read_unit.max(self.shape.write_unit) as u64;
        let ahead = match self.planned.saturating_sub(self.next) {
            0 => u64::MAX,
            ahead => ahead.checked_next_multiple_of(unit).unwrap_or(u64::MAX),
        };
        Ok(Some(ahead.min(self.left()).min(self.shape.block as u64) as usize))
    }

    fn begin(&mut self, slot: usize, wanted: usize) {
        let start = self.next;
        self.next += wanted as u64;
        let range = 0..wanted.next_multiple_of(self.shape.read_unit);
        match self.engine.begin(slot, range, self.span.source + start, self.span.target + start) {
            Ok(pending) => self.blocks[slot] = Some(Chunk::new(start, wanted, pending)),
            Err(errno) => {
                let call = self.engine.call(Operation::Read);
                self.stop_at(start, Reason::Failed(Cause::Call { call, errno }));
            }
        }
    }

    fn stop_at(&mut self, offset: u64, reason: Reason) {
        if self.stop.as_ref().is_none_or(|(earlier, _)| offset < *earlier) {
            self.stop = Some((offset, reason));
        }
    }

    fn note(&mut self, Completion { slot, operation, result }: Completion) {
        let call = self.engine.call(operation);
        let Some(block) = self.blocks.get_mut(slot).and_then(Option::as_mut) else { return };
        block.note(operation, result, call, self.shape.read_unit);
        if block.pending == 0
            && let Some(block) = self.blocks[slot].take()
        {
            self.proceed(slot, block);
        }
    }

    /// Does what a block needs next, or is done with it.
    fn proceed(&mut self, slot: usize, mut block: Chunk) {
        block.linked = false;
        self.reached = self.reached.max(block.written_to());
        if let Some(cause) = block.fault.take() {
            return self.stop_at(block.written_to(), Reason::Failed(cause));
        }
        if block.ended && block.filled < block.wanted {
            block.wanted = block.filled;
            self.stop_at(block.start + block.filled as u64, Reason::SourceEnded);
        }
        if self.stop.as_ref().is_some_and(|(offset, _)| *offset <= block.start) {
            return;
        }
        let whole = block.wanted - block.wanted % self.shape.write_unit;
        let (operation, begun) = if block.filled < block.wanted {
            let range = block.filled..block.wanted.next_multiple_of(self.shape.read_unit);
            let from = self.span.source + block.start + block.filled as u64;
            (Operation::Read, self.engine.read(slot, range, from))
        } else if block.written < whole {
            let to = self.span.target + block.written_to();
            (Operation::Write, self.engine.write(slot, block.written..whole, to))
        } else {
            return self.keep_tail(slot, &block, whole..block.wanted);
        };
        match begun {
            Ok(()) => {
                block.pending = 1;
                self.blocks[slot] = Some(block);
            }
            Err(errno) => {
                let call = self.engine.call(operation);
                self.stop_at(block.written_to(), Reason::Failed(Cause::Call { call, errno }));
            }
        }
    }

    /// Keeps what is less than a unit; only the last block has any.
    fn keep_tail(&mut self, slot: usize, block: &Chunk, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        let start = block.start + range.start as u64;
        match self.engine.bytes(slot) {
            Ok(bytes) => self.tail = Some((start, bytes[range].to_vec())),
            Err(errno) => {
                let call = self.engine.call(Operation::Read);
                self.stop_at(start, Reason::Failed(Cause::Call { call, errno }));
            }
        }
    }

    /// Bytes without a gap that are known to be in the target while blocks are under way.
    fn known(&self) -> u64 {
        let stop = self.stop.as_ref().map_or(self.next, |(offset, _)| *offset);
        let tail = self.tail.as_ref().map_or(stop, |(start, _)| *start);
        let blocks = self.blocks.iter().flatten().map(Chunk::written_to);
        blocks.fold(stop.min(tail), u64::min)
    }

    /// Writes the tail and tells the outcome, once no block is under way.
    fn finish(self, target: &File) -> Result<u64, CopyError> {
        let (copied, reason) = match self.stop {
            None => (self.next, None),
            Some((offset, reason)) => (offset, Some(reason)),
        };
        if let Some((start, bytes)) = self.tail
            && start + bytes.len() as u64 == copied
        {
            let offset = self.span.target + start;
            write_at(target, &bytes, offset).map_err(|cause| CopyError::at(start, cause))?;
        }
        match reason {
            None => Ok(copied),
            Some(Reason::Failed(cause)) => Err(CopyError::at(copied, cause)),
            // Later blocks were read and written before the source shrank.
            Some(Reason::SourceEnded) if self.reached > copied => {
                Err(CopyError::at(copied, Cause::SourceEnded))
            }
            Some(Reason::SourceEnded) => self.span.ended(copied),
        }
    }
}

#[cfg(test)]
mod tests;

//! The bytes of one copy between two open files: a clone, else data alone, else everything.

use super::choose::Chain;
use super::event::{Event, Reason};
use super::resume::{Carrier, may_go_on};
use super::segments::{has_hole, next_data};
use super::{CopierError, Request, When};
use crate::strategy::{Span, Strategy};
use rustix::fs::{FallocateFlags, fallocate, fstat, ftruncate};
use rustix::io::Errno;
use std::fs::File;

/// A copy under way.
pub(super) struct Transfer<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) source: &'a File,
    pub(super) target: &'a File,
    pub(super) chain: &'a Chain,
    pub(super) tell: &'a mut dyn FnMut(Event<'_>),
}

impl<'a> Transfer<'a> {
    /// Copies all that was asked for and returns the number of bytes of the source that the
    /// target stands for now, holes included. The target of a whole copy ends there.
    pub(super) fn run(&mut self) -> Result<u64, CopierError> {
        let span = self.request.part.span();
        let copied = match self.clone(span)? {
            Cloned::All(copied) => return Ok(copied),
            Cloned::Up(copied) => copied,
        };
        let rest = Span {
            source: span.source + copied,
            target: span.target + copied,
            length: span.length.map(|length| length - copied),
        };
        let size = self.size(self.source)?;
        let end = rest.length.map_or(size, |length| rest.source + length);
        let keep = self.request.holes() != When::Never;
        let copied = copied
            + if keep && has_hole(self.source, rest.source, end) {
                self.segments(rest, end)?
            } else {
                self.carrier(&self.chain.copies).carry(rest)?
            };
        if self.request.part.is_whole() && self.size(self.target)? != copied {
            self.set_length(copied)?;
        }
        Ok(copied)
    }

    fn clone(&mut self, span: Span) -> Result<Cloned, CopierError> {
        let Some(clone) = self.chain.clone else { return Ok(Cloned::Up(0)) };
        let result = clone.copy(self.source, self.target, span);
        let copied = result.as_ref().map_or_else(|error| error.copied, |copied| *copied);
        let at = span.source + copied;
        if copied > 0 {
            (self.tell)(Event::Copied { start: span.source, end: at, by: clone.name });
        }
        let error = match result {
            Ok(copied) => return Ok(Cloned::All(copied)),
            Err(error) => error,
        };
        match self.chain.copies.first() {
            Some(next) if may_go_on(&error, copied) => {
                let reason = Reason::Failed(&error);
                (self.tell)(Event::Changed { at, from: clone.name, to: next.name, reason });
                Ok(Cloned::Up(copied))
            }
            _ => Err(CopierError::Copy { strategy: clone.name, cause: error }),
        }
    }

    /// Copies the data of a span that has holes and ends at `end` of the source.
    fn segments(&mut self, span: Span, end: u64) -> Result<u64, CopierError> {
        // A file that has its length before its data gets no blocks set aside behind each write,
        // which XFS would leave in the holes.
        if self.request.part.is_whole() {
            self.set_length(end)?;
        }
        let mut at = span.source;
        let path = self.request.source;
        let failed = |error| CopierError::call("looking for data in", path)(error);
        let mut chain = self.chain.copies.as_slice();
        while at < end {
            let (data, hole) = next_data(self.source, at, end).map_err(failed)?.unwrap_or((end, end));
            if data > at {
                self.hole(at, data, span)?;
            }
            let wanted = hole - data;
            if wanted > 0 {
                let target = span.target + (data - span.source);
                let mut carrier = self.carrier(chain);
                carrier.carry(Span { source: data, target, length: Some(wanted) })?;
                chain = carrier.chain;
            }
            at = hole;
        }
        if span.length.is_some() {
            return Ok(end - span.source);
        }
        // It may have grown.
        let target = span.target + (end - span.source);
        let more = self.carrier(chain).carry(Span { source: end, target, length: None })?;
        Ok(end - span.source + more)
    }

    /// Makes the range of the target that stands for a hole of the source one too.
    fn hole(&mut self, start: u64, end: u64, span: Span) -> Result<(), CopierError> {
        (self.tell)(Event::Hole { start, end });
        if self.request.part.is_whole() {
            return Ok(());
        }
        let (offset, length) = (span.target + (start - span.source), end - start);
        let size = self.size(self.target)?;
        if offset < size {
            let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            match fallocate(self.target, flags, offset, length) {
                Err(Errno::OPNOTSUPP | Errno::NOSYS) => self.zero(offset, length.min(size - offset))?,
                other => other.map_err(CopierError::call("making a hole in", self.request.target))?,
            }
        }
        if size < offset + length { self.set_length(offset + length) } else { Ok(()) }
    }

    /// Writes zeros where holes cannot be made.
    fn zero(&self, offset: u64, length: u64) -> Result<(), CopierError> {
        let zeros = vec![0; length.min(1 << 20) as usize];
        let mut done = 0;
        while done < length {
            let most = (length - done).min(zeros.len() as u64) as usize;
            match rustix::io::pwrite(self.target, &zeros[..most], offset + done) {
                Ok(written) if written > 0 => done += written as u64,
                Err(Errno::INTR) => {}
                other => {
                    let errno = other.err().unwrap_or(Errno::IO);
                    return Err(CopierError::call("writing zeros to", self.request.target)(errno));
                }
            }
        }
        Ok(())
    }

    fn carrier(&mut self, chain: &'a [&'static Strategy]) -> Carrier<'a, '_> {
        Carrier { source: self.source, target: self.target, chain, tell: &mut *self.tell }
    }

    fn size(&self, file: &File) -> Result<u64, CopierError> {
        let stat =
            fstat(file).map_err(CopierError::call("asking for a size, copying", self.request.source))?;
        Ok(stat.st_size.unsigned_abs())
    }

    fn set_length(&self, length: u64) -> Result<(), CopierError> {
        ftruncate(self.target, length)
            .map_err(CopierError::call("setting the length of the copy of", self.request.source))
    }
}

/// How far a clone came.
enum Cloned {
    All(u64),
    Up(u64),
}

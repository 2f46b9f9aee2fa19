//! The bytes of one copy between two open files: a clone, else data alone, else everything.

use super::choose::Chain;
use super::event::{Event, Reason};
use super::length::{length_of, make_hole, set_length};
use super::resume::{Carrier, has_byte, may_go_on};
use super::segments::{has_hole, next_data};
use super::{CopierError, CopyRequest, When};
use crate::strategy::{Cause, CopyError, Span, Task, Workspace};
use std::fs::File;

/// A copy under way.
pub(super) struct Transfer<'a> {
    pub(super) request: &'a CopyRequest<'a>,
    pub(super) source: &'a File,
    pub(super) target: &'a File,
    pub(super) workspace: &'a Workspace,
    pub(super) chain: &'a Chain,
    /// Done where nothing could be cloned, before anything is written.
    pub(super) begin: &'a dyn Fn() -> Result<(), CopierError>,
    pub(super) tell: &'a mut dyn FnMut(Event<'_>),
}

impl<'a> Transfer<'a> {
    /// Copies all that was asked for and returns the number of bytes of the source that the
    /// target stands for now, holes included. The target of a whole copy ends there.
    pub(super) fn run(&mut self) -> Result<u64, CopierError> {
        let span = self.request.part.span();
        if self.request.part.is_whole() || !span.is_whole() {
            return self.part(span);
        }
        // A range may be all of the source, but what the target has behind it stays; a strategy
        // that was given no end would cut it off.
        let size = length_of(self.source, self.request.source)?;
        let first = if size == 0 && has_byte(self.source, 0) { 1 } else { size };
        let mut copied = match self.part(Span { length: Some(first), ..span }) {
            // Files of sysfs say that they have a page and hold less.
            Err(CopierError::Copy { cause: CopyError { copied, cause: Cause::SourceEnded }, .. }) => copied,
            other => other?,
        };
        if copied > 0 && has_byte(self.source, copied) {
            copied += self.part(Span { source: copied, target: copied, length: None })?;
        }
        Ok(copied)
    }

    fn part(&mut self, span: Span) -> Result<u64, CopierError> {
        let copied = match self.clone(span)? {
            Cloned::All(copied) => return Ok(copied),
            Cloned::Up(copied) => copied,
        };
        if copied == 0 {
            (self.begin)()?;
        }
        let rest = Span {
            source: span.source + copied,
            target: span.target + copied,
            length: span.length.map(|length| length - copied),
        };
        let size = length_of(self.source, self.request.source)?;
        let end = rest.length.map_or(size, |length| rest.source + length);
        let keep = self.request.holes() != When::Never;
        let copied = copied
            + if keep && has_hole(self.source, rest.source, end) {
                self.segments(rest, end)?
            } else {
                self.carrier().carry(rest)?
            };
        let target = (self.target, self.request.target);
        if self.request.part.is_whole() && length_of(target.0, target.1)? != copied {
            set_length(target.0, target.1, copied)?;
        }
        Ok(copied)
    }

    fn clone(&mut self, span: Span) -> Result<Cloned, CopierError> {
        let Some(clone) = self.chain.clone else { return Ok(Cloned::Up(0)) };
        let result =
            clone.copy(Task { source: self.source, target: self.target, span, workspace: self.workspace });
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
            Some(next) if may_go_on(&error) => {
                let reason = Reason::Failed(&error);
                (self.tell)(Event::Changed { at, from: clone.name, to: next.name, reason });
                Ok(Cloned::Up(copied))
            }
            _ => Err(CopierError::Copy { strategy: clone.name, cause: error }),
        }
    }

    /// Copies the data of a span that has holes and ends at `end` of the source.
    fn segments(&mut self, span: Span, end: u64) -> Result<u64, CopierError> {
        let (source, target, request) = (self.source, self.target, self.request);
        let is_whole = request.part.is_whole();
        // A file that has its length before its data gets no blocks set aside behind each write,
        // which XFS would leave in the holes.
        if is_whole {
            // Where that is refused, the data makes it as long in the end.
            let _ = set_length(target, request.target, end);
        }
        let offset = |at: u64| span.target + (at - span.source);
        let mut carrier = self.carrier();
        let mut at = span.source;
        while at < end {
            let found = next_data(source, at, end);
            let found = found.map_err(CopierError::call("looking for data in", request.source))?;
            let (data, hole) = found.unwrap_or((end, end));
            if data > at {
                (carrier.tell)(Event::Hole { start: at, end: data });
                if !is_whole {
                    make_hole(target, request.target, offset(at), data - at)?;
                }
            }
            if hole > data {
                let stretch = Span { source: data, target: offset(data), length: Some(hole - data) };
                let copied = carrier.carry(stretch)?;
                if copied < hole - data {
                    return Ok(data + copied - span.source);
                }
            }
            at = hole;
        }
        let mut copied = end - span.source;
        if span.length.is_none() {
            // It may have grown.
            copied += carrier.carry(Span { source: end, target: offset(end), length: None })?;
        }
        Ok(copied)
    }

    fn carrier(&mut self) -> Carrier<'a, '_> {
        Carrier {
            source: self.source,
            target: self.target,
            workspace: self.workspace,
            chain: self.chain.copies.clone(),
            threads_from: self.chain.threads_from,
            tell: &mut *self.tell,
            origin: self.request.part.span().source,
            may_cut: self.request.part.is_whole(),
        }
    }
}

/// How far a clone came.
enum Cloned {
    All(u64),
    Up(u64),
}

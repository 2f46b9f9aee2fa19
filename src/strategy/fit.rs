//! What a copy prepares by the size of its source: a plan, as only a read tells where it ends.

use super::advance::{MOST, Span};
use super::error::{Cause, CopyError, During};
use crate::sys::page_size;
use std::fs::File;

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

impl Shape {
    /// At most `slots` slots of `block` bytes, and no more than the source's size asks for: every
    /// slot costs memory that is faulted in.
    pub(super) fn fit(
        source: &File,
        span: Span,
        slots: usize,
        block: usize,
        (read_unit, write_unit): (usize, usize),
    ) -> Result<Self, CopyError> {
        let left = planned(source, span).map_err(|cause| CopyError::at(0, cause))?;
        let block = fit_block(left, block, read_unit.max(write_unit));
        let slots = left.div_ceil(block as u64).clamp(1, slots as u64) as usize;
        Ok(Self { slots, block, read_unit, write_unit })
    }
}

/// A block of at most `block` bytes, smaller where `left` bytes are all that is to come: whole
/// pages and whole units.
pub(super) fn fit_block(left: u64, block: usize, unit: usize) -> usize {
    (left.clamp(1, MOST) as usize).min(block).next_multiple_of(unit.max(page_size()))
}

/// Bytes of the span that the source has by its size.
pub(super) fn planned(source: &File, span: Span) -> Result<u64, Cause> {
    let size = rustix::fs::fstat(source).during("fstat")?.st_size.unsigned_abs();
    Ok(size.saturating_sub(span.source).min(span.length.unwrap_or(u64::MAX)))
}

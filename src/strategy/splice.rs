//! splice(2): pages of the source into a pipe, out of the pipe into the target.

use super::advance::{Span, advance};
use super::error::CopyError;
use super::pipe::Pipe;
use super::{Family, Strategy};
use std::fs::File;

pub(super) static FAMILY: Family = Family {
    name: "splice",
    summary: "splice(2) into a pipe and out of it: one copy, into the target's page cache",
    strategies: &[
        Strategy::handles("splice-1m", "through a pipe of 1 MiB", |s, t, r| copy(s, t, r, 1 << 20)),
        Strategy::handles("splice-64k", "through a pipe of 64 KiB, the default size", |s, t, r| {
            copy(s, t, r, 64 << 10)
        }),
        Strategy::handles("splice-256k", "through a pipe of 256 KiB", |s, t, r| copy(s, t, r, 256 << 10)),
    ],
};

/// A step ends when a part of what the pipe holds has reached the target, so that an error tells
/// exactly how far the copy came.
fn copy(source: &File, target: &File, span: Span, size: usize) -> Result<u64, CopyError> {
    let pipe = Pipe::new(size)?;
    advance(span, size as u64, |step| {
        if pipe.is_empty() && pipe.take(source, step.source, step.length)? == 0 {
            return Ok(0);
        }
        pipe.pass_on(target, step.target)
    })
}

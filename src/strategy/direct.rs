//! read(2) and write(2) past the page cache, in a loop.
//!
//! What is left after the last whole unit (a sector or a block of the file system) cannot be
//! written directly: it goes through the page cache.
//!
//! Reference: `open(2)` (`O_DIRECT`).

use super::advance::{Span, advance, write_all};
use super::direct_io::{Side, Sides};
use super::error::{Cause, CopyError, During};
use super::fit::{fit_block, planned};
use super::{Family, Strategy};
use crate::sys::aligned::Buffer;
use rustix::io::Errno;

pub(super) static FAMILY: Family = Family {
    name: "direct",
    summary: "read and write past the page cache (O_DIRECT); a partial last block is written through it",
    strategies: &[
        Strategy::handles(
            "direct-1m",
            "O_DIRECT on both files, 1 MiB at a time; tail buffered",
            |s, t, r| copy(&Sides::direct(s, t, r)?, r, 1 << 20),
        ),
        Strategy::handles(
            "direct-8m",
            "O_DIRECT on both files, 8 MiB at a time; tail buffered",
            |s, t, r| copy(&Sides::direct(s, t, r)?, r, 8 << 20),
        ),
        Strategy::handles("direct-read", "O_DIRECT on the source only, 1 MiB at a time", |s, t, r| {
            let sides = Sides { from: Side::direct_source(s)?, to: Side::buffered(t) }.check(r)?;
            copy(&sides, r, 1 << 20)
        }),
        Strategy::handles(
            "direct-write",
            "O_DIRECT on the target only, 1 MiB at a time; tail buffered",
            |s, t, r| {
                let sides = Sides { from: Side::buffered(s), to: Side::direct_target(t)? }.check(r)?;
                copy(&sides, r, 1 << 20)
            },
        ),
    ],
};

/// Copies in blocks of `block` bytes. The tail comes last, when no direct write is under way.
pub(super) fn copy(sides: &Sides<'_>, span: Span, block: usize) -> Result<u64, CopyError> {
    let begin = |cause| CopyError::at(0, cause);
    let Sides { from, to } = sides;
    let left = planned(from.given(), span).map_err(begin)?;
    let block = fit_block(left, block, from.unit().max(to.unit()));
    let mut buffer = Buffer::new(block).during("mmap").map_err(begin)?;
    let mut ended = false;
    advance(span, block as u64, |step| {
        if ended {
            return Ok(0);
        }
        let (filled, is_last) = fill(from, &mut buffer, step.source, step.length)?;
        ended = is_last;
        let whole = filled - filled % to.unit();
        write_all("pwrite", whole, |done| {
            rustix::io::pwrite(to, &buffer[done..whole], step.target + done as u64)
        })?;
        let (tail, offset) = (&buffer[whole..filled], step.target + whole as u64);
        write_all("pwrite", tail.len(), |done| {
            rustix::io::pwrite(to.given(), &tail[done..], offset + done as u64)
        })?;
        Ok(filled)
    })
}

/// Reads up to `length` bytes, and whether the source ends with them.
fn fill(from: &Side<'_>, buffer: &mut [u8], offset: u64, length: usize) -> Result<(usize, bool), Cause> {
    let room = length.next_multiple_of(from.unit());
    let mut filled = 0;
    while filled < length {
        match rustix::io::pread(from, &mut buffer[filled..room], offset + filled as u64) {
            Ok(0) => return Ok((filled, true)),
            // A direct read stops inside a unit only where the file does.
            Ok(count) if count % from.unit() != 0 => return Ok(((filled + count).min(length), true)),
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno).during("pread"),
        }
    }
    Ok((length, false))
}

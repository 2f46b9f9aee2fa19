//! read(2) and write(2) past the page cache, in a loop.
//!
//! What is left after the last whole unit (a sector or a block of the file system) cannot be
//! written directly: it goes through the page cache.
//!
//! Reference: `open(2)` (`O_DIRECT`).

use super::advance::{advance, write_all};
use super::direct_io::{Side, Sides};
use super::error::{Cause, CopyError, During};
use super::positional::write_at;
use super::{Family, Strategy, Task};
use rustix::io::Errno;

pub(super) static FAMILY: Family = Family {
    name: "direct",
    summary: "read and write past the page cache (O_DIRECT); a partial last block is written through it",
    strategies: &[
        Strategy::handles("direct-1m", "O_DIRECT on both files, 1 MiB at a time; tail buffered", |task| {
            copy(task, &Sides::direct(task)?, 1 << 20)
        }),
        Strategy::handles("direct-8m", "O_DIRECT on both files, 8 MiB at a time; tail buffered", |task| {
            copy(task, &Sides::direct(task)?, 8 << 20)
        }),
        Strategy::handles("direct-read", "O_DIRECT on the source only, 1 MiB at a time", |task| {
            let sides = Sides { from: Side::direct_source(task.source)?, to: Side::buffered(task.target) }
                .check(task.span)?;
            copy(task, &sides, 1 << 20)
        }),
        Strategy::handles(
            "direct-write",
            "O_DIRECT on the target only, 1 MiB at a time; tail buffered",
            |task| {
                let sides =
                    Sides { from: Side::buffered(task.source), to: Side::direct_target(task.target)? }
                        .check(task.span)?;
                copy(task, &sides, 1 << 20)
            },
        ),
    ],
};

/// Copies in blocks of `block` bytes. The tail comes last, when no direct write is under way.
pub(super) fn copy(task: Task<'_>, sides: &Sides<'_>, block: usize) -> Result<u64, CopyError> {
    let Sides { from, to } = sides;
    let mut buffer = task.workspace.buffer(block)?;
    let mut ended = false;
    advance(task.span, block as u64, |step| {
        if ended {
            return Ok(0);
        }
        let (filled, is_last) = fill(from, &mut buffer, step.source, step.length)?;
        ended = is_last;
        let whole = filled - filled % to.unit();
        write_all("pwrite", whole, |done| {
            rustix::io::pwrite(to, &buffer[done..whole], step.target + done as u64)
        })?;
        write_at(to.given(), &buffer[whole..filled], step.target + whole as u64)?;
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

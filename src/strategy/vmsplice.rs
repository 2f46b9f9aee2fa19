//! vmsplice(2): memory into a pipe without a copy, then splice(2) into the target.
//!
//! The pipe holds the pages themselves, so nothing may be stored in them before it is drained;
//! the loops go on when it is drained.

use super::advance::{MOST, advance};
use super::error::{CopyError, During};
use super::mapped::{View, name_fault, over_windows};
use super::{Family, Strategy, Task};
use crate::sys::aligned::Buffer;
use crate::sys::mapping::Mapping;
use crate::sys::vmsplice::{Gift, vmsplice};

const SIZE: usize = 256 << 10;

/// What becomes of the pages.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pages {
    Lent,
    /// Not ours to look at or store in again, so that each filling has a buffer of its own.
    Given,
}

pub(super) static FAMILY: Family = Family {
    name: "vmsplice",
    summary: "vmsplice(2) of memory into a pipe, splice(2) from there into the target",
    strategies: &[
        Strategy::handles(
            "vmsplice-256k",
            "read into a buffer of 256 KiB, lend its pages to the pipe",
            |task| from_buffer(task, Pages::Lent),
        ),
        Strategy::handles(
            "vmsplice-gift-256k",
            "read into fresh pages, give them away with SPLICE_F_GIFT",
            |task| from_buffer(task, Pages::Given),
        ),
        Strategy::handles(
            "vmsplice-mmap",
            "lend the pages of the mapped source to a pipe of 1 MiB",
            from_mapping,
        ),
    ],
};

/// The buffer is filled again when all of it has left the pipe.
fn from_buffer(task: Task<'_>, pages: Pages) -> Result<u64, CopyError> {
    let Task { source, target, span, workspace } = task;
    let pipe = workspace.pipe(SIZE)?;
    let end = pipe.write_end();
    let mut lent = workspace.buffer(SIZE)?;
    let mut given: Option<Gift> = None;
    // What of the buffer has not been put into the pipe yet.
    let mut waiting = 0..0;
    advance(span, SIZE as u64, |step| {
        if pipe.is_empty() {
            if waiting.is_empty() {
                let fill = |buffer: &mut Buffer| {
                    rustix::io::pread(source, &mut buffer[..step.length], step.source).during("pread")
                };
                let filled = match pages {
                    Pages::Lent => fill(&mut lent)?,
                    Pages::Given => {
                        let mut fresh = Buffer::new(SIZE).during("mmap")?;
                        let filled = fill(&mut fresh)?;
                        given = Some(Gift::new(fresh));
                        filled
                    }
                };
                waiting = 0..filled;
            }
            if waiting.is_empty() {
                return Ok(0);
            }
            let put = match &given {
                Some(gift) => gift.vmsplice(&waiting, end),
                None => vmsplice(&lent, &waiting, end),
            };
            let put = put.during("vmsplice")?;
            waiting.start += put;
            pipe.holds(put);
        }
        pipe.pass_on(target, step.target)
    })
}

fn from_mapping(task: Task<'_>) -> Result<u64, CopyError> {
    let Task { source, target, span, workspace } = task;
    let pipe = workspace.pipe(1 << 20)?;
    let end = pipe.write_end();
    // With the offset in the source at which it begins.
    let mut mapped: Option<(u64, Mapping)> = None;
    over_windows(source, span, MOST, |step| {
        if pipe.is_empty() {
            let (start, mapping) = match mapped.take() {
                Some((start, mapping)) if step.source < start + mapping.len() as u64 => (start, mapping),
                _ => (step.source, View::SOURCE.map(source, step.source, step.length)?),
            };
            let from = (step.source - start) as usize;
            let put = mapping.vmsplice(from, step.length, end);
            pipe.holds(put.during("vmsplice").map_err(name_fault)?);
            mapped = Some((start, mapping));
        }
        pipe.pass_on(target, step.target)
    })
}

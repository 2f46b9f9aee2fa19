//! The target mapped, the source read straight into it.

use super::advance::{MOST, Span, seek_both};
use super::error::{Cause, CopyError, During};
use super::mapped::{View, extend, over_windows};
use super::{Family, Strategy};
use rustix::io::Errno;
use rustix::mm::Advice;
use std::fs::File;

pub(super) static FAMILY: Family = Family {
    name: "read-mmap",
    summary: "map the target and read(2) the source into the mapping",
    strategies: &[
        Strategy::handles("read-mmap", "target mapped, one read(2) into it", |s, t, r| {
            copy(s, t, r, MOST, View::TARGET)
        }),
        Strategy::handles("read-mmap-1m", "target mapped, read(2) in pieces of 1 MiB", |s, t, r| {
            copy(s, t, r, 1 << 20, View::TARGET)
        }),
        Strategy::handles(
            "read-mmap-prefault",
            "target faulted in by MADV_POPULATE_WRITE, one read(2)",
            |s, t, r| copy(s, t, r, MOST, View::TARGET.advise(Advice::LinuxPopulateWrite)),
        ),
    ],
};

fn copy(source: &File, target: &File, span: Span, piece: u64, to: View) -> Result<u64, CopyError> {
    seek_both(source, target, span)?;
    over_windows(source, span, MOST, |step| {
        extend(target, step.target, step.length)?;
        let to = to.map(target, step.target, step.length)?;
        let mut done = 0;
        while done < step.length {
            match to.read_from(done, (step.length - done).min(piece as usize), source) {
                Ok(0) => break,
                Ok(filled) => done += filled,
                Err(Errno::INTR) => {}
                // The mapping is whole, so it is a page of the target that got no block.
                Err(Errno::FAULT) => return Err(Cause::TargetFault),
                Err(errno) => return Err(errno).during("read"),
            }
        }
        Ok(done)
    })
}

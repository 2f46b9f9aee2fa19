//! FICLONE and FICLONERANGE: the target shares the source's extents, and nothing is copied
//! (`ioctl_ficlonerange(2)`). A dirty source is written out first.

use super::advance::{MOST, Span};
use super::error::{Cause, CopyError, During};
use super::mapped::over_windows;
use super::{Family, Holes, Strategy};
use crate::sys::clone_range::clone_range;
use rustix::io::Errno;
use std::fs::File;

pub(super) static FAMILY: Family = Family {
    name: "clone",
    summary: "FICLONE and FICLONERANGE: share the extents instead of copying",
    strategies: &[
        variant("ficlone", "FICLONE of the whole file", whole),
        variant("ficlonerange", "FICLONERANGE, up to 1 GiB a call", |s, t, r| ranges(s, t, r, MOST)),
        variant("ficlonerange-16m", "FICLONERANGE, 16 MiB a call", |s, t, r| ranges(s, t, r, 16 << 20)),
    ],
};

const fn variant(
    name: &'static str,
    summary: &'static str,
    copy: fn(&File, &File, Span) -> Result<u64, CopyError>,
) -> Strategy {
    Strategy { holes: Holes::Kept, ..Strategy::handles(name, summary, copy) }
}

fn whole(source: &File, target: &File, span: Span) -> Result<u64, CopyError> {
    if !span.is_whole() {
        return Err(CopyError::at(0, Cause::WholeOnly));
    }
    let begin = |cause| CopyError::at(0, cause);
    cut_longer_target(source, target).map_err(begin)?;
    rustix::fs::ioctl_ficlone(target, source).during("ioctl(FICLONE)").map_err(begin)?;
    length(target).map_err(begin)
}

fn ranges(source: &File, target: &File, span: Span, chunk: u64) -> Result<u64, CopyError> {
    let begin = |cause| CopyError::at(0, cause);
    if span.is_whole() {
        cut_longer_target(source, target).map_err(begin)?;
    }
    check_blocks(source, target, span).map_err(begin)?;
    over_windows(source, span, chunk, |step| {
        clone_range(source, step.source, target, step.target, step.length as u64)
            .during("ioctl(FICLONERANGE)")?;
        Ok(step.length)
    })
}

/// A target that goes on behind the copy has a block there that cannot be shared in part.
fn cut_longer_target(source: &File, target: &File) -> Result<(), Cause> {
    let end = length(source)?;
    if length(target)? > end {
        rustix::fs::ftruncate(target, end).during("ftruncate")?;
    }
    Ok(())
}

/// Refuses a range that is not made of blocks before any of it is shared: only the source's last
/// block may be cut, by its end, where the target has nothing behind it.
fn check_blocks(source: &File, target: &File, span: Span) -> Result<(), Cause> {
    let block = rustix::fs::fstatvfs(source).during("fstatvfs")?.f_frsize.max(512);
    let end = length(source)?;
    let wanted = span.length.map_or(end, |length| (span.source + length).min(end));
    let copied = wanted.saturating_sub(span.source);
    let cut_by_the_end = wanted == end && span.target + copied >= length(target)?;
    let aligned = |offset: u64| offset.is_multiple_of(block);
    if aligned(span.source) && aligned(span.target) && (aligned(wanted) || cut_by_the_end) {
        return Ok(());
    }
    Err(Cause::Call { call: "ioctl(FICLONERANGE)", errno: Errno::INVAL })
}

fn length(file: &File) -> Result<u64, Cause> {
    Ok(rustix::fs::fstat(file).during("fstat")?.st_size.unsigned_abs())
}

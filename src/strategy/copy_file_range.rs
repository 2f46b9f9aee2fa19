//! copy_file_range(2): the kernel copies, or lets the file system share extents where it can.
//!
//! It is called as a bare system call: glibc 2.41's wrapper returns wrong counts above 2 GiB.

use super::advance::{MOST, Span, advance};
use super::error::{Cause, CopyError, During};
use super::mapped::has_more;
use super::{Family, Holes, Strategy};
use std::fs::File;

pub(super) static FAMILY: Family = Family {
    name: "copy-file-range",
    summary: "copy_file_range(2): a copy in the kernel, a clone where the file system prefers that",
    strategies: &[
        variant("copy-file-range", "copy_file_range(2), up to 1 GiB a call", |s, t, r| copy(s, t, r, MOST)),
        variant("copy-file-range-1m", "copy_file_range(2), 1 MiB a call", |s, t, r| copy(s, t, r, 1 << 20)),
        variant("copy-file-range-128k", "copy_file_range(2), 128 KiB a call", |s, t, r| {
            copy(s, t, r, 128 << 10)
        }),
    ],
};

const fn variant(
    name: &'static str,
    summary: &'static str,
    copy: fn(&File, &File, Span) -> Result<u64, CopyError>,
) -> Strategy {
    Strategy { holes: Holes::ByFileSystem, ..Strategy::handles(name, summary, copy) }
}

pub(super) fn copy(source: &File, target: &File, span: Span, chunk: u64) -> Result<u64, CopyError> {
    let copied = advance(span, chunk, |step| {
        let (mut from, mut to) = (step.source, step.target);
        rustix::fs::copy_file_range(source, Some(&mut from), target, Some(&mut to), step.length)
            .during("copy_file_range")
    })?;
    // Kernels from 5.3 to 5.18 said 0 for files whose size is not known beforehand.
    if copied == 0 && span.length != Some(0) && has_more(source, span.source) {
        return Err(CopyError::at(0, Cause::SizeLies));
    }
    Ok(copied)
}

//! What a typical Rust program does: two memmap2 maps and one `copy_from_slice`.
//!
//! Such a program has slices over the two files, which is undefined by Rust's rules as soon as somebody
//! writes one of them. Here the same maps are copied by address, with the call that `copy_from_slice` is
//! compiled to, and no reference to the bytes exists.

use super::fault::Watch;
use memmap2::MmapRaw;
use rustix::io::Errno;
use std::fs::File;
use std::{io, ptr};

/// Offsets, from the start of the range, of the first fault on each side.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Where the source had no page.
    pub source: Option<usize>,
    /// Where the target had no page.
    pub target: Option<usize>,
}

/// Maps `length` bytes of both files with memmap2 and copies them as slices.
pub fn copy(
    source: &File,
    source_offset: u64,
    target: &File,
    target_offset: u64,
    length: usize,
) -> io::Result<Faults> {
    let from = memmap2::MmapOptions::new().offset(source_offset).len(length).map_raw_read_only(source)?;
    let to = memmap2::MmapOptions::new().offset(target_offset).len(length).map_raw(target)?;
    let (from_watch, to_watch) = (watch(&from)?, watch(&to)?);
    // SAFETY: two maps of `length` bytes each, the second one writable, both made above, so that they are
    // distinct and nobody else has their addresses. A page that a file loses is replaced by a watch. The two
    // may be of one file, or of one that others write: then a mixture is copied, and no byte is looked at.
    unsafe { ptr::copy_nonoverlapping(from.as_ptr(), to.as_mut_ptr(), length) };
    Ok(Faults { source: from_watch.offset(), target: to_watch.offset() })
}

fn watch(map: &MmapRaw) -> Result<Watch, Errno> {
    let page = super::page_size();
    let lead = map.as_ptr().addr() % page;
    // SAFETY: memmap2 maps whole pages around the bytes, and the caller drops the map after the watch.
    unsafe { Watch::new(map.as_ptr().wrapping_sub(lead), map.len() + lead) }
}

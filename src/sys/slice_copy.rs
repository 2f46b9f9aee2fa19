//! What a typical Rust program does: two memmap2 maps and one `copy_from_slice`.

use super::fault::Watch;
use rustix::io::Errno;
use std::fs::File;
use std::io;

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
    // SAFETY: a slice over a file that somebody else writes is undefined by Rust's rules. That is
    // what the programs do that this stands for; here the harness owns both files and nobody
    // writes them meanwhile. A file that shrinks is caught by the watches below.
    let (from, mut to) = unsafe {
        (
            memmap2::MmapOptions::new().offset(source_offset).len(length).map(source)?,
            memmap2::MmapOptions::new().offset(target_offset).len(length).map_mut(target)?,
        )
    };
    let (from_watch, to_watch) = (watch(&from)?, watch(&to)?);
    to.copy_from_slice(&from);
    Ok(Faults { source: from_watch.offset(), target: to_watch.offset() })
}

fn watch(map: &[u8]) -> Result<Watch, Errno> {
    let page = super::page_size();
    let lead = map.as_ptr().addr() % page;
    // SAFETY: memmap2 maps whole pages around the slice, which lives until the caller returns.
    unsafe { Watch::new(map.as_ptr().wrapping_sub(lead), map.len() + lead) }
}

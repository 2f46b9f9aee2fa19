//! What `explain` found, as data: the form of `explain --json`.

use super::maps::Field;
use super::smaps::Usage;
use super::trace::Total;
use serde::Serialize;

/// One strategy's copy, looked at from all sides. Bytes and nanoseconds throughout.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    pub strategy: &'static str,
    pub family: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// File system of both files.
    pub fs: String,
    pub layout: &'static str,
    pub size: u64,
    /// What the first copy of a program does besides.
    pub set_up: SetUp,
    /// What the kernel was asked for.
    pub calls: Calls,
    /// Page faults.
    pub faults: Faults,
    /// What was mapped.
    pub mappings: Mappings,
    /// Memory beside the page cache.
    pub memory: Memory,
    /// What the page cache held.
    pub page_cache: PageCache,
    /// What became of the data on the file system.
    pub extents: Extents,
    /// How long it took.
    pub time: Times,
    /// Where the time goes, in words.
    pub account: String,
}

/// What a copy costs that finds no buffer, pipe, ring, context or thread of an earlier one.
#[derive(Clone, Debug, Serialize)]
pub struct SetUp {
    /// Calls beyond those of a copy that does; empty where tracing is not permitted.
    pub calls: Vec<Total>,
    /// Time beyond that of a copy that does, a difference of medians.
    pub elapsed_ns: u64,
}

/// System calls of the copy.
#[derive(Clone, Debug, Serialize)]
pub struct Calls {
    /// By name, in the order of the first call of each.
    pub totals: Vec<Total>,
    /// Why there are none, or why they were counted without bytes and order.
    pub refused: Option<String>,
}

impl Calls {
    /// All calls; none where they could not be counted.
    pub fn count(&self) -> Option<u64> {
        let counted = self.refused.is_none() || !self.totals.is_empty();
        counted.then(|| self.totals.iter().map(|total| total.calls).sum())
    }
}

/// Page faults of the copy that was traced, to fit the mappings seen there; where that was not
/// permitted, or it started other processes, a mean of the timed copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Faults {
    /// Served without I/O.
    pub minor: u64,
    /// Waited for I/O.
    pub major: u64,
    /// Pages of the mappings below that were in the page table when they were looked at.
    pub pages_mapped: Option<u64>,
    /// Those by faults: more than 1 where the kernel maps neighbours too, or large folios whole.
    pub pages_per_fault: Option<f64>,
}

/// Mappings that the copy made, as they were right before they went.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Mappings {
    /// The first of them.
    pub live: Vec<Mapping>,
    /// Further calls of `munmap` that were not looked at.
    pub left_out: u64,
    /// Why there are none.
    pub refused: Option<String>,
}

/// A line of `/proc/PID/maps` with what its process had of it in memory.
#[derive(Clone, Debug, Serialize)]
pub struct Mapping {
    /// `munmap`, or `end` for what still lived at the end of the copy.
    pub at: &'static str,
    /// The line as the kernel wrote it.
    pub line: String,
    /// Its fields by name.
    pub fields: Vec<Field>,
    /// Figures of `/proc/PID/smaps`.
    pub memory: Usage,
}

/// Memory beside the page cache.
#[derive(Clone, Debug, Serialize)]
pub struct Memory {
    /// Most at any moment, with all that the set-up took.
    pub peak_private_bytes: Option<u64>,
    /// Why that is not known.
    pub refused: Option<String>,
}

/// What the page cache held of both files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PageCache {
    /// Right before the copy; the target did not exist.
    pub before: Held,
    /// Right after it.
    pub after: Held,
}

/// Bytes of both files in the page cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Of the source; null where nothing tells.
    pub source: Option<u64>,
    /// Of the target; null where nothing tells.
    pub target: Option<u64>,
    /// Of the target, waiting to be written; null before Linux 6.5 and on overlayfs.
    pub target_dirty: Option<u64>,
}

/// What became of the data on the file system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Extents {
    /// Bytes in extents that the source uses too; null where the file system does not tell.
    pub shared_bytes: Option<u64>,
    /// Bytes allocated to the target.
    pub allocated_bytes: Option<u64>,
}

/// Times of untraced copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Times {
    /// Copies that were timed.
    pub copies: u64,
    /// Median.
    pub elapsed_ns: u64,
    /// Processor time in user mode, of all threads and processes; a mean.
    pub user_ns: u64,
    /// Processor time in the kernel; a mean.
    pub system_ns: u64,
    /// Page faults; a mean. Memory that earlier copies gave back needs none.
    pub faults: u64,
    /// The same bytes from one buffer to another, a page at a time; a median.
    pub memory_copy_ns: u64,
}

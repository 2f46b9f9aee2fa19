//! The ways to copy a file, each a static value in its family's table, and the one registry.
//!
//! A strategy uses one mechanism and never falls back to another: where the mechanism cannot go
//! on, the copy ends with an error that names the system call and its errno. Everything that
//! lists strategies walks [`FAMILIES`].

mod advance;
mod aio_direct;
mod baseline;
mod clone;
mod copy_file_range;
mod cure;
mod direct;
mod direct_io;
mod error;
mod external;
mod fadvise;
mod flagged;
mod io_uring;
mod io_uring_direct;
mod io_uring_splice;
mod mapped;
mod memmap2_slice;
mod mmap_cow;
mod mmap_mmap;
mod mmap_private;
mod mmap_store;
mod mmap_write;
mod overlap;
mod pipe;
mod pipeline;
mod planned;
mod positional;
mod read_mmap;
mod read_write;
mod reflink_copy;
mod sendfile;
mod set_length;
mod sparse;
mod splice;
mod task;
mod threads;
mod vectored;
mod vmsplice;
mod workspace;

pub use advance::Span;
pub use error::{Cause, CopyError};
pub use set_length::set_length;
pub use task::Task;
pub use workspace::Workspace;

use std::fs::File;
use std::path::Path;

/// Families that are represented, by their first strategies, where not all are measured: so many that
/// a default run keeps its time however many there are.
pub const REPRESENTATIVES: usize = 12;

/// Every family. The order is that of all tables and charts.
pub static FAMILIES: &[&Family] = &[
    &read_write::FAMILY,
    &mmap_mmap::FAMILY,
    &mmap_write::FAMILY,
    &mmap_private::FAMILY,
    &read_mmap::FAMILY,
    &copy_file_range::FAMILY,
    &sendfile::FAMILY,
    &splice::FAMILY,
    &baseline::FAMILY,
    &io_uring::FAMILY,
    &direct::FAMILY,
    &threads::FAMILY,
    &mmap_store::FAMILY,
    &mmap_cow::FAMILY,
    &memmap2_slice::FAMILY,
    &positional::FAMILY,
    &vectored::FAMILY,
    &flagged::NOWAIT,
    &flagged::DONTCACHE,
    &fadvise::FAMILY,
    &vmsplice::FAMILY,
    &io_uring_direct::FAMILY,
    &aio_direct::FAMILY,
    &pipeline::FAMILY,
    &sparse::FAMILY,
    &clone::FAMILY,
    &reflink_copy::FAMILY,
    &external::FAMILY,
];

/// Strategies of one mechanism. The first is the representative.
#[derive(Debug)]
pub struct Family {
    /// Key of the family.
    pub name: &'static str,
    /// The mechanism in one sentence.
    pub summary: &'static str,
    /// Its variants.
    pub strategies: &'static [Strategy],
}

/// One way to copy a regular file.
#[derive(Debug)]
pub struct Strategy {
    /// The key everywhere: records, charts, command line.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// What happens to holes of the source.
    pub holes: Holes,
    /// States of the target that it can start from.
    pub dst: &'static [DstMode],
    /// Conditions that a trial copy of a page would not show.
    pub needs: &'static [Need],
    /// Whether the target may share the source's extents.
    pub sharing: Sharing,
    /// Name of the physical limit that bounds it.
    pub limit: &'static str,
    /// The copy itself.
    pub method: Method,
}

/// What a strategy promises about holes of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holes {
    /// The target has none.
    Filled,
    /// They are holes of the target too.
    Kept,
    /// The file system decides.
    ByFileSystem,
}

impl Holes {
    /// The word in tables and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::Kept => "kept",
            Self::ByFileSystem => "by file system",
        }
    }
}

/// Whether the target shares extents with the source after the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// It has blocks of its own.
    Never,
    /// The kernel or a library decides.
    Maybe,
    /// That is all that the copy is.
    Always,
}

/// The limit of what has the kernel copy into folios.
pub const COPY_LIMIT: &str = "limit-copy-4k";
/// That of stores into a mapped target, which meet fresh pages that the kernel zeroes first.
pub const ZERO_COPY_LIMIT: &str = "limit-zero-copy-4k";

/// State of the target before the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DstMode {
    /// A file that did not exist: empty, no blocks.
    New,
    /// Same size and blocks as the copy will have, other bytes.
    Overwrite,
    /// Blocks allocated with `fallocate(2)`, nothing written.
    Preallocated,
}

impl DstMode {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::New, Self::Overwrite, Self::Preallocated];

    /// The word in cell ids and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Overwrite => "overwrite",
            Self::Preallocated => "preallocated",
        }
    }
}

/// A condition for a strategy that copying one page does not try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Private memory as large as the file, at most 1 GiB.
    MemoryOfFile,
}

/// A copy between open files, over any range; returns the number of bytes copied.
pub type Mechanism = fn(Task<'_>) -> Result<u64, CopyError>;

/// How the copy is called.
#[derive(Debug)]
pub enum Method {
    /// From an open source to a target open for reading and writing, over any range.
    Handles(Mechanism),
    /// From a path to a path, whole files only.
    Paths(fn(&Path, &Path) -> Result<u64, CopyError>),
}

impl Strategy {
    /// Defaults of the tables.
    pub const BASE: Self = Self {
        name: "",
        summary: "",
        holes: Holes::Filled,
        dst: DstMode::ALL,
        needs: &[],
        sharing: Sharing::Never,
        limit: COPY_LIMIT,
        method: Method::Handles(|task| task.span.ended(0)),
    };

    /// A strategy between open files that fills holes and needs nothing special.
    const fn handles(name: &'static str, summary: &'static str, copy: Mechanism) -> Self {
        Self { name, summary, method: Method::Handles(copy), ..Self::BASE }
    }

    /// The same that stores into the mapped target.
    const fn stores(name: &'static str, summary: &'static str, copy: Mechanism) -> Self {
        Self { limit: ZERO_COPY_LIMIT, ..Self::handles(name, summary, copy) }
    }

    /// Copies a range between open files and returns the number of bytes copied. After a copy
    /// of a whole file the target ends where the copy ended.
    ///
    /// # Errors
    /// See [`CopyError`]; `Cause::NeedsPaths` for strategies that take paths.
    pub fn copy(&self, task: Task<'_>) -> Result<u64, CopyError> {
        let Method::Handles(copy) = self.method else {
            return Err(CopyError::at(0, Cause::NeedsPaths { strategy: self.name }));
        };
        let copied = copy(task)?;
        if task.span.is_whole() {
            end_at(task.target, copied)?;
        }
        Ok(copied)
    }

    /// Whether it takes paths instead of open files.
    #[must_use]
    pub fn takes_paths(&self) -> bool {
        matches!(self.method, Method::Paths(_))
    }
}

/// Cuts what the target had beyond the copy; asks first, as cutting at the same length is not
/// free on every file system, and asks by lseek(2), which costs a third of fstat(2).
fn end_at(target: &File, length: u64) -> Result<(), CopyError> {
    let failed = |call| move |errno| CopyError::call(call, length, errno);
    let now = rustix::fs::seek(target, rustix::fs::SeekFrom::End(0)).map_err(failed("lseek"))?;
    if now != length {
        set_length(target, length).map_err(failed("ftruncate"))?;
    }
    Ok(())
}

/// Every strategy with its family, in the order of the registry.
pub fn all() -> impl Iterator<Item = (&'static Family, &'static Strategy)> {
    FAMILIES.iter().flat_map(|family| family.strategies.iter().map(move |strategy| (*family, strategy)))
}

/// The strategy of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Strategy> {
    all().map(|(_, strategy)| strategy).find(|strategy| strategy.name == name)
}

/// The family that a strategy belongs to.
#[must_use]
pub fn family_of(name: &str) -> Option<&'static Family> {
    all().find(|(_, strategy)| strategy.name == name).map(|(family, _)| family)
}

/// Representatives of the first `most` families.
pub fn representatives(most: usize) -> impl Iterator<Item = &'static Strategy> {
    FAMILIES.iter().take(most).filter_map(|family| family.strategies.first())
}

//! What a strategy is.

use super::command::Command;
use super::error::{Cause, CopyError};
use super::set_length::set_length;
use super::task::Task;
use std::fs::File;
use std::path::Path;

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
    /// How many threads copy at once, the calling one among them.
    pub threads: usize,
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
    pub const ALL: &'static [Self] = &[Self::New, Self::Overwrite, Self::Preallocated];

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
    /// The same, by a program of the user's.
    Command(&'static Command),
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
        threads: 1,
        limit: COPY_LIMIT,
        method: Method::Handles(|task| task.span.ended(0)),
    };

    /// A strategy between open files that fills holes and needs nothing special.
    pub(super) const fn handles(name: &'static str, summary: &'static str, copy: Mechanism) -> Self {
        Self { name, summary, method: Method::Handles(copy), ..Self::BASE }
    }

    /// The same that stores into the mapped target.
    pub(super) const fn stores(name: &'static str, summary: &'static str, copy: Mechanism) -> Self {
        Self { limit: ZERO_COPY_LIMIT, ..Self::handles(name, summary, copy) }
    }

    /// Copies a range between open files and returns the number of bytes copied. After a copy of a whole
    /// file the target ends where the copy ended. Errors: as [`Strategy::copy_over`].
    pub fn copy(&self, task: Task<'_>) -> Result<u64, CopyError> {
        let copied = self.copy_over(task)?;
        if task.span.is_whole() {
            end_at(task.target, copied)?;
        }
        Ok(copied)
    }

    /// Copies a range; what a longer target had beyond it stays. To ask for its length would take a
    /// thirtieth of the fastest copy of 64 KiB. Errors: see [`CopyError`]; `Cause::NeedsPaths` for
    /// strategies that take paths.
    pub fn copy_over(&self, task: Task<'_>) -> Result<u64, CopyError> {
        match self.method {
            Method::Handles(copy) => copy(task),
            Method::Paths(_) | Method::Command(_) => {
                Err(CopyError::at(0, Cause::NeedsPaths { strategy: self.name }))
            }
        }
    }

    /// Copies a whole file from a path to a path; none where it takes open files instead.
    pub fn copy_paths(&self, source: &Path, target: &Path) -> Option<Result<u64, CopyError>> {
        match self.method {
            Method::Handles(_) => None,
            Method::Paths(copy) => Some(copy(source, target)),
            Method::Command(command) => Some(command.copy(source, target)),
        }
    }

    /// Whether it takes paths instead of open files.
    pub fn takes_paths(&self) -> bool {
        !matches!(self.method, Method::Handles(_))
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

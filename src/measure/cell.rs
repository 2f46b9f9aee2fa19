use crate::cache::CacheState;
use crate::record::{CellLine, FileSystems};
use crate::strategy::DstMode;
use crate::sys::file_system::cold_level;
use crate::units::format_size;

/// Durability that is part of the copy, inside the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// The return of the last call; data may still wait in the page cache.
    None,
    /// `fdatasync(2)` of the target.
    Fdatasync,
}

impl End {
    pub const ALL: &'static [Self] = &[Self::None, Self::Fdatasync];

    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Fdatasync => "fdatasync",
        }
    }
}

/// What a copy finds of the buffers, pipes, rings, contexts and threads that its strategy uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setup {
    /// All of them, from the copy before: a program that copies many files.
    Kept,
    /// None, so that they are made inside the clock: a program that copies one file.
    Fresh,
}

impl Setup {
    pub const ALL: &'static [Self] = &[Self::Kept, Self::Fresh];

    pub fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Fresh => "fresh",
        }
    }
}

/// The conditions within which strategies are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// File systems of source and target.
    pub fs: FileSystems,
    /// Name of the source's layout; `own` for the user's file.
    pub layout: &'static str,
    /// Length of the source in bytes.
    pub size: u64,
    pub cache: CacheState,
    pub dst: DstMode,
    pub end: End,
    /// What the copy finds of what its strategy needs besides the files.
    pub setup: Setup,
}

impl Cell {
    /// A warm source, a new target, data left in the page cache, and a kept workspace.
    pub fn usual(fs: FileSystems, layout: &'static str, size: u64) -> Self {
        Self {
            fs,
            layout,
            size,
            cache: CacheState::Warm,
            dst: DstMode::New,
            end: End::None,
            setup: Setup::Kept,
        }
    }

    /// Key in records, such as `ext4|dense|1MiB|warm|new|none`, and `…|fresh`.
    pub fn id(&self) -> String {
        let source = self.source_id();
        let words = [source.as_str(), self.dst.name(), self.end.name()];
        words.into_iter().chain(self.unusual_setup()).collect::<Vec<_>>().join("|")
    }

    /// What of the id is about the source.
    pub fn source_id(&self) -> String {
        [self.fs.name().as_str(), self.layout, &format_size(self.size), self.cache.name()].join("|")
    }

    /// See [`CellLine::group`].
    pub fn group(&self) -> String {
        self.line().group()
    }

    /// The line in the record.
    pub fn line(&self) -> CellLine {
        CellLine {
            cell: self.id(),
            fs: self.fs.clone(),
            layout: self.layout.to_owned(),
            size: self.size,
            cache: self.cache.name().to_owned(),
            dst: self.dst.name().to_owned(),
            end: self.end.name().to_owned(),
            setup: Some(self.setup.name().to_owned()),
            cold_level: (self.cache == CacheState::Cold).then(|| cold_level(&self.fs.source).to_owned()),
        }
    }

    fn unusual_setup(&self) -> Option<&'static str> {
        (self.setup != Setup::Kept).then(|| self.setup.name())
    }
}

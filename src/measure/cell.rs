use super::size::format_size;
use crate::cache::CacheState;
use crate::record::{CellLine, FileSystems};
use crate::strategy::DstMode;
use crate::sys::file_system::cold_level;

/// What ends a copy inside the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// The return of the last call; data may still wait in the page cache.
    None,
    /// `fdatasync(2)` of the target.
    Fdatasync,
}

impl End {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::None, Self::Fdatasync];

    /// The word in cell ids and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Fdatasync => "fdatasync",
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
    /// State of the source's pages.
    pub cache: CacheState,
    /// State of the target.
    pub dst: DstMode,
    /// What ends the copy.
    pub end: End,
}

impl Cell {
    /// Key in records, such as `ext4|dense|1MiB|warm|new|none`.
    #[must_use]
    pub fn id(&self) -> String {
        [
            self.fs_name().as_str(),
            self.layout,
            &format_size(self.size),
            self.cache.name(),
            self.dst.name(),
            self.end.name(),
        ]
        .join("|")
    }

    /// The id without its size, in a form that needs no quoting in a shell or a regular
    /// expression: the name of criterion's group.
    #[must_use]
    pub fn group(&self) -> String {
        [self.fs_name().as_str(), self.layout, self.cache.name(), self.dst.name(), self.end.name()].join("/")
    }

    /// The line in the record.
    #[must_use]
    pub fn line(&self) -> CellLine {
        CellLine {
            cell: self.id(),
            fs: self.fs.clone(),
            layout: self.layout.to_owned(),
            size: self.size,
            cache: self.cache.name().to_owned(),
            dst: self.dst.name().to_owned(),
            end: self.end.name().to_owned(),
            cold_level: (self.cache == CacheState::Cold).then(|| cold_level(&self.fs.source).to_owned()),
        }
    }

    fn fs_name(&self) -> String {
        if self.fs.source == self.fs.target {
            self.fs.source.clone()
        } else {
            format!("{}>{}", self.fs.source, self.fs.target)
        }
    }
}

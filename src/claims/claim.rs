use super::figure::Figure;
use super::test::Test;
use crate::cache::CacheState;
use crate::fixture::Layout;
use crate::measure::{Cell, End, Setup};
use crate::record::{Clock, FileSystems};
use crate::strategy::DstMode;

/// Something that somebody published about copying files.
#[derive(Debug)]
pub struct Claim {
    /// Its key: a number, and a word where one text makes several claims.
    pub id: &'static str,
    /// Who says so.
    pub source: &'static Source,
    /// The claim, restated so that it can fail.
    pub statement: &'static str,
    /// The published figure with its conditions.
    pub published: &'static str,
    /// How it is tried.
    pub trial: Trial,
}

#[derive(Debug)]
pub struct Source {
    /// Who wrote it.
    pub author: &'static str,
    /// Its name, or what it is.
    pub title: &'static str,
    /// When it appeared.
    pub year: u16,
    /// Where it can be read.
    pub link: &'static str,
}

/// How a claim is tried.
#[derive(Debug)]
pub enum Trial {
    /// By copies between files of one directory, or by reading them.
    Here(Experiment),
    /// By what one copy costs on a kernel before a change and on one after it.
    Kernels(Change),
    /// Not by one machine of this class; says what it would take.
    Elsewhere(&'static str),
}

/// What is measured, and what must be seen.
#[derive(Debug)]
pub struct Experiment {
    pub conditions: Conditions,
    /// Types of file system that the claim is about; any where it is empty.
    pub file_systems: &'static [&'static str],
    /// Whether the claim is about shared extents. Where it is not, a strategy that shares them has
    /// copied nothing, and there is nothing to compare.
    pub sharing: bool,
    /// What is looked at.
    pub figure: Figure,
    /// What it must be.
    pub test: Test,
}

/// What a change of the kernel did to one strategy: measured in guests, by `copybench kernels`.
#[derive(Debug)]
pub struct Change {
    pub conditions: Conditions,
    /// Types of file system that the claim is about.
    pub file_systems: &'static [&'static str],
    pub strategy: &'static str,
    /// The first release with the change.
    pub since: (u32, u32),
    /// Which way it was published to go.
    pub way: Way,
    /// What the factor must be.
    pub test: Test,
}

/// Which way a cost goes, so that the factor of what is claimed is above 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The cost before by that after.
    Cheaper,
    /// The cost after by that before.
    Costlier,
}

/// What is done with the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It is copied by strategies.
    Copy,
    /// It is only read, by [`super::Reader`]s; there is no target.
    Read,
}

/// Memory that may be used, the page cache's included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// All that the machine has.
    Ample,
    /// Half of the source's length, by a control group.
    HalfTheSource,
}

/// A cell without its file systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conditions {
    pub act: Act,
    /// Name of the layout.
    pub layout: &'static str,
    /// Length of the source in bytes.
    pub size: u64,
    pub cache: CacheState,
    pub dst: DstMode,
    pub end: End,
    /// Fresh where the claim is about a program that copied one small file.
    pub setup: Setup,
    /// Memory that there is.
    pub memory: Memory,
}

impl Claim {
    /// What it is tried under; none where it cannot be tried.
    pub fn conditions(&self) -> Option<Conditions> {
        match &self.trial {
            Trial::Here(experiment) => Some(experiment.conditions),
            Trial::Kernels(change) => Some(change.conditions),
            Trial::Elsewhere(_) => None,
        }
    }

    /// Strategies that are measured for it.
    pub fn strategies(&self) -> Vec<&'static str> {
        match &self.trial {
            Trial::Here(experiment) => experiment.strategies(),
            Trial::Kernels(change) => vec![change.strategy],
            Trial::Elsewhere(_) => Vec::new(),
        }
    }

    /// Why it is no trial on this file system by this clock.
    pub fn unfit(&self, file_system: &str, clock: Clock) -> Option<String> {
        let (conditions, systems) = match &self.trial {
            Trial::Here(experiment) => (experiment.conditions, experiment.file_systems),
            Trial::Kernels(change) => (change.conditions, change.file_systems),
            Trial::Elsewhere(reason) => return Some((*reason).to_owned()),
        };
        if !systems.is_empty() && !systems.contains(&file_system) {
            return Some(format!("the claim is about {}", systems.join(" and ")));
        }
        let waits = clock == Clock::Instructions && conditions.waits();
        waits.then(|| "a copy that waits has no length in instructions".to_owned())
    }

    /// What the figure must be; none where it cannot be tried.
    pub fn test(&self) -> Option<Test> {
        match &self.trial {
            Trial::Here(experiment) => Some(experiment.test),
            Trial::Kernels(change) => Some(change.test),
            Trial::Elsewhere(_) => None,
        }
    }

    /// What the figure is, in words; none where it cannot be tried.
    pub fn figure(&self) -> Option<String> {
        match &self.trial {
            Trial::Here(experiment) => Some(experiment.figure.describe()),
            Trial::Kernels(change) => Some(change.describe(None)),
            Trial::Elsewhere(_) => None,
        }
    }
}

impl Source {
    /// Author, title, year and link in one line.
    pub fn line(&self) -> String {
        format!("{}, {}, {}, {}", self.author, self.title, self.year, self.link)
    }
}

impl Experiment {
    /// Strategies that are measured for it.
    pub fn strategies(&self) -> Vec<&'static str> {
        match self.figure {
            Figure::Ratio { base, other, .. } => vec![base, other],
            Figure::Level { strategy, .. } => vec![strategy],
        }
    }
}

impl Change {
    /// The figure in words; with the releases that were measured, before and since.
    pub fn describe(&self, measured: Option<(&str, &str)>) -> String {
        let (major, minor) = self.since;
        let (before, since) = match measured {
            Some((before, since)) => (format!("on {before}"), format!("on {since}")),
            None => (format!("before {major}.{minor}"), format!("since {major}.{minor}")),
        };
        match self.way {
            Way::Cheaper => format!("time of {} {before} by that {since}", self.strategy),
            Way::Costlier => format!("time of {} {since} by that {before}", self.strategy),
        }
    }
}

impl Conditions {
    /// Dense bytes in the page cache to a new file.
    pub const fn new(size: u64) -> Self {
        Self {
            act: Act::Copy,
            layout: "dense",
            size,
            cache: CacheState::Warm,
            dst: DstMode::New,
            end: End::None,
            setup: Setup::Kept,
            memory: Memory::Ample,
        }
    }

    /// Dense bytes in the page cache that are only read.
    pub const fn reading(size: u64) -> Self {
        Self { act: Act::Read, ..Self::new(size) }
    }

    /// The same from a source that is not in the page cache.
    pub const fn reading_cold(size: u64) -> Self {
        Self { cache: CacheState::Cold, ..Self::reading(size) }
    }

    /// The same where half of the source fills the memory.
    pub const fn reading_limited(size: u64) -> Self {
        Self { memory: Memory::HalfTheSource, ..Self::reading_cold(size) }
    }

    /// The same over a file of the same size that is in the page cache.
    pub const fn overwrite(size: u64) -> Self {
        Self { dst: DstMode::Overwrite, ..Self::new(size) }
    }

    /// The same from a source that is not in the page cache.
    pub const fn cold(size: u64) -> Self {
        Self { cache: CacheState::Cold, ..Self::new(size) }
    }

    /// The same with the data on the device when the clock stops.
    pub const fn synced(size: u64) -> Self {
        Self { end: End::Fdatasync, ..Self::new(size) }
    }

    /// The same by a program that copies one file: set-up is inside the clock.
    pub const fn fresh(size: u64) -> Self {
        Self { setup: Setup::Fresh, ..Self::new(size) }
    }

    /// Whether a copy waits for a device inside the clock.
    pub fn waits(self) -> bool {
        self.cache == CacheState::Cold || self.end == End::Fdatasync
    }

    /// The cell on a file system.
    pub fn cell(self, file_system: &str) -> Cell {
        let name = file_system.to_owned();
        let fs = FileSystems { source: name.clone(), target: name };
        let usual = Cell::usual(fs, self.layout, self.size);
        Cell { cache: self.cache, dst: self.dst, end: self.end, setup: self.setup, ..usual }
    }

    /// What the cell is called in outcomes: that of reading has no target.
    pub fn id(self, file_system: &str) -> String {
        let cell = self.cell(file_system);
        match (self.act, self.memory) {
            (Act::Copy, _) => cell.id(),
            (Act::Read, Memory::Ample) => format!("{}|read", cell.source_id()),
            (Act::Read, Memory::HalfTheSource) => format!("{}|read|memory for half", cell.source_id()),
        }
    }

    /// The layout of that name.
    pub fn layout(self) -> Option<&'static Layout> {
        Layout::find(self.layout)
    }
}

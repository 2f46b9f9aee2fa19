pub(super) mod availability;
pub(super) mod selection;
pub(super) mod variables;

use super::cell::{Cell, End, Setup};
use crate::cache::{CacheState, unconfirmed};
use crate::fixture::{LAYOUTS, Layout, Place, Source, SourceError};
use crate::observe::{self, Observer};
use crate::record::{FileSystems, Refused, RefusedObserver, RunLine, SkipLine};
use crate::strategy::{DstMode, Need, REPRESENTATIVES, Strategy, all, representatives};
use crate::sys::cachestat::Untold;
use crate::sys::page_size;
use availability::availability;
use selection::Selection;

/// Cells above this size are measured with representatives of the families only.
const LARGE: u64 = 128 << 20;

/// Which cells stand where the user named none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The cells of a default `cargo bench`: curves over size, by representatives of the families.
    Default,
    /// Those of a default race.
    Small,
    /// Every combination of the registries.
    Everything,
}

/// One cell with what will run in it.
#[derive(Debug)]
pub struct Entry {
    pub cell: Cell,
    /// Layout of the source; `None` for the user's own file.
    pub layout: Option<&'static Layout>,
    /// What will run.
    pub strategies: Vec<&'static Strategy>,
    /// What will not, and why.
    pub refusals: Vec<Refusal>,
}

impl Entry {
    /// Copies that were wrong when they were tried.
    pub fn wrong(&self) -> impl Iterator<Item = String> {
        let wrong = self.refusals.iter().filter(|refusal| refusal.wrong);
        wrong.map(|refusal| {
            format!("{} {}: {}", self.cell.id(), refusal.strategy.name, refusal.refused.reason)
        })
    }

    /// What will not run, as lines of the record.
    pub fn skips(&self) -> impl Iterator<Item = SkipLine> {
        let line = |refusal: &Refusal| refusal.refused.clone().line(self.cell.id(), refusal.strategy.name);
        self.refusals.iter().map(line)
    }
}

/// A strategy that will not run in a cell.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub strategy: &'static Strategy,
    pub refused: Refused,
    /// Whether its copy was wrong.
    pub wrong: bool,
}

/// What will run, and why the rest will not.
#[derive(Debug)]
pub struct Plan {
    /// Where sources are made.
    pub from: Place,
    /// Where targets are made.
    pub to: Place,
    /// What cannot be counted beside time, and why.
    pub unobserved: Vec<(&'static Observer, observe::Refusal)>,
    /// Why the cache state of sources cannot be confirmed.
    pub unconfirmed: Option<Untold>,
    /// Cells, those of one group together and in the order of their sizes.
    pub entries: Vec<Entry>,
}

impl Plan {
    /// Finds out what works between the two directories and lays out the cells. Errors: where no file can
    /// be made in a directory, or the user's own file cannot be read.
    pub fn new(selection: &Selection, from: Place, to: Place, scope: Scope) -> Result<Self, SourceError> {
        let fs = FileSystems { source: from.file_system().to_owned(), target: to.file_system().to_owned() };
        let refusals: Vec<Refusal> = availability(&from, &to)?
            .into_iter()
            .filter_map(|tried| {
                Some(Refusal { strategy: tried.strategy, refused: tried.refusal?, wrong: tried.wrong })
            })
            .collect();
        let curves = scope == Scope::Default && selection.names_no_cell();
        let entries = cells(selection, &fs, scope)?
            .into_iter()
            .map(|(cell, layout)| entry(cell, layout, selection.strategies.as_deref(), curves, &refusals))
            .collect();
        let unobserved = observe::refused(&to.unnamed()?);
        let source = match &selection.source {
            Some(path) => Source::open(path)?,
            None => Source::generate(&from, Layout::dense(), page_size() as u64, 0)?,
        };
        let unconfirmed = unconfirmed(source.file(), source.size());
        Ok(Self { from, to, unobserved, unconfirmed, entries })
    }

    /// The part of this plan with the strategies that are wanted in a cell.
    pub fn only(&self, wanted: impl Fn(&str, &str) -> bool) -> Self {
        let entries = self.entries.iter().map(|entry| {
            let strategies = entry.strategies.iter().copied();
            let id = entry.cell.id();
            Entry {
                cell: entry.cell.clone(),
                layout: entry.layout,
                strategies: strategies.filter(|strategy| wanted(&id, strategy.name)).collect(),
                refusals: Vec::new(),
            }
        });
        let entries = entries.filter(|entry| !entry.strategies.is_empty()).collect();
        Self {
            from: self.from.clone(),
            to: self.to.clone(),
            unobserved: Vec::new(),
            unconfirmed: None,
            entries,
        }
    }

    /// The first line of the run that this plan is for.
    pub fn run_line(&self, argv: &[String], order_seed: u64) -> RunLine {
        let refused = self.unobserved.iter().map(|(observer, refusal)| {
            let observe::Refusal { reason, hint } = refusal.clone();
            (observer.name.to_owned(), RefusedObserver { reason, hint })
        });
        RunLine {
            observers: refused.collect(),
            unconfirmed: self.unconfirmed.as_ref().map(ToString::to_string),
            ..super::run_line(argv, self.from.path(), self.to.path(), order_seed)
        }
    }

    /// What will not run and why, a sentence each reason.
    pub fn refused(&self) -> Vec<String> {
        super::recorder::skips::by_reason(&self.entries.iter().flat_map(Entry::skips).collect::<Vec<_>>())
    }

    /// What will not be counted, a sentence each.
    pub fn remarks(&self) -> impl Iterator<Item = String> {
        let unconfirmed = self.unconfirmed.iter().map(|untold| {
            format!(
                "whether a source is in the page cache is unconfirmed, and a cold one is skipped: {untold}"
            )
        });
        let unobserved = self.unobserved.iter();
        unobserved
            .map(|(observer, refusal)| format!("nothing is counted by {}: {refusal}", observer.name))
            .chain(unconfirmed)
    }
}

/// The cells that a plan between directories on these file systems will have. Errors: the user's own file
/// cannot be read.
pub fn planned_cells(
    selection: &Selection,
    fs: &FileSystems,
    scope: Scope,
) -> Result<Vec<Cell>, SourceError> {
    Ok(cells(selection, fs, scope)?.into_iter().map(|(cell, _)| cell).collect())
}

type Planned = (Cell, Option<&'static Layout>);

fn cells(selection: &Selection, fs: &FileSystems, scope: Scope) -> Result<Vec<Planned>, SourceError> {
    if selection.names_no_cell() && scope != Scope::Everything {
        return Ok(default_cells(fs, scope));
    }
    let everything = scope == Scope::Everything;
    let shapes: Vec<(&'static str, Option<&'static Layout>, Vec<u64>)> = if let Some(path) = &selection.source
    {
        vec![("own", None, vec![Source::open(path)?.size()])]
    } else {
        let sizes = selection
            .sizes
            .clone()
            .unwrap_or_else(|| if everything { whole_range() } else { vec![1 << 20, 32 << 20] });
        let usual =
            || LAYOUTS.iter().copied().filter(|layout| matches!(layout.name, "sparse" | "dense")).collect();
        let layouts =
            selection.layouts.clone().unwrap_or_else(|| if everything { LAYOUTS.to_vec() } else { usual() });
        layouts.into_iter().map(|layout| (layout.name, Some(layout), sizes.clone())).collect()
    };
    let caches = axis(selection.cache.as_ref(), CacheState::ALL, everything);
    let modes = axis(selection.dst.as_ref(), DstMode::ALL, everything);
    let ends = axis(selection.end.as_ref(), End::ALL, everything);
    let setups = axis(selection.setup.as_ref(), Setup::ALL, everything);
    let mut cells = Vec::new();
    for (name, layout, sizes) in shapes {
        for &cache in &caches {
            for &dst in &modes {
                for &end in &ends {
                    for &setup in &setups {
                        let cell = |&size: &u64| {
                            (Cell { cache, dst, end, setup, ..Cell::usual(fs.clone(), name, size) }, layout)
                        };
                        cells.extend(sizes.iter().map(cell));
                    }
                }
            }
        }
    }
    Ok(cells)
}

/// What was selected, else the first of an axis, or all of it.
fn axis<T: Copy>(selected: Option<&Vec<T>>, all: &[T], everything: bool) -> Vec<T> {
    let usual = if everything { all } else { &all[..1] };
    selected.cloned().unwrap_or_else(|| usual.to_vec())
}

fn whole_range() -> Vec<u64> {
    (20..=30).map(|shift| 1 << shift).collect()
}

fn default_cells(fs: &FileSystems, scope: Scope) -> Vec<Planned> {
    let races = [("dense", 1_u64 << 20), ("dense", 32 << 20)];
    let curves = [1_u64 << 20, 8 << 20, 64 << 20, 1 << 30];
    let shapes: Vec<(&str, u64)> = match scope {
        Scope::Default => {
            let of = |layout: &'static str| curves.into_iter().map(move |size| (layout, size));
            of("sparse").chain(of("dense").filter(|(_, size)| *size <= LARGE)).collect()
        }
        _ => races.to_vec(),
    };
    shapes
        .into_iter()
        .filter_map(|(name, size)| Some((Layout::find(name)?, size)))
        .map(|(layout, size)| (Cell::usual(fs.clone(), layout.name, size), Some(layout)))
        .collect()
}

fn entry(
    cell: Cell,
    layout: Option<&'static Layout>,
    selected: Option<&[&'static Strategy]>,
    representative: bool,
    refused: &[Refusal],
) -> Entry {
    let wanted: Vec<&'static Strategy> = match selected {
        Some(selected) => selected.to_vec(),
        None if representative || cell.size > LARGE => representatives(REPRESENTATIVES).collect(),
        None => all().map(|(_, strategy)| strategy).collect(),
    };
    let (mut strategies, mut refusals) = (Vec::new(), Vec::new());
    for strategy in wanted {
        let known = refused.iter().find(|refusal| refusal.strategy.name == strategy.name).cloned();
        match known.or_else(|| unmet(strategy, &cell)) {
            Some(refusal) => refusals.push(refusal),
            None => strategies.push(strategy),
        }
    }
    Entry { cell, layout, strategies, refusals }
}

/// A condition that copying one page did not show.
fn unmet(strategy: &'static Strategy, cell: &Cell) -> Option<Refusal> {
    let refuse = |reason: String| Refusal { strategy, refused: Refused::because(&reason), wrong: false };
    if !strategy.dst.contains(&cell.dst) {
        return Some(refuse(format!("it cannot start from a target that is {}", cell.dst.name())));
    }
    for need in strategy.needs {
        match need {
            Need::MemoryOfFile => {
                let wanted = cell.size.min(1 << 30);
                let free = crate::host::available_memory().unwrap_or(u64::MAX);
                if free < wanted {
                    return Some(refuse(format!(
                        "it needs {wanted} bytes of private memory, {free} are available"
                    )));
                }
            }
        }
    }
    None
}

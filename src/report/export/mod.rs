//! Records in the formats of other programs: one registry, one file a format.
//!
//! Every format has the time of each strategy and, as a series of its own, its time relative to
//! the base strategy's, which the drift of a machine leaves alone.

mod bencher;
mod criterion;
mod csv;
mod github;
mod hyperfine;
mod otava;

pub use otava::{files as otava_files, is_file as is_otava_file};

use crate::analysis::pairs::{pairs, rounds};
use crate::analysis::{Interval, Margin, Measurements, Summary, summarise};
use crate::record::Clock;

/// What an export is made of.
#[derive(Clone, Copy, Debug)]
pub struct Exported<'a> {
    /// All runs.
    pub all: &'a Measurements,
    /// The strategy that ratios are taken against.
    pub base: &'a str,
    /// What counts as the same.
    pub margin: Margin,
}

/// A format of one text.
#[derive(Debug)]
pub struct Format {
    /// Key on the command line.
    pub name: &'static str,
    /// Who reads it, in a few words.
    pub summary: &'static str,
    /// Whether it has no unit but seconds.
    pub seconds_only: bool,
    write: fn(Exported<'_>) -> serde_json::Result<String>,
}

impl Format {
    /// The whole text.
    ///
    /// # Errors
    /// Those of serialising.
    pub fn write(&self, exported: Exported<'_>) -> serde_json::Result<String> {
        (self.write)(exported)
    }
}

/// Every format of one text.
pub static FORMATS: &[Format] = &[
    Format {
        name: "bencher",
        summary: "Bencher Metric Format: bencher run --adapter json",
        seconds_only: false,
        write: bencher::write,
    },
    Format {
        name: "gab-bigger",
        summary: "github-action-benchmark, customBiggerIsBetter: speeds",
        seconds_only: false,
        write: github::bigger,
    },
    Format {
        name: "gab-smaller",
        summary: "github-action-benchmark, customSmallerIsBetter: times",
        seconds_only: false,
        write: github::smaller,
    },
    Format {
        name: "criterion",
        summary: "lines of `cargo bench`, as criterion's bencher output",
        seconds_only: false,
        write: |exported| Ok(criterion::write(exported)),
    },
    Format {
        name: "hyperfine",
        summary: "hyperfine --export-json, for its scripts",
        seconds_only: true,
        write: hyperfine::write,
    },
    Format {
        name: "csv",
        summary: "a row a strategy and cell",
        seconds_only: false,
        write: |exported| Ok(csv::write(exported)),
    },
];

/// One strategy of one cell, with what every format needs.
struct Entry<'a> {
    cell: &'a str,
    summary: Summary,
    /// Its time over the base strategy's; none for the base and without it.
    relative: Option<Relative>,
}

/// A time over the base strategy's: less is faster.
#[derive(Clone, Copy)]
struct Relative {
    ratio: f64,
    /// None where there are too few rounds for one.
    interval: Option<Interval>,
}

impl Entry<'_> {
    /// `ext4/dense/1MiB/warm/new/none/mmap-write`, which no format takes apart.
    fn name(&self) -> String {
        format!("{}/{}", self.cell.replace('|', "/"), self.summary.strategy)
    }

    /// The name of the series of relative times.
    fn relative_name(&self) -> String {
        self.name() + "/relative"
    }
}

impl<'a> Exported<'a> {
    /// Unit of all times.
    fn clock(self) -> Clock {
        self.all.clock().unwrap_or(Clock::Wall)
    }

    fn entries(self) -> impl Iterator<Item = Entry<'a>> {
        self.all.cells.keys().flat_map(move |cell| {
            summarise(self.all, cell, "this", self.base, self.margin).into_iter().map(move |summary| {
                let relative = summary.relative.map(|relative| Relative {
                    ratio: 1.0 / relative.ratio,
                    interval: relative.interval.map(Interval::inverted),
                });
                Entry { cell, summary, relative }
            })
        })
    }

    /// Times in seconds and, of every round that has both, over the base strategy's.
    fn values(self, entry: &Entry<'_>) -> Option<(Vec<f64>, Vec<f64>)> {
        let series = self.all.get(entry.cell, &entry.summary.strategy, "this")?;
        let times = series.observations.iter().map(|value| value.time / 1e9).collect();
        let base =
            self.all.get(entry.cell, self.base, "this").filter(|_| entry.summary.strategy != self.base);
        let ratios = base.map_or_else(Vec::new, |base| {
            pairs(&rounds(base), &rounds(series)).concat().into_iter().map(f64::exp).collect()
        });
        Some((times, ratios))
    }
}

use crate::analysis::processor_time::ProcessorTimes;
use crate::analysis::{Interval, Margin, Measurements, Summary, summarise};
use crate::record::Clock;
use globset::GlobSet;

/// What an export is made of.
#[derive(Clone, Copy, Debug)]
pub struct Exported<'a> {
    /// All runs.
    pub all: &'a Measurements,
    /// The strategy that ratios are taken against.
    pub base: &'a str,
    /// Equivalence margin.
    pub margin: Margin,
    /// The strategies that are written; all where there is none.
    pub strategies: Option<&'a GlobSet>,
    /// Empty for formats that do not tell it.
    pub processor: &'a ProcessorTimes,
}

/// One strategy of one cell, with what every format needs.
pub(super) struct Entry<'a> {
    pub(super) cell: &'a str,
    pub(super) summary: Summary,
    /// Its time over the base strategy's; none for the base and without it.
    pub(super) relative: Option<Relative>,
}

/// A time over the base strategy's: less is faster.
#[derive(Clone, Copy)]
pub(super) struct Relative {
    pub(super) ratio: f64,
    /// None where there are too few rounds for one.
    pub(super) interval: Option<Interval>,
}

impl Entry<'_> {
    /// `ext4/dense/1MiB/warm/new/none/mmap-write`, which no format takes apart.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.cell.replace('|', "/"), self.summary.strategy)
    }

    /// The name of the series of relative times.
    pub(super) fn relative_name(&self) -> String {
        self.name() + "/relative"
    }
}

impl<'a> Exported<'a> {
    /// Unit of all times.
    pub(super) fn clock(self) -> Clock {
        self.all.clock().unwrap_or(Clock::Wall)
    }

    pub(super) fn entries(self) -> impl Iterator<Item = Entry<'a>> {
        self.all.cells.keys().flat_map(move |cell| {
            let summaries = summarise(self.all, cell, "this", self.base, self.margin).into_iter();
            let wanted = summaries.filter(move |summary| {
                self.strategies.is_none_or(|strategies| strategies.is_match(&summary.strategy))
            });
            wanted.map(move |summary| {
                let relative = summary.relative.map(|relative| Relative {
                    ratio: 1.0 / relative.ratio,
                    interval: relative.interval.map(Interval::inverted),
                });
                Entry { cell, summary, relative }
            })
        })
    }

    /// The time of each sample, in the unit of the clock.
    pub(super) fn times(self, entry: &Entry<'_>) -> Option<Vec<f64>> {
        let series = self.all.get(entry.cell, &entry.summary.strategy, "this")?;
        Some(series.observations.iter().map(|value| value.time).collect())
    }
}

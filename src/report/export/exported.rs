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
    /// Equivalence margin.
    pub margin: Margin,
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
    pub(super) fn values(self, entry: &Entry<'_>) -> Option<(Vec<f64>, Vec<f64>)> {
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

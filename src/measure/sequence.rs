use super::cell::Cell;
use super::clock::Clock;
use super::plan::Entry;
use super::stage::{Stage, StageError, check_space};
use super::trial::{Look, Outcome, TrialError};
use crate::fixture::{Place, Source};
use crate::observe::Difference;
use crate::record::{Counters, SampleLine};
use crate::strategy::Strategy;
use std::borrow::Borrow;

/// Makes the source of an entry, after checking that there is room for it and a copy.
///
/// # Errors
/// See [`StageError`].
pub fn source_of(
    entry: &Entry,
    own: Option<&std::path::Path>,
    from: &Place,
    to: &Place,
    seed: u64,
) -> Result<Source, StageError> {
    match (entry.layout, own) {
        (Some(layout), _) => {
            check_space(from, to, layout, entry.cell.size)?;
            Ok(Source::generate(from, layout, entry.cell.size, seed)?)
        }
        (None, own) => Ok(Source::open(own.unwrap_or(std::path::Path::new("")))?),
    }
}

/// Copies of one strategy, one after the other, that make one sample line.
#[derive(Clone, Debug, Default)]
pub struct Block {
    outcomes: Vec<Outcome>,
}

impl Block {
    /// Runs `copies` trials; the extents of the last copy are looked at.
    ///
    /// # Errors
    /// The first [`TrialError`].
    pub fn run<S: Borrow<Source>, P: Borrow<Place>>(
        stage: &Stage<S, P>,
        strategy: &Strategy,
        cell: &Cell,
        clock: &dyn Clock,
        copies: u64,
    ) -> Result<Self, TrialError> {
        let outcomes = (1..=copies)
            .map(|copy| {
                stage.trial(strategy, cell, clock, if copy == copies { Look::Extents } else { Look::Count })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { outcomes })
    }

    /// Time of all copies together.
    #[must_use]
    pub fn elapsed(&self) -> u64 {
        self.outcomes.iter().map(|outcome| outcome.elapsed).sum()
    }

    /// The line in the record, outside any round. `verified`: whether a copy by this strategy in
    /// this cell was compared byte for byte before.
    #[must_use]
    pub fn line(&self, cell: &Cell, strategy: &Strategy, verified: bool) -> SampleLine {
        let last = self.outcomes.last();
        SampleLine {
            cell: cell.id(),
            strategy: strategy.name.to_owned(),
            round: None,
            position: None,
            process: 1,
            arm: "this".to_owned(),
            elapsed: self.outcomes.iter().map(|outcome| outcome.elapsed).collect(),
            bytes: last.map_or(0, |outcome| outcome.bytes),
            shared_bytes: last.and_then(|outcome| outcome.shared_bytes),
            allocated_bytes: last.and_then(|outcome| outcome.allocated_bytes),
            verified,
            counters: Some(self.counters()),
        }
    }

    /// Means per copy. Reading them costs nothing inside the clock.
    fn counters(&self) -> Counters {
        let mean = |field: fn(&Difference) -> u64| {
            let sum: u64 = self.outcomes.iter().map(|outcome| field(&outcome.usage)).sum();
            let copies = self.outcomes.len().max(1) as u64;
            (sum + copies / 2) / copies
        };
        [
            ("minor_faults", mean(|usage| usage.minor_faults)),
            ("major_faults", mean(|usage| usage.major_faults)),
            ("voluntary_switches", mean(|usage| usage.voluntary_switches)),
            ("involuntary_switches", mean(|usage| usage.involuntary_switches)),
            ("user_ns", mean(|usage| usage.user_ns)),
            ("system_ns", mean(|usage| usage.system_ns)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

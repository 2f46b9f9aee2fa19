use super::clock::{Clock, NoClock};
use super::error::TrialError;
use super::stage::{Stage, StageError, check_space, generate};
use super::{Inspection, Outcome};
use crate::fixture::{Place, SEED, Source};
use crate::measure::cell::Cell;
use crate::measure::plan::Entry;
use crate::record::{Copies, Counters};
use crate::strategy::Strategy;
use std::borrow::Borrow;

/// Makes the source of an entry, after checking that there is room for it and a copy.
pub fn source_of(
    entry: &Entry,
    own: Option<&std::path::Path>,
    from: &Place,
    to: &Place,
) -> Result<Source, StageError> {
    match (entry.layout, own) {
        (Some(layout), _) => {
            check_space(from, to, layout, entry.cell.size)?;
            Ok(generate(from, layout, entry.cell.size, SEED)?)
        }
        (None, own) => Ok(Source::open(own.unwrap_or(std::path::Path::new("")))?),
    }
}

/// Copies of one strategy, one after the other, that make one sample line.
#[derive(Clone, Debug, Default)]
pub struct Block {
    outcomes: Vec<Outcome>,
    observed: bool,
}

impl Block {
    /// Runs `copies` trials; the last copy is looked at as closely as `last` says. One that is not timed comes
    /// before them, so that each follows a copy by the same strategy.
    pub fn run<S: Borrow<Source>, P: Borrow<Place>>(
        stage: &Stage<S, P>,
        strategy: &Strategy,
        cell: &Cell,
        clock: &dyn Clock,
        copies: u64,
        last: Inspection,
    ) -> Result<Self, TrialError> {
        stage.trial(strategy, cell, &NoClock, Inspection::Count)?;
        let outcomes = (1..=copies)
            .map(|copy| {
                stage.trial(strategy, cell, clock, if copy == copies { last } else { Inspection::Count })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { outcomes, observed: false })
    }

    /// One trial without a clock that is verified and observed. It comes first in a cell, where it
    /// finds fresh memory, which a time should not.
    pub fn observe<S: Borrow<Source>, P: Borrow<Place>>(
        stage: &Stage<S, P>,
        strategy: &Strategy,
        cell: &Cell,
    ) -> Result<Self, TrialError> {
        // Observed too, so that the threads that it leaves behind are.
        stage.observed_trial(strategy, cell)?;
        let outcomes = vec![stage.observed_trial(strategy, cell)?];
        Ok(Self { outcomes, observed: true })
    }

    /// Adds the copies of another block.
    pub fn append(&mut self, other: Self) {
        self.outcomes.extend(other.outcomes);
    }

    /// Time of all copies together.
    pub fn elapsed(&self) -> u64 {
        self.outcomes.iter().map(|outcome| outcome.elapsed).sum()
    }

    /// As the record has them. The times are left out where the copy was observed by what costs time.
    pub fn copies(&self) -> Copies {
        let last = self.outcomes.last();
        let timed = self.outcomes.iter().filter(|_| !self.observed);
        Copies {
            elapsed: timed.map(|outcome| outcome.elapsed).collect(),
            bytes: last.map_or(0, |outcome| outcome.bytes),
            shared_bytes: last.and_then(|outcome| outcome.shared_bytes),
            allocated_bytes: last.and_then(|outcome| outcome.allocated_bytes),
            counters: Some(self.counters()),
        }
    }

    /// Means per copy.
    fn counters(&self) -> Counters {
        let mut sums = Counters::new();
        for (key, value) in self.outcomes.iter().flat_map(|outcome| &outcome.counts) {
            *sums.entry((*key).to_owned()).or_default() += value;
        }
        let copies = self.outcomes.len().max(1) as u64;
        sums.values_mut().for_each(|sum| *sum = (*sum + copies / 2) / copies);
        sums
    }
}

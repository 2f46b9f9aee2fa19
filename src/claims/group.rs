//! Claims that are measured together: those of one cell.

use super::claim::{Act, Claim, Conditions};
use super::reading::{FEWEST, Readers};
use crate::analysis::{Margin, Measurements};
use crate::cache::CacheState;
use crate::fixture::Place;
use crate::measure::{
    Arm, Cell, End, Entry, Listener, NamedArm, Progress, Recorder, Rounds, StageError, source_of,
};
use crate::record::{Clock, Refused, SampleLine, SkipLine};
use anyhow::Context;
use std::io;
use std::time::Instant;

/// A cell and the strategies that claims need in it.
pub(super) struct Group {
    pub(super) conditions: Conditions,
    pub(super) strategies: Vec<&'static str>,
}

/// One pass over a cell, with files of its own.
pub(super) struct Pass<'a> {
    pub(super) place: &'a Place,
    /// What times are counted in.
    pub(super) clock: Clock,
    pub(super) seed: u64,
    /// Its number, from 1: a process in the samples.
    pub(super) number: u32,
    /// When to stop.
    pub(super) until: Instant,
    /// Exactly so many rounds instead.
    pub(super) rounds: Option<u32>,
}

/// What each cell has to measure for the claims that can be tried there.
pub(super) fn groups<'a>(
    claims: impl IntoIterator<Item = &'a &'static Claim>,
    fs: &str,
    clock: Clock,
) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for claim in claims {
        let Some(conditions) = claim.conditions().filter(|_| claim.unfit(fs, clock).is_none()) else {
            continue;
        };
        let index = groups.iter().position(|group| group.conditions == conditions).unwrap_or_else(|| {
            groups.push(Group { conditions, strategies: Vec::new() });
            groups.len() - 1
        });
        for name in claim.strategies() {
            if !groups[index].strategies.contains(&name) {
                groups[index].strategies.push(name);
            }
        }
    }
    groups
}

/// How long cells take beside each other, about.
pub(super) fn weights(groups: &[Group]) -> f64 {
    let weight = |group: &Group| {
        let bytes = (group.conditions.size + (8 << 20)) as f64;
        let waiting = match group.conditions {
            Conditions { end: End::Fdatasync, .. } => 5.0,
            Conditions { act: Act::Read, cache: CacheState::Cold, .. } => 3.0,
            _ => 1.0,
        };
        bytes * group.strategies.len() as f64 * waiting
    };
    groups.iter().map(weight).sum()
}

impl Group {
    pub(super) fn cell(&self, place: &Place) -> Cell {
        self.conditions.cell(place.file_system())
    }

    /// Measures one pass; what cannot be had is a skip. Errors: where a worker gave no answer or the source
    /// could not be made anew, and those of `listener`.
    pub(super) fn measure(
        &self,
        pass: &Pass<'_>,
        arms: &mut [NamedArm],
        listener: &mut dyn Listener,
    ) -> anyhow::Result<()> {
        let cell = self.cell(pass.place);
        let layout = self.conditions.layout();
        let entry = Entry { cell, layout, strategies: Vec::new(), refusals: Vec::new() };
        let source = match source_of(&entry, None, pass.place, pass.place) {
            Ok(source) => source,
            Err(error @ (StageError::Space { .. } | StageError::Source(_))) => {
                return Ok(listener.skip(Refused::because(&error).line(entry.cell.id(), "*"), false)?);
            }
        };
        let mut readers: [NamedArm; 1];
        let (arms, at_least) = match self.conditions.act {
            Act::Copy => (arms, 1),
            Act::Read => {
                let answer = Readers::new(self.conditions, &source, pass.place, pass.seed);
                let answer = answer.context("preparing what is read")?;
                readers = [("this", Arm::Here(Box::new(answer)))];
                (&mut readers[..], FEWEST)
            }
        };
        let rounds = Rounds {
            id: self.conditions.id(pass.place.file_system()),
            // Only to stop early where every strategy differs from the first beyond doubt.
            margin: Margin::from_fraction(0.0).unwrap_or_default(),
            order_seed: pass.seed,
            process: pass.number,
            clock: pass.clock,
            until: pass.until,
            at_least,
            exactly: pass.rounds,
            ..Rounds::new(&entry.cell, &source, pass.place.path(), self.strategies.clone())
        };
        rounds.run(arms, &mut Measurements::default(), listener)?;
        Ok(())
    }
}

/// This process as the only arm.
pub(super) fn here() -> Vec<NamedArm> {
    vec![("this", Arm::here())]
}

/// Records what is seen in a cell.
pub(super) struct Recording<'a> {
    pub(super) recorder: &'a mut Recorder,
    pub(super) cell: Cell,
}

impl Listener for Recording<'_> {
    fn sample(&mut self, sample: SampleLine) -> io::Result<()> {
        self.recorder.sample(&self.cell, sample)
    }

    fn skip(&mut self, skip: SkipLine, _wrong: bool) -> io::Result<()> {
        self.recorder.skip(&self.cell, skip)
    }

    fn progress(&mut self, _: Progress) {}
}

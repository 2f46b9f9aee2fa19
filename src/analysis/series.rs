//! What comparing needs of a record: times by cell, strategy and arm, a few bytes a sample.

use super::holding::visit_and_remark;
use super::kind::{Kind, is_smaller};
use super::median;
use crate::record::{AnswerLine, CellLine, Clock, Line, ReadError, RunLine, TimedSample, Visitor, is_limit};
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

/// The value of one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// Number of the process among all processes of all runs, from 0.
    pub process: u32,
    /// Round within its run; none outside rounds.
    pub round: Option<u32>,
    /// Place in the round, where the record tells.
    pub position: Option<u32>,
    /// Median time of the sample's copies, in the unit of the run's clock.
    pub time: f64,
}

/// All samples of one strategy in one cell by one arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// In the order of process and round, as they were measured.
    pub observations: Vec<Observation>,
    /// Number of timed copies.
    pub copies: u64,
    /// Samples with a time of zero. One of them makes every judgement on the series unclear:
    /// a clock or a copy was broken.
    pub broken: u64,
    /// Bytes that a copy reported.
    pub bytes: u64,
    /// Whether a target shared extents with another file.
    pub shares: bool,
    /// Whether the target was smaller than its length, see [`super::kind`].
    pub keeps_holes: bool,
}

/// Series by arm.
pub type Arms = BTreeMap<String, Series>;

/// Times of one or more runs.
#[derive(Clone, Debug, Default)]
pub struct Measurements {
    /// First lines of the runs.
    pub runs: Vec<RunLine>,
    /// Cells by id.
    pub cells: BTreeMap<String, CellLine>,
    /// Series by cell, strategy and arm.
    pub series: BTreeMap<String, BTreeMap<String, Arms>>,
    /// What races came to, by cell and kind.
    pub answers: BTreeMap<(String, String), AnswerLine>,
    /// Time that the runs took.
    pub seconds: f64,
    /// Truncated last lines, files that hold nothing, runs without an end.
    pub warnings: Vec<String>,
    processes: BTreeMap<(usize, u32), u32>,
}

impl Measurements {
    /// Whether no strategy has a time; the limits of a machine alone say nothing about copying.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let strategies = self.series.values().flatten().filter(|(name, _)| !is_limit(name));
        strategies.flat_map(|(_, arms)| arms.values()).all(|series| series.observations.is_empty())
    }

    /// Reads record files without holding them in memory.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read_files(paths: &[PathBuf]) -> Result<Self, ReadError> {
        Self::read_after(&mut None, paths)
    }

    /// Reads the record files of two sides at the same time; they must be of one clock.
    ///
    /// # Errors
    /// See [`ReadError`]; the base side's first.
    pub fn read_sides(base: &[PathBuf], new: &[PathBuf]) -> Result<[Self; 2], ReadError> {
        let (base, other) = thread::scope(|scope| {
            let other = thread::Builder::new().spawn_scoped(scope, || Self::read_files(new));
            let base = Self::read_files(base);
            let join = |thread: thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|panic| resume_unwind(panic))
            };
            // Where no thread is to be had, one after the other.
            (base, other.map_or_else(|_| Self::read_files(new), join))
        });
        let (base, other) = (base?, other?);
        match (base.clock(), other.clock()) {
            // Once more after that clock, for the file and line where it is another.
            (Some(clock), Some(another)) if clock != another => {
                Ok([base, Self::read_after(&mut Some(clock), new)?])
            }
            _ => Ok([base, other]),
        }
    }

    fn read_after(clock: &mut Option<Clock>, paths: &[PathBuf]) -> Result<Self, ReadError> {
        let mut all = Self::default();
        all.warnings = visit_and_remark(clock, paths, &mut all)?;
        all.sort();
        Ok(all)
    }

    /// Unit of the times, of which a reader takes no two; none without a run.
    #[must_use]
    pub fn clock(&self) -> Option<Clock> {
        self.runs.first().map(|run| run.clock)
    }

    /// From runs in memory.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn from_runs(runs: &[crate::record::Run]) -> Self {
        let mut all = Self::default();
        for run in runs {
            all.runs.push(run.run.clone());
            all.cells.extend(run.cells.clone());
            for sample in &run.samples {
                all.take_sample(&TimedSample::from(sample));
            }
        }
        all.sort();
        all
    }

    /// The series of a strategy in a cell by an arm.
    #[must_use]
    pub fn get(&self, cell: &str, strategy: &str, arm: &str) -> Option<&Series> {
        self.series.get(cell)?.get(strategy)?.get(arm)
    }

    /// Number of processes that measured something, of all runs.
    #[must_use]
    pub fn processes(&self) -> u32 {
        self.processes.len() as u32
    }

    /// Whether two executables were measured in turn: both `old` and `this` have samples.
    #[must_use]
    pub fn has_two_arms(&self) -> bool {
        let has = |arm| self.series.values().flat_map(BTreeMap::values).any(|arms| arms.contains_key(arm));
        has("old") && has("this")
    }

    /// Adds a line, in the order of measuring; `run` asks after every look with what it has.
    pub fn take(&mut self, line: &Line) {
        match line {
            Line::Run(run) => self.runs.push(run.clone()),
            Line::Cell(cell) => {
                self.cells.insert(cell.cell.clone(), cell.clone());
            }
            Line::Sample(sample) => self.take_sample(&TimedSample::from(sample)),
            Line::Answer(answer) => {
                self.answers.insert((answer.cell.clone(), answer.kind.clone()), answer.clone());
            }
            Line::End(end) => self.seconds += end.wall_seconds,
            Line::Skip(_) | Line::Out(_) => {}
        }
    }

    pub(super) fn take_sample<C>(&mut self, sample: &TimedSample<'_, C>) {
        if sample.elapsed.is_empty() {
            return;
        }
        // The same number in another run is another process.
        let known = self.processes();
        let process = *self.processes.entry((self.runs.len(), sample.process)).or_insert(known);
        // The first look-up makes no keys: this is the path of a million samples.
        let known = self
            .series
            .get_mut(&*sample.cell)
            .and_then(|strategies| strategies.get_mut(&*sample.strategy))
            .and_then(|arms| arms.get_mut(&*sample.arm));
        let series = match known {
            Some(series) => series,
            None => self
                .series
                .entry(sample.cell.clone().into_owned())
                .or_default()
                .entry(sample.strategy.clone().into_owned())
                .or_default()
                .entry(sample.arm.clone().into_owned())
                .or_default(),
        };
        series.take(sample, process);
    }

    pub(super) fn sort(&mut self) {
        for series in self.series.values_mut().flat_map(BTreeMap::values_mut).flat_map(BTreeMap::values_mut) {
            series
                .observations
                .sort_by_key(|observation| (observation.process, observation.round, observation.position));
        }
    }
}

impl Visitor for Measurements {
    fn sample(&mut self, text: &[u8]) -> serde_json::Result<()> {
        self.take_sample(&TimedSample::<IgnoredAny>::parse(text)?);
        Ok(())
    }

    fn line(&mut self, _: &Path, line: Line) {
        self.take(&line);
    }
}

impl Series {
    /// What its copies did to the data, by the name of the strategy.
    #[must_use]
    pub fn kind(&self, strategy: &str) -> Kind {
        if is_limit(strategy) {
            Kind::Limit
        } else if self.shares {
            Kind::Reflinked
        } else if self.keeps_holes {
            Kind::Holes
        } else {
            Kind::Copied
        }
    }

    fn take<C>(&mut self, sample: &TimedSample<'_, C>, process: u32) {
        self.copies += sample.elapsed.len() as u64;
        self.bytes = self.bytes.max(sample.bytes);
        self.shares |= sample.shared_bytes.is_some_and(|shared| shared > 0);
        self.keeps_holes |= is_smaller(sample.bytes, sample.allocated_bytes);
        let times: Vec<f64> = sample.elapsed.iter().map(|time| *time as f64).collect();
        match median(&times) {
            Some(time) if !sample.elapsed.contains(&0) => {
                self.observations.push(Observation {
                    process,
                    round: sample.round,
                    position: sample.position,
                    time,
                });
            }
            _ => self.broken += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::example::{Example, sample};

    #[test]
    fn a_value_is_the_median_of_its_copies() {
        let mut line = sample("c", "s", 3, 0.0);
        line.copies.elapsed = vec![9, 1, 5];
        let all = Example::default().with(line).measurements();
        let series = all.get("c", "s", "this").unwrap();
        assert_eq!(
            series.observations,
            [Observation { process: 0, round: Some(3), position: Some(0), time: 5.0 }]
        );
        assert_eq!(series.copies, 3);
    }

    #[test]
    fn zero_times_are_counted_and_empty_samples_left_out() {
        let mut zero = sample("c", "s", 1, 0.0);
        zero.copies.elapsed = vec![5, 0];
        let mut empty = sample("c", "t", 1, 0.0);
        empty.copies.elapsed.clear();
        let all = Example::default().with(zero).with(empty).measurements();
        let series = all.get("c", "s", "this").unwrap();
        assert_eq!((series.broken, series.observations.len()), (1, 0));
        assert!(all.get("c", "t", "this").is_none());
    }

    #[test]
    fn process_one_of_two_runs_is_two_processes() {
        let runs: Vec<_> = (0..2).map(|_| Example::default().with(sample("c", "s", 1, 0.0)).run()).collect();
        let all = Measurements::from_runs(&runs);
        let processes: Vec<u32> =
            all.get("c", "s", "this").unwrap().observations.iter().map(|value| value.process).collect();
        assert_eq!(processes, [0, 1]);
        assert!(!all.has_two_arms());
    }
}

//! Records for tests.

use super::series::Measurements;
use crate::record::{CellLine, Clock, Commit, Copies, FileSystems, HostLine, Run, RunLine, SampleLine};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Middle of the times, in nanoseconds.
const TYPICAL: f64 = 1e8;

/// One copy that took exp(`ln_time`) times the typical time.
pub(crate) fn sample(cell: &str, strategy: &str, round: u32, ln_time: f64) -> SampleLine {
    let copies = Copies {
        elapsed: vec![(TYPICAL * ln_time.exp()) as u64],
        bytes: 1 << 20,
        shared_bytes: Some(0),
        allocated_bytes: Some(1 << 20),
        counters: None,
    };
    SampleLine { round: Some(round), position: Some(0), ..copies.line(cell.to_owned(), strategy) }
}

pub(crate) fn host() -> HostLine {
    HostLine {
        label: "zen4-2cpu".to_owned(),
        hash: "0".to_owned(),
        kernel: "6.12".to_owned(),
        identity: BTreeMap::new(),
        context: BTreeMap::new(),
    }
}

/// A run in the making.
#[derive(Default)]
pub(crate) struct Example {
    samples: Vec<SampleLine>,
}

/// Noise of a made-up run, as standard deviations of logarithms.
#[derive(Clone, Copy)]
pub(crate) struct Noise {
    /// Common to all strategies of a round.
    pub(crate) round: f64,
    /// Of each sample.
    pub(crate) sample: f64,
    /// Of a strategy in a process.
    pub(crate) process: f64,
}

impl Example {
    pub(crate) fn with(mut self, sample: SampleLine) -> Self {
        self.samples.push(sample);
        self
    }

    /// Adds rounds of `strategies` (name, logarithm of its time) by `processes` processes.
    pub(crate) fn measured(
        mut self,
        (cell, arm): (&str, &str),
        strategies: &[(&str, f64)],
        (processes, rounds): (u32, u32),
        noise: Noise,
        seed: u64,
    ) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut bell = |spread: f64| {
            let sum: f64 = (0..3).map(|_| random.random::<f64>() - 0.5).sum();
            2.0 * spread * sum
        };
        for process in 1..=processes {
            let shifts: Vec<f64> = strategies.iter().map(|_| bell(noise.process)).collect();
            for round in 0..rounds {
                let drift = bell(noise.round);
                for ((name, ln_time), shift) in strategies.iter().zip(&shifts) {
                    let mut line = sample(cell, name, round, ln_time + shift + drift + bell(noise.sample));
                    line.process = process;
                    line.arm = arm.to_owned();
                    self.samples.push(line);
                }
            }
        }
        self
    }

    pub(crate) fn run(self) -> Run {
        let cell = |id: &String| CellLine {
            cell: id.clone(),
            fs: FileSystems { source: "ext4".to_owned(), target: "ext4".to_owned() },
            layout: "dense".to_owned(),
            size: 1 << 20,
            cache: "warm".to_owned(),
            dst: "new".to_owned(),
            end: "none".to_owned(),
            setup: Some("kept".to_owned()),
            cold_level: None,
        };
        Run {
            path: PathBuf::from("example.jsonl"),
            run: RunLine {
                schema: crate::record::SCHEMA.to_owned(),
                id: "example".to_owned(),
                started: "2026-01-02T03:04:05Z".to_owned(),
                clock: Clock::Wall,
                argv: Vec::new(),
                commit: Commit { sha: "unknown".to_owned(), dirty: false },
                host: host(),
                seed: 0,
                order_seed: 0,
                observers: BTreeMap::new(),
                unconfirmed: None,
                against: None,
                guest: None,
                part: None,
            },
            cells: self.samples.iter().map(|line| (line.cell.clone(), cell(&line.cell))).collect(),
            samples: self.samples,
            skips: Vec::new(),
            end: None,
        }
    }

    pub(crate) fn measurements(self) -> Measurements {
        Measurements::from_runs(&[self.run()])
    }
}

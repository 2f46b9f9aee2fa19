//! Processor time of copies, for formats that tell it.

use crate::record::{Line, ReadError, TimedSample, Visitor, visit_files};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Mean processor time of a copy, by cell and strategy of this executable.
#[derive(Clone, Debug, Default)]
pub struct ProcessorTimes {
    sums: BTreeMap<(String, String), Sums>,
}

/// Nanoseconds of one copy, as a mean over samples that have them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessorTime {
    /// In the program.
    pub user: f64,
    /// In the kernel.
    pub system: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    user: u64,
    system: u64,
    samples: u64,
}

/// The counters that are read, a mean of the sample's copies.
#[derive(Debug, Deserialize)]
struct Counters {
    user_ns: Option<u64>,
    system_ns: Option<u64>,
}

impl ProcessorTimes {
    /// Reads record files.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn read_files(paths: &[PathBuf]) -> Result<Self, ReadError> {
        let mut all = Self::default();
        visit_files(&mut None, paths, &mut all)?;
        Ok(all)
    }

    /// None where no sample has it.
    #[must_use]
    pub fn get(&self, cell: &str, strategy: &str) -> Option<ProcessorTime> {
        let sums = self.sums.get(&(cell.to_owned(), strategy.to_owned()))?;
        let mean = |sum: u64| sum as f64 / sums.samples as f64;
        Some(ProcessorTime { user: mean(sums.user), system: mean(sums.system) })
    }

    fn add(
        &mut self,
        [cell, strategy, arm]: [&str; 3],
        is_timed: bool,
        user: Option<u64>,
        system: Option<u64>,
    ) {
        let (Some(user), Some(system)) = (user, system) else { return };
        if arm != "this" || !is_timed {
            return;
        }
        let sums = self.sums.entry((cell.to_owned(), strategy.to_owned())).or_default();
        sums.user += user;
        sums.system += system;
        sums.samples += 1;
    }
}

impl Visitor for ProcessorTimes {
    fn sample(&mut self, text: &[u8]) -> serde_json::Result<()> {
        let sample = TimedSample::<Counters>::parse(text)?;
        if let Some(Counters { user_ns, system_ns }) = sample.counters {
            let place = [&*sample.cell, &*sample.strategy, &*sample.arm];
            self.add(place, !sample.elapsed.is_empty(), user_ns, system_ns);
        }
        Ok(())
    }

    fn line(&mut self, _: &Path, line: Line) {
        if let Line::Sample(sample) = line {
            let place = [sample.cell.as_str(), &sample.strategy, &sample.arm];
            let [user, system] = ["user_ns", "system_ns"].map(|name| sample.copies.counter(name));
            self.add(place, !sample.copies.elapsed.is_empty(), user, system);
        }
    }
}

//! A run as reports need it: times and mean counters, a few bytes a sample.

use super::holding::visit_and_remark;
use super::series::Measurements;
use crate::record::{
    Counters, CountersOf, EndLine, Line, ReadError, RunLine, SkipLine, TimedSample, Visitor,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One run.
#[derive(Clone, Debug)]
pub struct Digest {
    /// Its first line.
    pub run: RunLine,
    /// Its cells and times.
    pub all: Measurements,
    /// Skips in the order of the file.
    pub skips: Vec<SkipLine>,
    /// Totals; missing where the run was cut short.
    pub end: Option<EndLine>,
    /// Number of sample lines.
    pub samples: usize,
    /// Times of every single copy, where they were asked for.
    pub raw: Vec<RawTimes>,
    sums: BTreeMap<String, BTreeMap<String, Sums>>,
}

/// The copies of one sample.
#[derive(Clone, Debug)]
pub struct RawTimes {
    /// Id of the cell.
    pub cell: String,
    /// Name of the strategy.
    pub strategy: String,
    /// In the unit of the run's clock.
    pub elapsed: Vec<u64>,
}

/// By name of the counter, sum and number of values.
type Sums = BTreeMap<String, (u64, u64)>;

/// Digests of all runs of some files.
#[derive(Clone, Debug, Default)]
pub struct Digests {
    /// In the order of files and lines.
    pub runs: Vec<Digest>,
    /// Truncated last lines, files that hold nothing, runs without an end.
    pub warnings: Vec<String>,
    raw: bool,
}

impl Digests {
    /// Reads record files; with `raw` the time of every copy is kept.
    ///
    /// # Errors
    /// See [`ReadError`]; a truncated last line is a warning only.
    pub fn read_files(paths: &[PathBuf], raw: bool) -> Result<Self, ReadError> {
        let mut digests = Self { raw, ..Self::default() };
        digests.warnings = visit_and_remark(&mut None, paths, &mut digests)?;
        digests.runs.iter_mut().for_each(|digest| digest.all.sort());
        Ok(digests)
    }
}

impl Visitor for Digests {
    fn sample(&mut self, text: &[u8]) -> serde_json::Result<()> {
        let sample = TimedSample::parse(text)?;
        if let Some(digest) = self.runs.last_mut() {
            digest.take_sample(&sample, self.raw);
        }
        Ok(())
    }

    fn line(&mut self, _: &Path, line: Line) {
        match (line, self.runs.last_mut()) {
            (Line::Run(run), _) => self.runs.push(Digest::begin(run)),
            (line, Some(digest)) => digest.take(line, self.raw),
            (_, None) => {}
        }
    }
}

impl Digest {
    /// Of a run in memory.
    #[must_use]
    pub fn of(run: &crate::record::Run) -> Self {
        let mut digest = Self::begin(run.run.clone());
        digest.all.cells.clone_from(&run.cells);
        digest.skips.clone_from(&run.skips);
        digest.end.clone_from(&run.end);
        for sample in &run.samples {
            digest.take_sample(&TimedSample::from(sample), false);
        }
        digest.all.sort();
        digest
    }

    /// Means over the samples of a strategy in a cell that have the counter.
    #[must_use]
    pub fn counters(&self, cell: &str, strategy: &str) -> Option<Counters> {
        let sums = self.sums.get(cell)?.get(strategy)?;
        let mean = |(name, (sum, count)): (&String, &(u64, u64))| (name.clone(), (sum + count / 2) / count);
        Some(sums.iter().map(mean).collect())
    }

    fn begin(run: RunLine) -> Self {
        let mut all = Measurements::default();
        all.take(&Line::Run(run.clone()));
        Self { run, all, skips: Vec::new(), end: None, samples: 0, raw: Vec::new(), sums: BTreeMap::new() }
    }

    fn take(&mut self, line: Line, raw: bool) {
        match line {
            Line::Cell(_) => self.all.take(&line),
            Line::Sample(sample) => self.take_sample(&TimedSample::from(&sample), raw),
            Line::Skip(skip) => self.skips.push(skip),
            Line::End(end) => self.end = Some(end),
            Line::Answer(_) => self.all.take(&line),
            Line::Run(_) | Line::Out(_) => {}
        }
    }

    fn take_sample(&mut self, sample: &TimedSample<'_, CountersOf<'_>>, raw: bool) {
        self.samples += 1;
        self.all.take_sample(sample);
        let of_cell = entry(&mut self.sums, &sample.cell);
        let sums = entry(of_cell, &sample.strategy);
        for (name, value) in sample.counters.iter().flatten() {
            let (sum, count) = entry(sums, name);
            *sum += value;
            *count += 1;
        }
        if raw && !sample.elapsed.is_empty() {
            self.raw.push(RawTimes {
                cell: sample.cell.clone().into_owned(),
                strategy: sample.strategy.clone().into_owned(),
                elapsed: sample.elapsed.to_vec(),
            });
        }
    }
}

/// The entry of a key, which is copied only where it is new: this is the path of a million samples.
fn entry<'a, T: Default>(map: &'a mut BTreeMap<String, T>, key: &str) -> &'a mut T {
    if map.contains_key(key) {
        map.get_mut(key).unwrap_or_else(|| unreachable!("the key was just found"))
    } else {
        map.entry(key.to_owned()).or_default()
    }
}

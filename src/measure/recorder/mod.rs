pub(super) mod interrupt;
pub(super) mod privacy;
pub(super) mod record_file;
pub(super) mod resume;
pub(super) mod skips;

use crate::fixture::SEED;
use crate::host;
use crate::record::{Clock, Commit, EndLine, Line, RunLine, SCHEMA, SampleLine, SkipLine, Writer};
use jiff::Timestamp;
use privacy::Hidden;
use record_file::RecordFile;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

/// Writes the lines of one run, each as soon as it is known.
#[derive(Debug)]
pub struct Recorder {
    writer: Option<Writer>,
    path: Option<PathBuf>,
    started: Instant,
    cpu: host::CpuTime,
    cell: Option<String>,
    hidden: Hidden,
    skips: Vec<SkipLine>,
    timed: u64,
}

impl Recorder {
    /// A recorder that keeps nothing, for runs that only check.
    pub fn nowhere() -> Self {
        Self {
            writer: None,
            path: None,
            started: Instant::now(),
            cpu: host::cpu_time(),
            cell: None,
            hidden: Hidden::default(),
            skips: Vec::new(),
            timed: 0,
        }
    }

    /// Begins a run in `file`.
    pub fn begin(file: RecordFile, run: RunLine) -> io::Result<Self> {
        let path = Some(file.path().to_owned());
        Ok(Self { path, ..Self::through(Writer::to(Box::new(file)), run)? })
    }

    /// Records through a writer, to which the run line goes first.
    pub fn through(mut writer: Writer, run: RunLine) -> io::Result<Self> {
        writer.write(&Line::Run(run))?;
        Ok(Self { writer: Some(writer), ..Self::nowhere() })
    }

    /// Goes on with a record that has its run line and so many samples and skips already.
    pub(crate) fn go_on(file: RecordFile, samples: u64, skips: u64) -> Self {
        let path = Some(file.path().to_owned());
        let writer = Writer::to(Box::new(file)).counting_from(samples, skips);
        Self { writer: Some(writer), path, ..Self::nowhere() }
    }

    /// With these paths of the machine named by their placeholders in the reasons of skips.
    pub fn hiding(self, from: &Path, to: &Path, source: Option<&Path>) -> Self {
        Self { hidden: Hidden::new(from, to, source), ..self }
    }

    /// Writes a sample, before it the cell where it is a new one.
    pub fn sample(&mut self, cell: &super::Cell, sample: SampleLine) -> io::Result<()> {
        self.cell(cell)?;
        self.timed += u64::from(!sample.copies.elapsed.is_empty());
        self.line(&Line::Sample(sample))
    }

    /// Writes a skip, before it the cell where it is a new one.
    pub fn skip(&mut self, cell: &super::Cell, skip: SkipLine) -> io::Result<()> {
        self.cell(cell)?;
        self.skips.push(skip.clone());
        let mut hidden = skip;
        hidden.refused.reason = self.hidden.in_text(&hidden.refused.reason);
        self.line(&Line::Skip(hidden))
    }

    /// Samples with times that this recorder was given.
    pub fn timed(&self) -> u64 {
        self.timed
    }

    /// What was skipped until now and why, a sentence each reason.
    pub fn skipped(&self) -> Vec<String> {
        skips::by_reason(&self.skips)
    }

    /// Writes what a race tells, before it the cell where it is a new one.
    pub fn race(&mut self, cell: &super::Cell, line: &Line) -> io::Result<()> {
        self.cell(cell)?;
        self.line(line)
    }

    pub fn end(mut self) -> io::Result<Option<PathBuf>> {
        let Some(writer) = &self.writer else { return Ok(None) };
        let (samples, skips) = writer.written();
        let steal = host::cpu_time().steal_since(self.cpu);
        let wall_seconds = (self.started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        self.line(&Line::End(EndLine { samples, skips, wall_seconds, steal, notes: Vec::new() }))?;
        Ok(self.path)
    }

    fn cell(&mut self, cell: &super::Cell) -> io::Result<()> {
        let id = cell.id();
        if self.cell.as_ref() == Some(&id) {
            return Ok(());
        }
        self.line(&Line::Cell(cell.line()))?;
        self.cell = Some(id);
        Ok(())
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), |writer| writer.write(line))
    }
}

/// The first line of a run that measures between these directories, with all observers. `argv` is
/// published, so it holds no path of the machine.
pub fn run_line(argv: &[String], from: &Path, to: &Path, order_seed: u64) -> RunLine {
    let now = now(SystemTime::now());
    RunLine {
        schema: SCHEMA.to_owned(),
        id: format!("{}-{}", now.strftime("%Y%m%dT%H%M%S%3fZ"), std::process::id()),
        started: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        clock: Clock::Wall,
        argv: argv.to_vec(),
        commit: commit(),
        host: host::host_line(from, to),
        seed: SEED,
        order_seed,
        observers: BTreeMap::new(),
        unconfirmed: None,
        against: None,
        guest: None,
        part: None,
    }
}

/// Commit that this executable was built from.
pub fn commit() -> Commit {
    Commit { sha: env!("COPYBENCH_COMMIT").to_owned(), dirty: env!("COPYBENCH_DIRTY") == "true" }
}

/// Where records go whose place nobody names; a repository of copybench ignores it.
pub const OWN_RECORDS: &str = "results/local";

/// `results/local/<date>-<label>/run.jsonl`, with a number where that exists.
pub fn default_record_path() -> PathBuf {
    unused_directory(Path::new(OWN_RECORDS), &host::label()).join("run.jsonl")
}

/// `<date>-<label>` below `parent`, with a number where that exists.
pub fn unused_directory(parent: &Path, label: &str) -> PathBuf {
    let day = now(SystemTime::now()).strftime("%Y-%m-%d").to_string();
    let name = format!("{day}-{label}");
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.clone())
        .chain(numbered)
        .map(|name| parent.join(name))
        .find(|path| !path.exists())
        .unwrap_or_else(|| parent.join(name))
}

/// A clock outside the years that dates have in records stands at their end: what is measured does not
/// depend on the date.
fn now(clock: SystemTime) -> Timestamp {
    let end = if clock < SystemTime::UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::try_from(clock).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_clock_is_a_date() {
        let year = |seconds: i64| {
            let distance = Duration::from_secs(seconds.unsigned_abs());
            let epoch = SystemTime::UNIX_EPOCH;
            let clock = if seconds < 0 { epoch - distance } else { epoch + distance };
            now(clock).strftime("%Y-%m-%d").to_string()
        };
        assert_eq!(year(-315_619_200), "1960-01-01");
        assert_eq!(year(254_000_000_000), "9999-12-30");
        assert_eq!(year(i64::MAX), "9999-12-30");
        assert_eq!(year(-1_000_000_000_000), "-9999-01-02");
    }
}

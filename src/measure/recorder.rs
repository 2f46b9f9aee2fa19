use crate::host;
use crate::record::{Clock, Commit, EndLine, Line, RunLine, SCHEMA, SampleLine, SkipLine, Writer};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

/// Writes the lines of one run, each as soon as it is known.
#[derive(Debug)]
pub struct Recorder {
    writer: Option<Writer>,
    started: Instant,
    cpu: host::CpuTime,
    cell: Option<String>,
}

impl Recorder {
    /// A recorder that keeps nothing, for runs that only check.
    #[must_use]
    pub fn nowhere() -> Self {
        Self { writer: None, started: Instant::now(), cpu: host::cpu_time(), cell: None }
    }

    /// Opens `path` and writes the run line.
    ///
    /// # Errors
    /// Those of opening and writing the file.
    pub fn begin(path: &Path, run: RunLine) -> io::Result<Self> {
        Self::through(Writer::open(path)?, run)
    }

    /// Records through a writer, to which the run line goes first.
    ///
    /// # Errors
    /// That of writing.
    pub fn through(mut writer: Writer, run: RunLine) -> io::Result<Self> {
        writer.write(&Line::Run(run))?;
        Ok(Self { writer: Some(writer), ..Self::nowhere() })
    }

    /// Opens a record that has its run line and so many samples and skips already.
    ///
    /// # Errors
    /// That of opening the file.
    pub(super) fn go_on(path: &Path, samples: u64, skips: u64) -> io::Result<Self> {
        let writer = Writer::open(path)?.counting_from(samples, skips);
        Ok(Self { writer: Some(writer), ..Self::nowhere() })
    }

    /// Writes a sample, before it the cell where it is a new one.
    ///
    /// # Errors
    /// That of writing.
    pub fn sample(&mut self, cell: &super::Cell, sample: SampleLine) -> io::Result<()> {
        self.cell(cell)?;
        self.line(&Line::Sample(sample))
    }

    /// Writes a skip, before it the cell where it is a new one.
    ///
    /// # Errors
    /// That of writing.
    pub fn skip(&mut self, cell: &super::Cell, skip: SkipLine) -> io::Result<()> {
        self.cell(cell)?;
        self.line(&Line::Skip(skip))
    }

    /// Writes the totals.
    ///
    /// # Errors
    /// That of writing.
    pub fn end(mut self) -> io::Result<Option<PathBuf>> {
        let Some(writer) = &self.writer else { return Ok(None) };
        let (samples, skips) = writer.written();
        let path = writer.path().to_owned();
        let steal = host::cpu_time().steal_since(self.cpu);
        let wall_seconds = (self.started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        self.line(&Line::End(EndLine { samples, skips, wall_seconds, steal, notes: Vec::new() }))?;
        Ok(Some(path))
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

/// The first line of a run that measures between these directories, with all observers.
#[must_use]
pub fn run_line(argv: &[String], from: &Path, to: &Path, seed: u64) -> RunLine {
    let now = now(SystemTime::now());
    RunLine {
        schema: SCHEMA.to_owned(),
        id: format!("{}-{}", now.strftime("%Y%m%dT%H%M%S%3fZ"), std::process::id()),
        started: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        clock: Clock::Wall,
        argv: argv.iter().map(|word| without_paths(word, from, to)).collect(),
        commit: commit(),
        host: host::host_line(from, to),
        seed,
        observers: BTreeMap::new(),
        against: None,
        guest: None,
    }
}

/// Commit that this executable was built from.
#[must_use]
pub fn commit() -> Commit {
    Commit { sha: env!("COPYBENCH_COMMIT").to_owned(), dirty: env!("COPYBENCH_DIRTY") == "true" }
}

/// Where records go whose place nobody names; a repository of copybench ignores it.
pub const OWN_RECORDS: &str = "results/local";

/// `results/local/<date>-<label>/run.jsonl`, with a number where that exists.
#[must_use]
pub fn default_record_path() -> PathBuf {
    unused_directory(Path::new(OWN_RECORDS), &host::label()).join("run.jsonl")
}

/// `<date>-<label>` below `parent`, with a number where that exists.
#[must_use]
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

/// A record may be published, so no path of the machine stands in it.
fn without_paths(word: &str, from: &Path, to: &Path) -> String {
    let (option, value) = word.split_once('=').map_or((None, word), |(option, value)| (Some(option), value));
    let path = Path::new(value);
    let hidden = if path == from {
        "DIR"
    } else if path == to {
        "TO"
    } else if value.starts_with(['/', '~', '.']) || (value.contains('/') && path.exists()) {
        "PATH"
    } else {
        return word.to_owned();
    };
    option.map_or_else(|| hidden.to_owned(), |option| format!("{option}={hidden}"))
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

    #[test]
    fn no_path_of_the_machine_is_kept() {
        let hide = |word| without_paths(word, Path::new("/mnt/x"), Path::new("/mnt/y"));
        assert_eq!(hide("/mnt/x"), "DIR");
        assert_eq!(hide("--to=/mnt/y"), "--to=TO");
        assert_eq!(hide("/home/somebody/file"), "PATH");
        assert_eq!(hide("../file"), "PATH");
        assert_eq!(hide("sparse/warm"), "sparse/warm");
        assert_eq!(hide("--size"), "--size");
    }
}

use super::Recorder;
use super::record_file::{RecordFile, RecordFileError};
use crate::analysis::Measurements;
use crate::record::{Line, RunLine, Visitor};
use std::io;
use std::path::{Path, PathBuf};

/// Why a record cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// It cannot be had, or is no record.
    #[error(transparent)]
    File(#[from] RecordFileError),
    #[error("writing the record {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} was written by another {what} ({there}, here {here}); name another with --out", path.display())]
    Other { path: PathBuf, what: &'static str, there: String, here: String },
}

/// What an unfinished record has, with the numbers of its lines.
#[derive(Default)]
struct Found {
    all: Measurements,
    samples: u64,
    skips: u64,
}

impl Visitor for Found {
    fn sample(&mut self, text: &[u8]) -> serde_json::Result<()> {
        self.all.sample(text)?;
        self.samples += 1;
        Ok(())
    }

    fn line(&mut self, _: &Path, line: Line) {
        self.samples += u64::from(matches!(line, Line::Sample(_)));
        self.skips += u64::from(matches!(line, Line::Skip(_)));
        self.all.take(&line);
    }
}

/// Opens the record at `path` for `run`: a new one, or one that an earlier start of the same run
/// left unfinished, whose samples are returned and whose seed of the order holds. Where it is neither,
/// it is left as it is.
pub fn begin_or_resume(
    path: &Path,
    run: RunLine,
    order_seed: Option<u64>,
) -> Result<(Recorder, Measurements), ResumeError> {
    let mut found = Found::default();
    let file = RecordFile::open(path, &mut found)?;
    let Found { mut all, samples, skips } = found;
    if let Some(before) = all.runs.last() {
        check(path, before, &run, order_seed)?;
        return Ok((Recorder::go_on(file, samples, skips), all));
    }
    all.take(&Line::Run(run.clone()));
    let io = |source| ResumeError::Io { path: path.to_owned(), source };
    Ok((Recorder::begin(file, run).map_err(io)?, all))
}

/// Begins a run in a new record, or one more in a record of the same clock. Where it is neither, it is left
/// as it is.
pub fn begin_or_add(path: &Path, run: RunLine) -> Result<Recorder, ResumeError> {
    let mut all = Measurements::default();
    let file = RecordFile::open(path, &mut all)?;
    if let Some(clock) = all.clock().filter(|clock| *clock != run.clock) {
        let (there, here) = (clock.name().to_owned(), run.clock.name().to_owned());
        return Err(ResumeError::Other { path: path.to_owned(), what: "clock", there, here });
    }
    let io = |source| ResumeError::Io { path: path.to_owned(), source };
    Recorder::begin(file, run).map_err(io)
}

fn check(path: &Path, before: &RunLine, run: &RunLine, order_seed: Option<u64>) -> Result<(), ResumeError> {
    let command = |run: &RunLine| run.argv.get(..2).unwrap_or(&run.argv).join(" ");
    let against = |run: &RunLine| {
        run.against.as_ref().map_or("no other build", |commit| commit.sha.as_str()).to_owned()
    };
    let facts = [
        ("command", command(before), command(run)),
        ("clock", before.clock.name().to_owned(), run.clock.name().to_owned()),
        ("host", before.host.hash.clone(), run.host.hash.clone()),
        ("build of copybench", build(before), build(run)),
        ("comparison", against(before), against(run)),
        ("seed", before.order_seed.to_string(), order_seed.unwrap_or(before.order_seed).to_string()),
    ];
    match facts.into_iter().find(|(_, there, here)| there != here) {
        None => Ok(()),
        Some((what, there, here)) => Err(ResumeError::Other { path: path.to_owned(), what, there, here }),
    }
}

fn build(run: &RunLine) -> String {
    format!("{}{}", run.commit.sha, if run.commit.dirty { " with changes" } else { "" })
}

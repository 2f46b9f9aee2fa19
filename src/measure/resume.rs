use super::recorder::Recorder;
use crate::analysis::Measurements;
use crate::record::{Line, ReadError, RunLine, Take, visit_files};
use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Why a record cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It cannot be written.
    #[error("going on with the record {}: {source}", path.display())]
    Io {
        /// The record.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It was written under other conditions.
    #[error("{} was written by another {what} ({there}, here {here}); name another file with --out", path.display())]
    Other {
        /// The record.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// In the record.
        there: String,
        /// Now.
        here: String,
    },
}

/// What an unfinished record has, with the numbers of its lines.
#[derive(Default)]
struct Found {
    all: Measurements,
    samples: u64,
    skips: u64,
}

impl Take for Found {
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
/// left unfinished, whose samples are returned and whose seed of the order holds.
///
/// # Errors
/// See [`ResumeError`].
pub fn begin_or_resume(
    path: &Path,
    run: RunLine,
    order_seed: Option<u64>,
) -> Result<(Recorder, Measurements), ResumeError> {
    let io = |source| ResumeError::Io { path: path.to_owned(), source };
    if path.metadata().map_or(0, |meta| meta.len()) == 0 {
        let mut all = Measurements::default();
        all.take(&Line::Run(run.clone()));
        return Ok((Recorder::begin(path, run).map_err(io)?, all));
    }
    cut_partial_line(path).map_err(io)?;
    let mut found = Found::default();
    visit_files(&mut None, &[path.to_owned()], &mut found)?;
    let Found { all, samples, skips } = found;
    let Some(before) = all.runs.last() else { return Ok((Recorder::begin(path, run).map_err(io)?, all)) };
    let other = |what, there: &str, here: &str| {
        Err(ResumeError::Other {
            path: path.to_owned(),
            what,
            there: there.to_owned(),
            here: here.to_owned(),
        })
    };
    if before.host.hash != run.host.hash {
        return other("host", &before.host.hash, &run.host.hash);
    }
    if before.commit != run.commit {
        return other("build of copybench", &before.commit.sha, &run.commit.sha);
    }
    if before.schema != run.schema {
        return other("schema", &before.schema, &run.schema);
    }
    if let Some(seed) = order_seed.filter(|seed| *seed != before.order_seed) {
        return other("seed", &before.order_seed.to_string(), &seed.to_string());
    }
    Ok((Recorder::go_on(path, samples, skips).map_err(io)?, all))
}

/// A killed run may leave half a line, which must not stand in the middle of the file.
fn cut_partial_line(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut end = file.seek(SeekFrom::End(0))?;
    let mut byte = [0];
    while end > 0 {
        file.seek(SeekFrom::Start(end - 1))?;
        file.read_exact(&mut byte)?;
        if byte == *b"\n" {
            break;
        }
        end -= 1;
    }
    file.set_len(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_is_cut_and_whole_ones_stay() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (before, after) in [("a\nb\n{\"t\"", "a\nb\n"), ("a\n", "a\n"), ("half", ""), ("", "")] {
            std::fs::write(file.path(), before).unwrap();
            cut_partial_line(file.path()).unwrap();
            assert_eq!(std::fs::read_to_string(file.path()).unwrap(), after);
        }
    }
}

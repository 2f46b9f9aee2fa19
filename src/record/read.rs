use super::{CellLine, Clock, EndLine, Line, RunLine, SCHEMA, SampleLine, SkipLine};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Why a record cannot be used. Every variant names the file, and the line where there is one.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("reading {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is not of this schema.
    #[error("{}:{line}: not a record line: {message}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// A line was written by a schema of another major version.
    #[error("{}:{line}: schema {found}, but this copybench reads {SCHEMA}; use the copybench that wrote it", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// The version that was found.
        found: String,
    },
    /// A cell, sample or skip stands before any run line.
    #[error("{}:{line}: a line before the first run line", path.display())]
    NoRun {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
    /// Runs of two clocks were given together.
    #[error("{}: its clock is {}, that of the runs before it {}; times of different clocks are never compared", path.display(), found.name(), expected.name())]
    MixedClocks {
        /// The file.
        path: PathBuf,
        /// Clock of the earlier runs.
        expected: Clock,
        /// Clock of this one.
        found: Clock,
    },
}

/// One run with all its lines.
#[derive(Clone, Debug)]
pub struct Run {
    /// The file it was read from.
    pub path: PathBuf,
    /// Its first line.
    pub run: RunLine,
    /// Cells by id.
    pub cells: BTreeMap<String, CellLine>,
    /// Samples in the order of the file.
    pub samples: Vec<SampleLine>,
    /// Skips in the order of the file.
    pub skips: Vec<SkipLine>,
    /// Totals; missing where the run was cut short.
    pub end: Option<EndLine>,
}

/// What was read, with remarks that a user should see.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// Runs in the order of files and lines.
    pub runs: Vec<Run>,
    /// Truncated last lines.
    pub warnings: Vec<String>,
}

/// Reads record files.
///
/// # Errors
/// See [`ReadError`]; a truncated last line is a warning only.
pub fn read_files(paths: &[PathBuf]) -> Result<Read, ReadError> {
    let mut all = Read::default();
    for path in paths {
        let text =
            std::fs::read_to_string(path).map_err(|source| ReadError::Io { path: path.clone(), source })?;
        let one = read_text(path, &text)?;
        all.runs.extend(one.runs);
        all.warnings.extend(one.warnings);
    }
    if let Some(first) = all.runs.first() {
        let expected = first.run.clock;
        if let Some(other) = all.runs.iter().find(|run| run.run.clock != expected) {
            return Err(ReadError::MixedClocks {
                path: other.path.clone(),
                expected,
                found: other.run.clock,
            });
        }
    }
    Ok(all)
}

/// Reads the text of one record file, whose name is only used in messages.
///
/// # Errors
/// See [`ReadError`]; a truncated last line is a warning only.
pub fn read_text(path: &Path, text: &str) -> Result<Read, ReadError> {
    let mut read = Read::default();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, raw)) = lines.next() {
        if raw.trim().is_empty() {
            continue;
        }
        let line = index + 1;
        let at = || path.to_owned();
        let parsed = match serde_json::from_str::<Line>(raw) {
            Ok(parsed) => parsed,
            Err(error) if error.is_eof() && lines.peek().is_none() && !text.ends_with('\n') => {
                read.warnings.push(format!(
                    "{}:{line}: the last line is cut short, as after a killed run; left out",
                    path.display()
                ));
                break;
            }
            Err(error) => {
                return Err(foreign_schema(path, line, raw).unwrap_or(ReadError::Line {
                    path: at(),
                    line,
                    message: error.to_string(),
                }));
            }
        };
        match parsed {
            Line::Run(run) => {
                if !is_compatible(&run.schema) {
                    return Err(ReadError::Schema { path: at(), line, found: run.schema });
                }
                read.runs.push(Run {
                    path: at(),
                    run,
                    cells: BTreeMap::new(),
                    samples: Vec::new(),
                    skips: Vec::new(),
                    end: None,
                });
            }
            other => {
                let run = read.runs.last_mut().ok_or_else(|| ReadError::NoRun { path: at(), line })?;
                run.take(other);
            }
        }
    }
    Ok(read)
}

impl Run {
    fn take(&mut self, line: Line) {
        match line {
            Line::Cell(cell) => {
                self.cells.insert(cell.cell.clone(), cell);
            }
            Line::Sample(sample) => self.samples.push(sample),
            Line::Skip(skip) => self.skips.push(skip),
            Line::End(end) => self.end = Some(end),
            Line::Run(_) => {}
        }
    }
}

fn is_compatible(schema: &str) -> bool {
    let major = |text: &str| text.split('.').next().map(str::to_owned);
    major(schema) == major(SCHEMA)
}

/// A line that does not parse may be of a newer schema, which is the better message.
fn foreign_schema(path: &Path, line: usize, raw: &str) -> Option<ReadError> {
    let value: serde_json::Value = serde_json::from_str(raw).ok()?;
    let found = value.get("schema")?.as_str()?.to_owned();
    (!is_compatible(&found)).then(|| ReadError::Schema { path: path.to_owned(), line, found })
}

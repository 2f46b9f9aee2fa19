use super::{Clock, Line, SCHEMA, major, shown_in_json};
use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

/// Why a record cannot be used. Every variant names the file, and the line where there is one.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("reading {}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}:{line}: not a record line: {message}", path.display())]
    Line { path: PathBuf, line: usize, message: String },
    #[error("{}:{line}: schema {found}, but this copybench reads {SCHEMA}; use the copybench that wrote it", path.display())]
    Schema { path: PathBuf, line: usize, found: String },
    #[error("{}:{line}: the line is longer than {} MiB, the most that is read", path.display(), LONGEST >> 20)]
    TooLong { path: PathBuf, line: usize },
    #[error("{}:{line}: a line before the first run line", path.display())]
    NoRun { path: PathBuf, line: usize },
    #[error("{}:{line}: its clock is {}, that of the runs before it {}; times of different clocks are never compared", path.display(), found.name(), expected.name())]
    MixedClocks { path: PathBuf, line: usize, expected: Clock, found: Clock },
}

/// Who is given the lines of records, one after the other.
pub trait Visitor {
    /// Takes the text of a sample, nearly all lines of a record, parsed as far as it is needed. Errors:
    /// what the parser says; the line is then parsed as any other, and nothing was taken.
    fn sample(&mut self, text: &[u8]) -> serde_json::Result<()>;

    /// Takes a line of the file `path`.
    fn line(&mut self, path: &Path, line: Line);
}

/// Gives every line of record files to `take`, in order, without keeping any: a million samples
/// need no more memory than one. `clock` is that of runs which were read before, if any, and becomes
/// that of these. Returns remarks that a user should see: truncated last lines.
pub fn visit_files(
    clock: &mut Option<Clock>,
    paths: &[PathBuf],
    take: &mut impl Visitor,
) -> Result<Vec<String>, ReadError> {
    let mut remarks = Vec::new();
    for path in paths {
        let input = open(path).map_err(|source| ReadError::Io { path: path.clone(), source })?;
        remarks.extend(visit(path, input, clock, take)?);
    }
    Ok(remarks)
}

/// Whether a file has the name of a record, and its first line is not of something else.
#[must_use]
pub fn is_record(path: &Path) -> bool {
    #[derive(Deserialize)]
    struct Other {
        #[serde(default)]
        t: Option<IgnoredAny>,
    }
    let name = path.to_string_lossy();
    let is_other = |mut input: Box<dyn BufRead>| {
        let mut first = Vec::new();
        let _ = (&mut input).take(LONGEST_FIRST).read_until(b'\n', &mut first);
        serde_json::from_slice::<Other>(&first).is_ok_and(|line| line.t.is_none())
    };
    // What cannot be read is told by who reads it.
    (name.ends_with(".jsonl") || name.ends_with(COMPRESSED)) && !open(path).is_ok_and(is_other)
}

/// Most bytes of a line; those of this program have a few hundred.
const LONGEST: u64 = 16 << 20;

/// Most bytes that are looked at.
const LONGEST_FIRST: u64 = 1 << 20;
const COMPRESSED: &str = ".jsonl.gz";

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let file = File::open(path)?;
    let size = 1 << 17;
    Ok(if path.to_string_lossy().ends_with(COMPRESSED) {
        Box::new(BufReader::with_capacity(size, MultiGzDecoder::new(BufReader::new(file))))
    } else {
        Box::new(BufReader::with_capacity(size, file))
    })
}

/// Gives every line of one record to `take`, with its strings as text that only shows; `path` is only
/// used in messages. `clock` is that of the
/// runs before, if any. Returns a remark on a last line that is cut short.
pub fn visit(
    path: &Path,
    mut input: impl BufRead,
    clock: &mut Option<Clock>,
    take: &mut impl Visitor,
) -> Result<Option<String>, ReadError> {
    let mut raw = Vec::new();
    let mut line = 0;
    let mut inside_a_run = false;
    loop {
        raw.clear();
        let length = input
            .by_ref()
            .take(LONGEST + 1)
            .read_until(b'\n', &mut raw)
            .map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
        if length == 0 {
            return Ok(None);
        }
        line += 1;
        if length as u64 > LONGEST {
            return Err(ReadError::TooLong { path: path.to_owned(), line });
        }
        let text = shown_in_json(&raw);
        // The way around `Line`: serde finds its tag by a detour that takes longer than the parsing.
        if inside_a_run && raw.starts_with(br#"{"t":"sample","#) && take.sample(&text).is_ok() {
            continue;
        }
        if text.trim_ascii().is_empty() {
            continue;
        }
        let parsed: Line = match serde_json::from_slice(&text) {
            Ok(parsed) => parsed,
            Err(error) if !raw.ends_with(b"\n") && is_cut(&raw, &error) => {
                return Ok(Some(format!(
                    "{}:{line}: the last line is cut short, as after a killed run; left out",
                    path.display()
                )));
            }
            Err(error) => {
                return Err(foreign_schema(path, line, &text).unwrap_or(ReadError::Line {
                    path: path.to_owned(),
                    line,
                    message: error.to_string(),
                }));
            }
        };
        if let Line::Run(run) = &parsed {
            if !is_compatible(&run.schema) {
                return Err(ReadError::Schema { path: path.to_owned(), line, found: run.schema.clone() });
            }
            let expected = *clock.get_or_insert(run.clock);
            if run.clock != expected {
                return Err(ReadError::MixedClocks {
                    path: path.to_owned(),
                    line,
                    expected,
                    found: run.clock,
                });
            }
            inside_a_run = true;
        } else if !inside_a_run {
            return Err(ReadError::NoRun { path: path.to_owned(), line });
        }
        take.line(path, parsed);
    }
}

/// Whether a text that does not parse ends too early, be it inside a character.
pub fn is_cut(raw: &[u8], error: &serde_json::Error) -> bool {
    error.is_eof() || std::str::from_utf8(raw).is_err_and(|error| error.error_len().is_none())
}

fn is_compatible(schema: &str) -> bool {
    matches!(major(schema), "1" | "2")
}

/// A line that does not parse may be of a newer schema, which is the better message.
fn foreign_schema(path: &Path, line: usize, raw: &[u8]) -> Option<ReadError> {
    let value: serde_json::Value = serde_json::from_slice(raw).ok()?;
    let found = value.get("schema")?.as_str()?.to_owned();
    (!is_compatible(&found)).then(|| ReadError::Schema { path: path.to_owned(), line, found })
}

#[cfg(test)]
mod tests;

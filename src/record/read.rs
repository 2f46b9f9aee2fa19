use super::lines::visit;
use super::{CellLine, EndLine, Line, ReadError, RunLine, SampleLine, SkipLine, Visitor, visit_files};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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

/// Reads record files whole; [`visit_files`] takes less memory.
pub fn read_files(paths: &[PathBuf]) -> Result<Read, ReadError> {
    let mut read = Read::default();
    read.warnings = visit_files(&mut None, paths, &mut read)?;
    Ok(read)
}

/// Reads the text of one record file, whose name is only used in messages.
pub fn read_text(path: &Path, text: &str) -> Result<Read, ReadError> {
    let mut read = Read::default();
    let warning = visit(path, text.as_bytes(), &mut None, &mut read)?;
    read.warnings.extend(warning);
    Ok(read)
}

impl Visitor for Read {
    fn sample(&mut self, text: &[u8]) -> serde_json::Result<()> {
        let sample = serde_json::from_slice(text)?;
        if let Some(run) = self.runs.last_mut() {
            run.samples.push(sample);
        }
        Ok(())
    }

    fn line(&mut self, path: &Path, line: Line) {
        if let Line::Run(run) = line {
            self.runs.push(Run {
                path: path.to_owned(),
                run,
                cells: BTreeMap::new(),
                samples: Vec::new(),
                skips: Vec::new(),
                end: None,
            });
        } else if let Some(run) = self.runs.last_mut() {
            run.take(line);
        }
    }
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
            Line::Run(_) | Line::Out(_) | Line::Answer(_) => {}
        }
    }
}

use super::Line;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Appends lines to a record file, each in one `write(2)`, so that a killed run leaves whole
/// lines behind.
pub struct Writer {
    output: Box<dyn Write + Send>,
    path: PathBuf,
    samples: u64,
    skips: u64,
}

impl Writer {
    /// Opens `path` for appending; makes it and its directories where they are missing.
    ///
    /// # Errors
    /// Those of making the directories and of opening the file.
    pub fn open(path: &Path) -> io::Result<Self> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        Ok(Self { path: path.to_owned(), ..Self::to(Box::new(file)) })
    }

    /// Writes to something else than a file, which takes a whole line in one call.
    #[must_use]
    pub fn to(output: Box<dyn Write + Send>) -> Self {
        Self { output, path: PathBuf::new(), samples: 0, skips: 0 }
    }

    /// With so many sample and skip lines in the file already.
    #[must_use]
    pub fn counting_from(self, samples: u64, skips: u64) -> Self {
        Self { samples, skips, ..self }
    }

    /// Appends one line.
    ///
    /// # Errors
    /// Those of writing to the file.
    pub fn write(&mut self, line: &Line) -> io::Result<()> {
        match line {
            Line::Sample(_) => self.samples += 1,
            Line::Skip(_) => self.skips += 1,
            Line::Run(_) | Line::Cell(_) | Line::Out(_) | Line::Answer(_) | Line::End(_) => {}
        }
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.output.write_all(&text)
    }

    /// Numbers of sample and skip lines written so far.
    #[must_use]
    pub fn written(&self) -> (u64, u64) {
        (self.samples, self.skips)
    }

    /// Where the record is; empty where it is no file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Writer").field("path", &self.path).finish_non_exhaustive()
    }
}

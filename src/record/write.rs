use super::Line;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Appends lines to a record file, each in one `write(2)`, so that a killed run leaves whole
/// lines behind.
#[derive(Debug)]
pub struct Writer {
    file: File,
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
        Ok(Self { file, path: path.to_owned(), samples: 0, skips: 0 })
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
            Line::Run(_) | Line::Cell(_) | Line::End(_) => {}
        }
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file.write_all(&text)
    }

    /// Numbers of sample and skip lines written so far.
    #[must_use]
    pub fn written(&self) -> (u64, u64) {
        (self.samples, self.skips)
    }

    /// Where the record is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

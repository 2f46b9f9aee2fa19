use super::Line;
use std::fmt;
use std::io::{self, Write};

/// Appends lines to a record, each in one `write(2)`, so that a killed run leaves whole lines
/// behind.
pub struct Writer {
    output: Box<dyn Write + Send>,
    samples: u64,
    skips: u64,
}

impl Writer {
    /// Writes to what takes a whole line in one call.
    pub fn to(output: Box<dyn Write + Send>) -> Self {
        Self { output, samples: 0, skips: 0 }
    }

    /// With so many sample and skip lines in the file already.
    pub fn counting_from(self, samples: u64, skips: u64) -> Self {
        Self { samples, skips, ..self }
    }

    /// Appends one line.
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
    pub fn written(&self) -> (u64, u64) {
        (self.samples, self.skips)
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Writer").field("samples", &self.samples).finish_non_exhaustive()
    }
}

use anyhow::Context;
use rustix::termios::{OptionalActions, tcdrain, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// A serial port that passes bytes on unchanged; flushing waits until all have left.
pub(super) struct Port {
    file: File,
}

impl Port {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let act = || format!("opening {}", path.display());
        let file = OpenOptions::new().read(true).write(true).open(path).with_context(act)?;
        let mut settings = tcgetattr(&file).with_context(act)?;
        settings.make_raw();
        tcsetattr(&file, OptionalActions::Now, &settings).with_context(act)?;
        Ok(Self { file })
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        tcdrain(&self.file).map_err(io::Error::from)
    }
}

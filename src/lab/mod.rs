//! The statements of a course text about memory mapping, W1 to W14, each tried on this kernel.
//!
//! What may end a process happens in a child: this executable again, as
//! `copybench lab-child NAME ..` (see [`child()`]). All files are in a private directory that is
//! removed on every exit.

mod child;
mod command;
mod copy;
mod names;
mod notes;
mod page;
mod peer;
mod protocol;
mod race;
mod run;
mod statement;
mod statements;

pub use child::child;
pub use command::CHILD;
pub use notes::StatementVerdict;
pub use race::race;
pub use run::run;
pub use statement::Statement;
pub use statements::STATEMENTS;

use anyhow::Context;
use peer::Peer;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// Name of the file of the exercises, in the lab's directory.
const EXERCISE_FILE: &str = "lmfile";

/// Length of that file: a hole of 1 GiB.
const EXERCISE_LENGTH: u64 = 1 << 30;

#[derive(Clone, Debug)]
pub struct Summary {
    /// The verdict of each statement, in the order of [`STATEMENTS`].
    pub verdicts: Vec<(&'static str, StatementVerdict)>,
    /// How long all of it took.
    pub elapsed: Duration,
}

/// What an experiment may use.
#[derive(Debug)]
pub struct Lab<'directory> {
    /// Canonical path of the private directory, the working directory of every child.
    directory: &'directory Path,
}

impl Lab<'_> {
    /// A new or emptied file with this content, open for reading and writing.
    fn file(&self, name: &str, content: &[u8]) -> anyhow::Result<File> {
        let path = self.directory.join(name);
        let mut options = OpenOptions::new();
        let opened = options.read(true).write(true).create(true).truncate(true).open(&path);
        let mut file = opened.with_context(|| format!("create {}", path.display()))?;
        file.write_all(content).with_context(|| format!("write {}", path.display()))?;
        Ok(file)
    }

    /// A child process that maps on request.
    fn peer(&self) -> anyhow::Result<Peer> {
        Peer::start(self.directory)
    }
}

impl Summary {
    /// Number of statements that should hold and do not, or could not be tried.
    pub fn failures(&self) -> usize {
        self.verdicts.iter().filter(|(_, verdict)| verdict.is_failure()).count()
    }
}

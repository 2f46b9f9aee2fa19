use super::Fail;
use super::select::Directories;
use crate::lab::{self, race};
use crate::measure::clean_up_on_signals;
use anyhow::Context;
use clap::Args;
use std::io::stdout;

/// Try the statements of the workshop's text about memory mapping, live
#[derive(Debug, Args)]
pub(super) struct Lab {
    #[command(flatten)]
    directories: Directories,
}

/// A child process of the lab
#[derive(Debug, Args)]
pub(super) struct LabChild {
    #[arg(trailing_var_arg = true)]
    arguments: Vec<String>,
}

impl Lab {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let (place, _) = self.directories.places()?;
        clean_up_on_signals().context("installing the signal handlers")?;
        let summary = lab::run(&place, &mut stdout().lock(), race)?;
        match summary.failures() {
            0 => Ok(()),
            failures => {
                Err(Fail::Work(format!("{failures} statements do not hold or could not be tried")).into())
            }
        }
    }
}

impl LabChild {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        lab::child(&self.arguments)
    }
}

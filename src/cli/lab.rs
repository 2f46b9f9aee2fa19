use super::Fail;
use super::output::Output;
use crate::fixture::Place;
use crate::lab::{self, race};
use crate::measure::{Variables, advise};
use clap::Args;
use std::path::PathBuf;

/// Try the statements of the workshop's text about memory mapping, live
#[derive(Debug, Args)]
pub(super) struct Lab {
    /// Directory for the lab's files [env: COPYBENCH_DIR] [default: the current directory]
    #[arg(long, value_name = "D")]
    dir: Option<PathBuf>,
}

/// A child process of the lab
#[derive(Debug, Args)]
pub(super) struct LabChild {
    #[arg(trailing_var_arg = true)]
    arguments: Vec<String>,
}

impl Lab {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        advise(|| {
            "its files are removed; what stands above was seen, and the same command begins anew".to_owned()
        });
        let dir = self.dir.clone().or_else(|| Variables::from_environment().dir);
        let place = Place::new(&dir.unwrap_or_else(|| PathBuf::from(".")))?;
        let summary = lab::run(&place, &mut Output, race)?;
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

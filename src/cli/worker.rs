use crate::measure::{clean_up_on_signals, serve};
use clap::Args;
use std::io::{stdin, stdout};

/// Measure on request, one JSON line at a time over the standard streams
#[derive(Debug, Args)]
#[command(hide = true)]
pub(super) struct Worker {}

impl Worker {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        clean_up_on_signals()?;
        Ok(serve(stdin().lock(), stdout().lock())?)
    }
}

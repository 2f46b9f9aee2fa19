use super::output::Output;
use crate::measure::{clean_up_on_signals, serve};
use clap::Args;
use std::io::stdin;

/// Measure on request, one JSON line at a time over the standard streams
#[derive(Debug, Args)]
#[command(hide = true)]
pub(super) struct Worker {}

impl Worker {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        super::go_on_without(clean_up_on_signals());
        Ok(serve(stdin().lock(), Output)?)
    }
}

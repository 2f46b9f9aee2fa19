use super::{Cli, Command};
use crate::guest::Assignment;
use crate::guest::init::{self, Sender};
use anyhow::bail;
use clap::Parser;

/// Where this process is the first of a guest that this program made: does what the assignment say
/// and ends the guest.
pub fn live_as_init() {
    if init::is_init() {
        init::main(&obey);
    }
}

/// The commands that guests know; they send records instead of printing.
fn obey(assignment: &Assignment, records: Sender) -> anyhow::Result<()> {
    match Cli::try_parse_from(&assignment.argv)?.command {
        Command::Run(run) => run.run_in_guest(assignment, records),
        Command::Claims(claims) => claims.run_in_guest(assignment, records),
        _ => bail!("a guest does not know how to {}", assignment.argv.join(" ")),
    }
}

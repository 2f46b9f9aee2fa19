//! The command line: one file a subcommand, each parses, calls and prints.

mod arguments;
mod calibrate;
mod chart;
mod claims;
mod compare;
mod complete;
mod copy;
mod docs;
mod explain;
mod export;
mod fail;
mod guest;
mod history;
mod kernels;
mod lab;
mod list;
mod named;
mod output;
mod processor;
mod progress;
mod recommend;
mod report;
mod run;
mod select;
mod units;
mod worker;
mod written;

pub use fail::{Fail, describe, exit_code, is_broken_pipe};
pub use guest::live_as_init;
pub use output::tell;

use anyhow::Context;
use arguments::{argv, published_argv};
use clap::{CommandFactory, Parser, Subcommand};
use output::{go_on_without, print};

/// Which way of copying a file is fastest here, by how much, and why.
#[derive(Debug, Parser)]
#[command(name = "copybench", version = version(), max_term_width = 100, propagate_version = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Copy(copy::Copy),
    Run(Box<run::Run>),
    Compare(compare::Compare),
    Calibrate(calibrate::Calibrate),
    Recommend(recommend::Recommend),
    Kernels(Box<kernels::Kernels>),
    Explain(explain::Explain),
    #[command(name = crate::explain::CHILD, hide = true)]
    ExplainChild(explain::ExplainChild),
    Lab(lab::Lab),
    Claims(claims::Claims),
    #[command(name = crate::lab::CHILD, hide = true)]
    LabChild(lab::LabChild),
    Report(report::Report),
    History(history::Past),
    Export(export::Export),
    Chart(chart::Chart),
    Docs(docs::Docs),
    Worker(worker::Worker),
    Completions(complete::Completions),
}

/// Parses the arguments of the process and does what they say. Errors: whatever the subcommand reports;
/// [`exit_code`] tells what to exit with.
pub fn main() -> anyhow::Result<()> {
    // A file beyond the limit of file size is an error to report, not a death.
    crate::sys::file_size_signal::ignore().context("ignoring SIGXFSZ")?;
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) if error.use_stderr() => error.exit(),
        Err(help) => return Ok(output::printed(help.print())?),
    };
    arguments::understood_by(Cli::command);
    if !command.is_for_another() {
        crate::measure::check_environment()?;
        if !matches!(command, Command::Copy(_)) {
            go_on_without(crate::measure::clean_up_on_signals());
        }
    }
    if let Some(lines) = command.commands() {
        crate::strategy::define_commands(&lines)?;
    }
    match command {
        Command::List(list) => list.run(),
        Command::Copy(copy) => copy.run(),
        Command::Run(run) => run.run(),
        Command::Compare(compare) => compare.run(),
        Command::Calibrate(calibrate) => calibrate.run(),
        Command::Recommend(recommend) => recommend.run(),
        Command::Kernels(kernels) => kernels.run(),
        Command::Explain(explain) => explain.run(),
        Command::ExplainChild(child) => child.run(),
        Command::Lab(lab) => lab.run(),
        Command::Claims(claims) => claims.run(),
        Command::LabChild(child) => child.run(),
        Command::Report(report) => report.run(),
        Command::History(past) => past.run(),
        Command::Export(export) => export.run(),
        Command::Chart(chart) => chart.run(),
        Command::Docs(docs) => docs.run(&Cli::command()),
        Command::Worker(worker) => worker.run(),
        Command::Completions(completions) => completions.run(Cli::command()),
    }
}

impl Command {
    /// The user's commands, of which those that measure or list strategies know.
    fn commands(&self) -> Option<Vec<String>> {
        match self {
            Self::Run(run) if !run.commands().is_empty() => Some(run.commands()),
            Self::Run(_) | Self::List(_) | Self::Calibrate(_) | Self::Recommend(_) | Self::Worker(_) => {
                Some(crate::measure::Variables::from_environment().command_lines())
            }
            _ => None,
        }
    }

    /// Whether another process of ours started it, which has seen to signals and variables.
    fn is_for_another(&self) -> bool {
        matches!(self, Self::ExplainChild(_) | Self::LabChild(_) | Self::Worker(_))
    }
}

fn version() -> String {
    let commit = crate::measure::commit();
    let dirty = if commit.dirty { ", with changes" } else { "" };
    format!("{} (commit {}{dirty})", env!("CARGO_PKG_VERSION"), commit.sha)
}

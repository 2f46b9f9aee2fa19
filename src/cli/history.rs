use super::Fail;
use super::report::{measurements, nothing, records_below};
use super::units::margin;
use crate::analysis::Margin;
use crate::analysis::history::{Histories, History};
use crate::record::Clock;
use crate::report::{BASE, history, usual_margin};
use clap::Args;
use std::path::PathBuf;

/// Find lasting changes over many runs
///
/// A series is one strategy's time relative to the base strategy's in one cell, over all runs of one
/// machine. Changes are reported when the new level lasts; single bad runs are not.
#[derive(Debug, Args)]
pub(super) struct Past {
    /// The strategy that times are taken relative to
    #[arg(long, value_name = "S", default_value = BASE)]
    base: String,
    /// Equivalence margin: smaller changes are ignored [default: 2%; 0.2% for instructions]
    #[arg(long, value_name = "SHARE", value_parser = margin)]
    margin: Option<Margin>,
    /// Exit 1 where a strategy's last change made it slower
    #[arg(long)]
    gate: bool,
    /// Print the series as JSON
    #[arg(long)]
    json: bool,
    /// Record files, or directories with records below them, each file a run
    #[arg(value_name = "F.jsonl|DIR", required = true)]
    records: Vec<PathBuf>,
}

impl Past {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let found = of_files(&self.records, &self.base, self.margin)?;
        super::print(&if self.json {
            serde_json::to_string_pretty(&found)? + "\n"
        } else {
            history::text(&found)
        })?;
        if self.gate { pass(&found) } else { Ok(()) }
    }
}

/// The error that a change for the worse is, until a later one.
fn pass(found: &[History]) -> anyhow::Result<()> {
    let slower = |history: &&History| history.changes.last().is_some_and(|change| history.is_worse(change));
    let slower: Vec<String> = found
        .iter()
        .filter(slower)
        .map(|history| format!("{} in {}", history.strategy, history.cell))
        .collect();
    if slower.is_empty() {
        return Ok(());
    }
    Err(Fail::Work(format!("slower for good: {}", slower.join("; "))).into())
}

/// The series of record files, each a run.
pub(super) fn of_files(
    records: &[PathBuf],
    base: &str,
    margin: Option<Margin>,
) -> anyhow::Result<Vec<History>> {
    let mut histories = Histories::default();
    let mut clock: Option<Clock> = None;
    let mut is_empty = true;
    let mut usual = Margin::default();
    for path in records_below(records)? {
        let all = measurements(&[path])?;
        match (clock, all.clock()) {
            (Some(one), Some(other)) if one != other => {
                let clocks = format!("{} and {}", one.name(), other.name());
                return Err(Fail::Use(format!("mixed clocks: {clocks} have no unit in common")).into());
            }
            (None, Some(first)) => {
                clock = Some(first);
                usual = usual_margin(&all.runs);
            }
            _ => {}
        }
        is_empty &= all.is_empty();
        histories.add(&all, base);
    }
    if is_empty {
        return Err(nothing().into());
    }
    Ok(histories.changes(margin.unwrap_or(usual)))
}

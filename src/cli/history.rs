use super::Fail;
use super::report::{measurements, nothing, records_below};
use super::units::margin;
use crate::analysis::history::{History, histories};
use crate::analysis::{Margin, Measurements};
use crate::record::Clock;
use crate::report::{BASE, history, usual_margin};
use clap::Args;
use std::path::PathBuf;

/// Say what changed for good over many runs
///
/// The runs of one machine and cell are a series of each strategy's time relative to the base
/// strategy's, in which levels are looked for that last; machines that differ are series of their own.
#[derive(Debug, Args)]
pub(super) struct Past {
    /// The strategy that times are taken relative to
    #[arg(long, value_name = "S", default_value = BASE)]
    base: String,
    /// Changes inside it do not matter [default: 2%; 0.2% for instructions]
    #[arg(long, value_name = "SHARE", value_parser = margin)]
    margin: Option<Margin>,
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
        Ok(())
    }
}

/// The series of record files, each a run.
pub(super) fn of_files(
    records: &[PathBuf],
    base: &str,
    margin: Option<Margin>,
) -> anyhow::Result<Vec<History>> {
    let mut runs: Vec<Measurements> = Vec::new();
    for path in records_below(records)? {
        let all = measurements(&[path])?;
        let clocks = runs.iter().chain([&all]).filter_map(Measurements::clock);
        let mut clocks: Vec<_> = clocks.map(Clock::name).collect();
        clocks.dedup();
        if clocks.len() > 1 {
            let clocks = clocks.join(" and ");
            return Err(Fail::Use(format!("mixed clocks: {clocks} have no unit in common")).into());
        }
        runs.push(all);
    }
    if runs.iter().all(Measurements::is_empty) {
        return Err(nothing().into());
    }
    let usual = || usual_margin(runs.iter().flat_map(|all| &all.runs));
    Ok(histories(&runs, base, margin.unwrap_or_else(usual)))
}

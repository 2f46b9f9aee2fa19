use super::Fail;
use super::catalogue::families;
use crate::analysis::{Margin, Measurements};
use crate::record::read_files;
use crate::report::{BASE, MARGIN, chart, csv};
use clap::{Args, ValueEnum};
use std::io::{Write, stdout};
use std::path::PathBuf;

/// Print a record in another format
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The format
    #[arg(long)]
    format: Format,
    /// Add raw times (chart only)
    #[arg(long)]
    samples: bool,
    /// The strategy that ratios are taken against
    #[arg(long, value_name = "S", default_value = BASE)]
    base: String,
    /// Record files
    #[arg(value_name = "F.jsonl", required = true)]
    records: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A row a strategy and cell
    Csv,
    /// All that scripts/chart.py draws, as JSON
    Chart,
}

impl Export {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let margin =
            Margin::from_fraction(MARGIN).ok_or_else(|| Fail::Use("the margin is no fraction".to_owned()))?;
        let text = match self.format {
            Format::Csv => {
                let all = Measurements::read_files(&self.records)?;
                for warning in &all.warnings {
                    eprintln!("copybench: {warning}");
                }
                csv::csv(&all, margin)
            }
            Format::Chart => {
                let read = read_files(&self.records)?;
                let families = families();
                serde_json::to_string(&chart::chart(&read, &families, &self.base, margin, self.samples))?
                    + "\n"
            }
        };
        Ok(stdout().write_all(text.as_bytes())?)
    }
}

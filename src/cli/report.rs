use super::Fail;
use crate::analysis::{Margin, Measurements};
use crate::report::table::{self, Format};
use crate::report::{BASE, MARGIN};
use clap::{Args, ValueEnum};
use std::io::{Write, stdout};
use std::path::PathBuf;

/// Print what records say, a table a cell
#[derive(Debug, Args)]
pub(super) struct Report {
    /// How tables are written
    #[arg(long, default_value = "text")]
    format: Style,
    /// The strategy that ratios are taken against
    #[arg(long, value_name = "S", default_value = BASE)]
    base: String,
    /// Most rows a table
    #[arg(long, value_name = "N", default_value_t = usize::MAX, hide_default_value = true)]
    most: usize,
    /// Record files
    #[arg(value_name = "F.jsonl", required = true)]
    records: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Style {
    Text,
    Markdown,
}

impl Report {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let all = Measurements::read_files(&self.records)?;
        for warning in &all.warnings {
            eprintln!("copybench: {warning}");
        }
        let margin =
            Margin::from_fraction(MARGIN).ok_or_else(|| Fail::Use("the margin is no fraction".to_owned()))?;
        let format = match self.format {
            Style::Text => Format::Text,
            Style::Markdown => Format::Markdown,
        };
        let tables: Vec<String> = all
            .cells
            .values()
            .map(|cell| table::cell(&all, cell, &self.base, margin, format, self.most))
            .collect();
        if tables.is_empty() {
            return Err(Fail::Use("the records hold no cell".to_owned()).into());
        }
        Ok(stdout().write_all(tables.join("\n").as_bytes())?)
    }
}

use super::select::Directories;
use crate::measure::{Availability, availability};
use crate::strategy::{all, families};
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;

/// Show every strategy, its family, and whether it works here
#[derive(Debug, Args)]
pub(super) struct List {
    /// Print a JSON array
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    directories: Directories,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    family: &'static str,
    summary: &'static str,
    holes: &'static str,
    available: bool,
    reason: Option<String>,
}

impl List {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let (from, to) = self.directories.places()?;
        let tried = availability(&from, &to)?;
        let text = if self.json {
            serde_json::to_string_pretty(&rows(tried))? + "\n"
        } else {
            let between = if from.file_system() == to.file_system() {
                format!("on {}", from.file_system())
            } else {
                format!("from {} to {}", from.file_system(), to.file_system())
            };
            table(&rows(tried), &between)
        };
        Ok(super::print(&text)?)
    }
}

fn rows(tried: Vec<Availability>) -> Vec<Row> {
    let families = all().map(|(family, _)| family.name);
    tried
        .into_iter()
        .zip(families)
        .map(|(tried, family)| Row {
            name: tried.strategy.name,
            family,
            summary: tried.strategy.summary,
            holes: tried.strategy.holes.name(),
            available: tried.refusal.is_none(),
            reason: tried.refusal.map(|refused| refused.reason),
        })
        .collect()
}

fn table(rows: &[Row], between: &str) -> String {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for family in families() {
        let _ = writeln!(text, "{}: {}", family.name, family.summary);
        for row in rows.iter().filter(|row| row.family == family.name) {
            let _ = writeln!(text, "  {:width$}  {}", row.name, row.summary);
            if let Some(reason) = &row.reason {
                let _ = writeln!(text, "  {:width$}  NOT HERE: {reason}", "");
            }
        }
    }
    let available = rows.iter().filter(|row| row.available).count();
    let _ = writeln!(
        text,
        "\n{available} of {} strategies in {} families work {between}.",
        rows.len(),
        families().count()
    );
    text
}

use super::catalogue::families;
use super::report::{measurements, refuse_emulated};
use super::{Fail, history};
use crate::analysis::host::differences_of_runs;
use crate::analysis::{Digests, Margin};
use crate::claims::{self, ClaimLine};
use crate::record::Clock;
use crate::report::export::{Exported, FORMATS, otava_files};
use crate::report::{BASE, chart, usual_margin};
use anyhow::Context;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use serde_json::Value;
use std::path::{Path, PathBuf};

const CHART: &str = "chart";
const OTAVA: &str = "otava";

/// Print a record in another format
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The format
    #[arg(long, value_parser = formats())]
    format: String,
    /// Add raw times (chart only)
    #[arg(long)]
    samples: bool,
    /// Add what `claims --json` said (chart only)
    #[arg(long, value_name = "F.jsonl")]
    claims: Vec<PathBuf>,
    /// Directory for the files (otava only)
    #[arg(long, value_name = "DIR", required_if_eq("format", OTAVA))]
    out: Option<PathBuf>,
    /// The strategy that ratios are taken against
    #[arg(long, value_name = "S", default_value = BASE)]
    base: String,
    /// Record files; for otava, each a run
    #[arg(value_name = "F.jsonl", required = true)]
    records: Vec<PathBuf>,
}

fn formats() -> PossibleValuesParser {
    let own = [
        PossibleValue::new(CHART).help("all that scripts/chart.py draws, as JSON"),
        PossibleValue::new(OTAVA)
            .help("Apache Otava: otava.yaml and a CSV file a cell and machine, in --out"),
    ];
    let registered = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.summary));
    PossibleValuesParser::new(registered.chain(own))
}

impl Export {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let text = match (self.format.as_str(), &self.out) {
            (CHART, _) => self.chart()?,
            (OTAVA, Some(out)) => return self.otava(out),
            (name, _) => self.registered(name)?,
        };
        Ok(super::print(&text)?)
    }

    fn registered(&self, name: &str) -> anyhow::Result<String> {
        let format =
            FORMATS.iter().find(|format| format.name == name).context("a format without a writer")?;
        let all = measurements(&self.records)?;
        refuse_emulated(&all)?;
        // In these formats a strategy of a cell has one value, whatever machines it was measured on.
        if let Some(difference) = differences_of_runs(&all.runs, &[]).first() {
            return Err(Fail::Use(format!(
                "the records are of unlike hosts, which differ in {} ({:?} against {:?}); export those of each by \
                 themselves, or all with --format {CHART}",
                difference.field, difference.base, difference.new
            ))
            .into());
        }
        let margin = usual_margin(&all.runs);
        if format.seconds_only && all.clock() == Some(Clock::Instructions) {
            return Err(Fail::Use(format!(
                "{name} knows seconds only, and these records count instructions; use another format"
            ))
            .into());
        }
        Ok(format.write(Exported { all: &all, base: &self.base, margin })?)
    }

    fn chart(&self) -> anyhow::Result<String> {
        let read = Digests::read_files(&self.records, self.samples)?;
        let margin = Margin::from_fraction(crate::report::MARGIN).unwrap_or_default();
        let families = families();
        let mut lines: Vec<Value> = Vec::new();
        for path in &self.claims {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            for (number, line) in (1..).zip(text.lines()) {
                let mut claim: ClaimLine = serde_json::from_str(line).map_err(|error| {
                    Fail::Use(format!("{}:{number}: not a line of `claims --json`: {error}", path.display()))
                })?;
                if claim.statement.is_empty()
                    && let Some(known) = claims::all().find(|known| known.id == claim.id)
                {
                    known.statement.clone_into(&mut claim.statement);
                }
                lines.push(serde_json::to_value(claim)?);
            }
        }
        let data = chart::chart(&read, &families, &self.base, margin).with_claims(lines);
        Ok(serde_json::to_string(&data)? + "\n")
    }

    fn otava(&self, out: &Path) -> anyhow::Result<()> {
        let histories = history::of_files(&self.records, &self.base, None)?;
        std::fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
        for (name, text) in otava_files(&histories)? {
            let path = out.join(name);
            std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        }
        Ok(())
    }
}

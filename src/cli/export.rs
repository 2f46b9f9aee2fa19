use super::report::{measurements, nothing, records_below, refuse_empty, refuse_emulated, tell};
use super::{Fail, history};
use crate::analysis::host::differences_of_runs;
use crate::analysis::{Digests, Margin};
use crate::claims::{self, ClaimLine};
use crate::record::{Clock, shown_in_json};
use crate::report::export::{Exported, FORMATS, is_otava_file, otava_files};
use crate::report::{BASE, chart, usual_margin};
use anyhow::Context;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use serde_json::Value;
use std::fs::{File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const CHART: &str = "chart";
const OTAVA: &str = "otava";
/// Most bytes of what `claims --json` said: a few hundred lines.
const LONGEST_CLAIMS: u64 = 16 << 20;

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
    /// Record files, or directories with records below them; for otava, each file a run
    #[arg(value_name = "F.jsonl|DIR", required = true)]
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
        let all = measurements(&records_below(&self.records)?)?;
        refuse_empty(&all)?;
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
        let read = Digests::read_files(&records_below(&self.records)?, self.samples)?;
        if read.runs.iter().all(|digest| digest.all.is_empty()) && self.claims.is_empty() {
            // A page would say it itself.
            tell(&read.warnings);
            return Err(nothing().into());
        }
        let margin = Margin::from_fraction(crate::report::MARGIN).unwrap_or_default();
        let mut lines: Vec<Value> = Vec::new();
        for path in &self.claims {
            let mut text = String::new();
            File::open(path)
                .and_then(|file| file.take(LONGEST_CLAIMS + 1).read_to_string(&mut text))
                .with_context(|| format!("reading {}", path.display()))?;
            if text.len() as u64 > LONGEST_CLAIMS {
                let most = LONGEST_CLAIMS >> 20;
                let long = format!("{} is longer than {most} MiB, the most that is read", path.display());
                return Err(Fail::Use(long).into());
            }
            for (number, line) in (1..).zip(text.lines()) {
                let mut claim: ClaimLine =
                    serde_json::from_slice(&shown_in_json(line.as_bytes())).map_err(|error| {
                        Fail::Use(format!(
                            "{}:{number}: not a line of `claims --json`: {error}",
                            path.display()
                        ))
                    })?;
                if claim.statement.is_empty()
                    && let Some(known) = claims::all().find(|known| known.id == claim.id)
                {
                    known.statement.clone_into(&mut claim.statement);
                }
                lines.push(serde_json::to_value(claim)?);
            }
        }
        let data = chart::chart(&read, &self.base, margin).with_claims(lines);
        Ok(serde_json::to_string(&data)? + "\n")
    }

    fn otava(&self, out: &Path) -> anyhow::Result<()> {
        let histories = history::of_files(&self.records, &self.base, None)?;
        let files = otava_files(&histories)?;
        for (name, _) in &files {
            refuse_foreign(&out.join(name))?;
        }
        std::fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
        for (name, text) in files {
            let path = out.join(name);
            replace(&path, &text).with_context(|| format!("writing {}", path.display()))?;
        }
        Ok(())
    }
}

/// Refuses a file that no earlier export wrote.
fn refuse_foreign(path: &Path) -> anyhow::Result<()> {
    let foreign = |what: &str| {
        let text = format!("{} is {what}, which is not replaced; name another --out", path.display());
        Err(Fail::Use(text).into())
    };
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return foreign(&format!("not to be looked at ({error})")),
        Ok(there) if !there.is_file() => return foreign("no regular file"),
        Ok(_) => {}
    }
    match std::fs::read_to_string(path) {
        Ok(text) if is_otava_file(&text) => Ok(()),
        _ => foreign("no file of an earlier export"),
    }
}

/// Writes a file that is whole at every moment, and follows no link.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

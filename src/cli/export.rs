use super::report::{measurements, nothing, records_below, refuse_empty, refuse_emulated, tell};
use super::written::{refuse_foreign, replace};
use super::{Fail, history};
use crate::analysis::host::differences_of_runs;
use crate::analysis::processor_time::ProcessorTimes;
use crate::analysis::{Digests, Margin, Measurements};
use crate::claims::{self, ClaimLine};
use crate::record::{Clock, shown_in_json};
use crate::report::export::{
    Exported, FORMATS, Format, criterion_files, is_exported_benchmark, is_otava_file, otava_files,
};
use crate::report::{BASE, chart, usual_margin};
use anyhow::Context;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use globset::{Glob, GlobSet, GlobSetBuilder};
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

const CHART: &str = "chart";
const OTAVA: &str = "otava";
const CRITERION: &str = "criterion";
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
    /// Directory for the files (otava; criterion: files as in target/criterion, instead of lines)
    #[arg(long, value_name = "DIR", required_if_eq("format", OTAVA))]
    out: Option<PathBuf>,
    /// What critcmp and criterion call these files (criterion with --out only)
    #[arg(long, value_name = "NAME", default_value = "new", value_parser = baseline)]
    baseline: String,
    /// Write these strategies only: names or globs, separated by commas (neither chart nor otava)
    #[arg(long, value_name = "GLOB,..", value_delimiter = ',')]
    strategy: Vec<String>,
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
            (name, None) => self.registered(name, |exported, format| format.write(exported))?,
            (CRITERION, Some(out)) => {
                let files =
                    self.registered(CRITERION, |exported, _| criterion_files(exported, &self.baseline))?;
                return write_files(out, files, is_of_exported_benchmark);
            }
            (name, Some(_)) => {
                return Err(
                    Fail::Use(format!("{name} is one text, on standard output, and takes no --out")).into()
                );
            }
        };
        Ok(super::print(&text)?)
    }

    /// What `write` makes of the records for a format of the registry.
    fn registered<T: IsNothing>(
        &self,
        name: &str,
        write: impl Fn(Exported<'_>, &Format) -> serde_json::Result<T>,
    ) -> anyhow::Result<T> {
        let format =
            FORMATS.iter().find(|format| format.name == name).context("a format without a writer")?;
        let records = records_below(&self.records)?;
        let all = measurements(&records)?;
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
        if (format.seconds_only || self.out.is_some()) && all.clock() == Some(Clock::Instructions) {
            let what = "knows seconds only, and these records count instructions; use another format";
            return Err(Fail::Use(format!("{name} {what}")).into());
        }
        let processor = if format.processor_time {
            ProcessorTimes::read_files(&records)?
        } else {
            ProcessorTimes::default()
        };
        let written = write(
            Exported {
                all: &all,
                base: &self.base,
                margin: usual_margin(&all.runs),
                strategies: self.strategies(&all)?.as_ref(),
                processor: &processor,
            },
            format,
        )?;
        if written.is_nothing() {
            let what = "writes intervals, and each strategy has too few samples for one; measure more rounds";
            return Err(Fail::Use(format!("{name} {what}")).into());
        }
        Ok(written)
    }

    /// The strategies that were named. Errors: one that the records do not have.
    fn strategies(&self, all: &Measurements) -> anyhow::Result<Option<GlobSet>> {
        if self.strategy.is_empty() {
            return Ok(None);
        }
        let mut set = GlobSetBuilder::new();
        for pattern in &self.strategy {
            let unknown = || Fail::Use(format!("these records have no strategy {pattern:?}"));
            let glob = Glob::new(pattern).map_err(|_| unknown())?;
            let matcher = glob.compile_matcher();
            if !all.series.values().flatten().any(|(name, _)| matcher.is_match(name)) {
                return Err(unknown().into());
            }
            set.add(glob);
        }
        Ok(Some(set.build()?))
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
        let is_own = |path: &Path| std::fs::read_to_string(path).is_ok_and(|text| is_otava_file(&text));
        write_files(out, otava_files(&histories)?, is_own)
    }
}

/// Whether nothing at all is to be written.
trait IsNothing {
    fn is_nothing(&self) -> bool;
}

impl IsNothing for String {
    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl IsNothing for Vec<(String, String)> {
    fn is_nothing(&self) -> bool {
        self.is_empty()
    }
}

/// A name of criterion's, which is that of a directory.
fn baseline(name: &str) -> Result<String, String> {
    match name {
        "" | "." | ".." | "change" | "report" => Err("criterion has no baseline of that name".to_owned()),
        name if name.contains(['/', '\0']) => Err("it is the name of a directory, and holds no /".to_owned()),
        name => Ok(name.to_owned()),
    }
}

/// Writes files below a directory, by path and text, once none of them would replace what is not `is_own`.
fn write_files(
    out: &Path,
    files: Vec<(String, String)>,
    is_own: impl Fn(&Path) -> bool,
) -> anyhow::Result<()> {
    for (name, _) in &files {
        refuse_foreign(&out.join(name), "--out", &is_own)?;
    }
    for (name, text) in files {
        let path = out.join(name);
        let folder = path.parent().unwrap_or(out);
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        replace(&path, &text).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// Whether the `benchmark.json` beside a file says that an earlier export wrote both.
fn is_of_exported_benchmark(path: &Path) -> bool {
    std::fs::read_to_string(path.with_file_name("benchmark.json"))
        .is_ok_and(|text| is_exported_benchmark(&text))
}

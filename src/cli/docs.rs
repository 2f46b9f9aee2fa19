use super::Fail;
use super::catalogue::families;
use super::report::records_below;
use crate::analysis::{Digests, Margin, Measurements};
use crate::claims::{self, ClaimLine};
use crate::copier::CANDIDATES;
use crate::record::{read_files, schema_text};
use crate::report::calibration::Calibration;
use crate::report::repeats::{self, Repeats};
use crate::report::table::{self, Format};
use crate::report::{BASE, MARGIN, fastest, index, kernels, splice, usual_margin};
use anyhow::Context;
use clap::Args;
use std::fs::{read_dir, read_to_string, write};
use std::path::{Path, PathBuf};

/// Where series of comparisons are kept.
const COMPARISONS: &str = "results/comparisons";

/// Runs of all claims, one after the other.
const AGAIN: [&str; 3] = [
    "results/claims/again/zen4-2cpu-1.jsonl",
    "results/claims/again/zen4-2cpu-2.jsonl",
    "results/claims/zen4-2cpu.jsonl",
];

/// Rows of each table in the README; the page has them all.
const ROWS: usize = 8;

/// Write the generated parts of the repository's documents anew, or check that they are current
#[derive(Debug, Args)]
#[command(hide = true)]
pub(super) struct Docs {
    /// Change nothing; exit 1 where something is out of date
    #[arg(long)]
    check: bool,
    /// The repository
    #[arg(default_value = ".")]
    root: PathBuf,
}

impl Docs {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let mut stale = Vec::new();
        for (name, wanted) in documents(&self.root, self.check)? {
            let path = self.root.join(&name);
            if read_to_string(&path).ok().as_ref() == Some(&wanted) {
                continue;
            }
            if self.check {
                stale.push(name);
            } else {
                write(&path, wanted).with_context(|| format!("writing {}", path.display()))?;
            }
        }
        if stale.is_empty() {
            return Ok(());
        }
        Err(Fail::Work(format!("out of date: {}; `cargo run -- docs` writes them", stale.join(", "))).into())
    }
}

/// Every document with a generated part, as it should be. `listed`: made only of the runs that
/// results/README.md names already, since whoever measured has others beside them.
fn documents(root: &Path, listed: bool) -> anyhow::Result<Vec<(String, String)>> {
    let read = |name: &str| read_to_string(root.join(name)).with_context(|| format!("reading {name}"));
    let readme = read("README.md")?;
    let readme = splice::splice(&readme, "strategies", &index::catalogue(&families()))?;
    let readme = match splice::command(&readme, "result").map(str::to_owned) {
        Some(command) => splice::splice(&readme, "result", &result(root, &command)?)?,
        None => readme,
    };
    let lines = claim_lines(root, splice::command(&readme, "claims").unwrap_or_default())?;
    let readme = splice::splice(&readme, "claims", &claims::markdown(&lines))?;
    let mut findings = read("docs/findings.md")?;
    for claim in claims::all() {
        if splice::command(&findings, claim.id).is_some() {
            findings = splice::splice(&findings, claim.id, &claims::details(claim.id, &lines))?;
        }
    }
    let results = read("results/README.md")?;
    let folder = root.join("results");
    let mut records = records(&folder.join("runs"))?;
    records.retain(|path| {
        let name = path.strip_prefix(&folder).unwrap_or(path).display().to_string();
        !listed || results.contains(&format!("({name})"))
    });
    let runs = read_files(&records)?.runs;
    let results = splice::splice(&results, "runs", &index::runs(&runs, &folder))?;
    let kernels_page = read("docs/kernels.md")?;
    let kernels_page = match splice::command(&kernels_page, "tables").map(str::to_owned) {
        Some(command) => splice::splice(&kernels_page, "tables", &kernel_tables(root, &command)?)?,
        None => kernels_page,
    };
    let kernels_page = match splice::command(&kernels_page, "claims").map(str::to_owned) {
        Some(command) => {
            let turned = claims::turned(&claim_lines(root, &command)?);
            splice::splice(&kernels_page, "claims", &claims::over_kernels(&turned, Format::Markdown))?
        }
        None => kernels_page,
    };
    let method = read("METHOD.md")?;
    let method = splice::splice(&method, "calibrations", &repeats::calibrations(&calibrations(root)?))?;
    let series =
        |kind: &str| Ok::<_, anyhow::Error>(Repeats::parse(&read(&format!("{COMPARISONS}/{kind}.tsv"))?));
    let counted = repeats::comparisons(&series("compare")?, &series("gate")?);
    let method = splice::splice(&method, "comparisons", &counted)?;
    let method = splice::splice(&method, "readers", &claims::readers())?;
    let again = AGAIN.iter().map(|name| claim_lines(root, name)).collect::<anyhow::Result<Vec<_>>>()?;
    let method = splice::splice(&method, "agreement", &claims::agreement(&again))?;
    Ok(vec![
        ("METHOD.md".to_owned(), method),
        ("docs/kernels.md".to_owned(), kernels_page),
        ("README.md".to_owned(), readme),
        ("docs/findings.md".to_owned(), findings),
        ("results/README.md".to_owned(), results),
        ("results/schema.json".to_owned(), schema_text()),
        ("src/copier/fastest.rs".to_owned(), fastest::fastest(&runs, &families(), CANDIDATES)),
    ])
}

/// What `calibrate --json` said, by name.
fn calibrations(root: &Path) -> anyhow::Result<Vec<Calibration>> {
    let folder = root.join(COMPARISONS);
    let entries = read_dir(&folder).with_context(|| format!("listing {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let one = |path: PathBuf| {
        let text = read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("parsing {}", path.display()))
    };
    paths.into_iter().map(one).collect()
}

/// Strategy × kernel, from the directory that the marker's command names.
fn kernel_tables(root: &Path, command: &str) -> anyhow::Result<String> {
    let folder = command.split(' ').next_back().unwrap_or_default();
    let runs = Digests::read_files(&records_below(&[root.join(folder)])?, false)?.runs;
    let margin = usual_margin(runs.iter().map(|run| &run.run));
    Ok(kernels::page(&runs, BASE, margin, Format::Markdown))
}

/// The chart and tables of the run that the marker's command names.
fn result(root: &Path, command: &str) -> anyhow::Result<String> {
    let record = command.split(' ').next_back().unwrap_or_default();
    let all = Measurements::read_files(&[root.join(record)])?;
    let margin = Margin::from_fraction(MARGIN).context("the margin")?;
    let folder = Path::new(record).parent().unwrap_or(Path::new(""));
    let host = all
        .runs
        .first()
        .map(|run| format!("{}, Linux {}", run.host.label, run.host.kernel))
        .unwrap_or_default();
    let mut text = format!(
        "![Copy speed over file size, with intervals]({}/throughput.svg)\n\nOn {host}:\n\n",
        folder.display()
    );
    for cell in all.cells.values() {
        text.push_str(&table::cell(&all, cell, BASE, margin, Format::Markdown, ROWS));
        text.push('\n');
    }
    Ok(text)
}

/// Outcomes of claims in the file that the marker's command names.
fn claim_lines(root: &Path, command: &str) -> anyhow::Result<Vec<ClaimLine>> {
    let name = command.split(' ').next_back().unwrap_or_default();
    let path = root.join(name);
    let text = read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().with_context(|| format!("parsing {}", path.display()))
}

/// Record files below `folder`, oldest name first.
fn records(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let Ok(entries) = read_dir(folder) else { return Ok(Vec::new()) };
    let mut records: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path().join("run.jsonl"))
        .filter(|path| path.is_file())
        .collect();
    records.sort();
    Ok(records)
}

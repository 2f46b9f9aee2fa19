use super::Fail;
use super::report::records_below;
use crate::analysis::{Digests, Kind, Margin, Measurements};
use crate::claims::{self, ClaimLine};
use crate::copier::is_candidate;
use crate::measure::VARIABLES;
use crate::record::{AnswerLine, read_files, schema_text};
use crate::report::calibration::Calibration;
use crate::report::grid::Format;
use crate::report::repeats::{self, Repeats};
use crate::report::{BASE, MARGIN, fastest, generated_part, index, kernels, race, set_up, usual_margin};
use crate::report::{conditions, table};
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

/// Rows of each table of a run; its page has them all.
const ROWS: usize = 8;

/// Rows of the README's table, and answers beside it.
const ANSWER_ROWS: usize = 6;
const MORE_ANSWERS: usize = 3;

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
    pub(super) fn run(&self, cli: &clap::Command) -> anyhow::Result<()> {
        let mut stale = Vec::new();
        for (name, wanted) in documents(&self.root, self.check, cli)? {
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
fn documents(root: &Path, listed: bool, cli: &clap::Command) -> anyhow::Result<Vec<(String, String)>> {
    let read = |name: &str| read_to_string(root.join(name)).with_context(|| format!("reading {name}"));
    let strategies =
        generated_part::replace(&read("docs/strategies.md")?, "strategies", &index::catalogue())?;
    let claims_page = read("docs/claims.md")?;
    let lines = claim_lines(root, generated_part::command(&claims_page, "claims").unwrap_or_default())?;
    // Links are written as from the top of the repository.
    let table = claims::markdown(&lines).replace("](docs/", "](");
    let claims_page = generated_part::replace(&claims_page, "claims", &table)?;
    let reference = generated_part::replace(&read("docs/reference.md")?, "variables", &variables(cli, true))?;
    let reference = generated_part::replace(&reference, "internal", &variables(cli, false))?;
    let mut findings = read("docs/findings.md")?;
    for claim in claims::all() {
        if generated_part::command(&findings, claim.id).is_some() {
            findings = generated_part::replace(&findings, claim.id, &claims::details(claim.id, &lines))?;
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
    let results = generated_part::replace(&results, "runs", &index::runs(&runs, &folder))?;
    let results = match generated_part::command(&results, "result").map(str::to_owned) {
        Some(command) => generated_part::replace(&results, "result", &result(&folder, &command)?)?,
        None => results,
    };
    let readme = generated_part::replace(&read("README.md")?, "families", &index::families())?;
    let readme = generated_part::replace(&readme, "answer", &answer(root, &records)?)?;
    let set_up_page =
        generated_part::replace(&read("docs/set-up.md")?, "set-up", &set_up_tables(root, &records)?)?;
    let kernels_page = read("docs/kernels.md")?;
    let kernels_page = match generated_part::command(&kernels_page, "tables").map(str::to_owned) {
        Some(command) => generated_part::replace(&kernels_page, "tables", &kernel_tables(root, &command)?)?,
        None => kernels_page,
    };
    let kernels_page = match generated_part::command(&kernels_page, "claims").map(str::to_owned) {
        Some(command) => {
            let turned = claims::turned(&claim_lines(root, &command)?);
            generated_part::replace(
                &kernels_page,
                "claims",
                &claims::over_kernels(&turned, Format::Markdown),
            )?
        }
        None => kernels_page,
    };
    let method = read("METHOD.md")?;
    let method =
        generated_part::replace(&method, "calibrations", &repeats::calibrations(&calibrations(root)?))?;
    let series =
        |kind: &str| Ok::<_, anyhow::Error>(Repeats::parse(&read(&format!("{COMPARISONS}/{kind}.tsv"))?));
    let counted = repeats::comparisons(&series("compare")?, &series("gate")?);
    let method = generated_part::replace(&method, "comparisons", &counted)?;
    let method = generated_part::replace(&method, "races", &repeats::races(&series("races")?))?;
    let method = generated_part::replace(&method, "readers", &claims::readers())?;
    let again = AGAIN.iter().map(|name| claim_lines(root, name)).collect::<anyhow::Result<Vec<_>>>()?;
    let method = generated_part::replace(&method, "agreement", &claims::agreement(&again))?;
    Ok(vec![
        ("METHOD.md".to_owned(), method),
        ("docs/kernels.md".to_owned(), kernels_page),
        ("README.md".to_owned(), readme),
        ("docs/strategies.md".to_owned(), strategies),
        ("docs/set-up.md".to_owned(), set_up_page),
        ("docs/claims.md".to_owned(), claims_page),
        ("docs/reference.md".to_owned(), reference),
        ("docs/findings.md".to_owned(), findings),
        ("results/README.md".to_owned(), results),
        ("results/schema.json".to_owned(), schema_text()),
        ("src/copier/fastest.rs".to_owned(), fastest::fastest(&runs, &is_candidate)),
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

/// What set-up costs by the newest of `records` that was measured both ways.
fn set_up_tables(root: &Path, records: &[PathBuf]) -> anyhow::Result<String> {
    let mut newest: Option<(String, String)> = None;
    for path in records {
        let all = Measurements::read_files(std::slice::from_ref(path))?;
        let (tables, Some(run)) = (set_up::tables(&all, Format::Markdown), all.runs.first()) else {
            continue;
        };
        if tables.is_empty() || newest.as_ref().is_some_and(|(started, _)| *started > run.started) {
            continue;
        }
        let record = path.strip_prefix(root).unwrap_or(path).display();
        let (host, kernel) = (&run.host.label, &run.host.kernel);
        let day = run.started.get(..10).unwrap_or_default();
        let source = format!("On {host}, Linux {kernel}, by the [record](../{record}) of {day}:\n\n");
        newest = Some((run.started.clone(), source + tables.join("\n").trim_end()));
    }
    Ok(newest.map_or_else(|| "No run in results/ was measured both ways.".to_owned(), |(_, text)| text))
}

/// What the newest of `records` with an answer says: one cell with its table, and the others in words.
fn answer(root: &Path, records: &[PathBuf]) -> anyhow::Result<String> {
    let mut newest: Option<(String, &Path, Measurements)> = None;
    for path in records {
        let all = Measurements::read_files(std::slice::from_ref(path))?;
        let leads = all.answers.values().any(|answer| answer.best.is_some());
        let Some(run) = all.runs.first().filter(|_| leads) else { continue };
        if newest.as_ref().is_none_or(|(started, ..)| *started < run.started) {
            newest = Some((run.started.clone(), path, all));
        }
    }
    let Some((started, path, all)) = newest else {
        return Ok("None of the runs in [results/](results/README.md) holds an answer yet. `copybench run` finds the one of your\n\
                   machine in about a minute a cell; `cargo run -- docs` puts the newest of `results/runs` here."
            .to_owned());
    };
    let known = || {
        let leading = all.answers.values().filter(|answer| answer.best.is_some());
        leading.filter_map(|answer| Some((all.cells.get(&answer.cell)?, answer)))
    };
    let copied = |answer: &AnswerLine| answer.kind == Kind::Copied.name();
    let first = known()
        .find(|(_, answer)| copied(answer) && answer.is_decided())
        .or_else(|| known().find(|(_, answer)| copied(answer)))
        .or_else(|| known().next());
    let Some((cell, shown)) = first else { return Ok(String::new()) };
    let host = all.runs.first().map(|run| format!("{}, Linux {}", run.host.label, run.host.kernel));
    let record = path.strip_prefix(root).unwrap_or(path).display();
    let day = started.get(..10).unwrap_or_default();
    let mut text = format!("On {}, by the [record]({record}) of {day}:\n\n", host.unwrap_or_default());
    text += &race::answer(&all, cell, shown, Format::Markdown, ANSWER_ROWS);
    let others = known().filter(|(_, answer)| !std::ptr::eq(*answer, shown));
    let others: Vec<String> = others
        .map(|(cell, answer)| {
            let (title, sentence) = (conditions::heading(cell), race::sentence(answer));
            format!("- {}: {}\n", Format::Markdown.title(&title), Format::Markdown.text(&sentence))
        })
        .collect();
    text.push('\n');
    text.extend(others.iter().take(MORE_ANSWERS).map(String::as_str));
    if let Some(more) = others.len().checked_sub(MORE_ANSWERS).filter(|more| *more > 0) {
        text += &format!("- {more} more: `copybench report --answer {record}`\n");
    }
    Ok(text)
}

/// The variables of users, or those that the scripts and tests use, as a Markdown table; flags are found by the
/// variable that their help names.
fn variables(cli: &clap::Command, for_users: bool) -> String {
    let flag = |name: &str| {
        let mark = format!("[env: {name}]");
        ["run", "copy"].iter().find_map(|command| {
            let arguments = cli.find_subcommand(command)?.get_arguments();
            arguments.filter_map(|argument| Some((argument.get_long()?, argument.get_help()?))).find_map(
                |(long, help)| {
                    let help = help.to_string();
                    let help = help.contains(&mark).then(|| help.replace(&mark, ""))?;
                    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
                    Some((format!("`{command} --{long}`"), help))
                },
            )
        })
    };
    let mut text = if for_users {
        "| variable | flag | what it sets |\n|---|---|---|\n".to_owned()
    } else {
        "| variable | what it sets |\n|---|---|\n".to_owned()
    };
    for variable in VARIABLES.iter().filter(|variable| variable.is_for_users == for_users) {
        let name = variable.name;
        text += &match flag(name) {
            Some((flag, help)) => format!("| `{name}` | {flag} | {help} |\n"),
            None if for_users => format!("| `{name}` | | {} |\n", variable.sets),
            None => format!("| `{name}` | {} |\n", variable.sets),
        };
    }
    text
}

/// The chart and tables of the run below `folder` that the marker's command names.
fn result(folder: &Path, command: &str) -> anyhow::Result<String> {
    let record = command.split(' ').next_back().unwrap_or_default();
    let record = record.strip_prefix("results/").unwrap_or(record);
    let all = Measurements::read_files(&[folder.join(record)])?;
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

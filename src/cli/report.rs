use super::Fail;
use super::units::margin;
use crate::analysis::race::of_full_rounds;
use crate::analysis::{Digests, Margin, Measurements};
use crate::record::{AnswerLine, ReadError, is_record};
use crate::report::grid::Format;
use crate::report::table;
use crate::report::{BASE, kernels, race, set_up, usual_margin};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Print what records say: one table per cell, or for several kernels one table of strategy × kernel
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
    /// Equivalence margin [default: 2%; 0.2% for instructions]
    #[arg(long, value_name = "SHARE", value_parser = margin)]
    margin: Option<Margin>,
    /// Only who is fastest, within what, for each cell and kind of copies
    #[arg(long)]
    answer: bool,
    /// Only what set-up costs, of cells that were measured with --setup kept,fresh
    #[arg(long, conflicts_with = "answer")]
    set_up: bool,
    /// As JSON Lines
    #[arg(long, requires = "answer")]
    json: bool,
    /// Record files, or directories with records below them
    #[arg(value_name = "F.jsonl|DIR", required = true)]
    records: Vec<PathBuf>,
}

/// Most rows of an answer.
const ROWS: usize = 12;

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Style {
    Text,
    Markdown,
}

impl Report {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let records = records_below(&self.records)?;
        let format = match self.format {
            Style::Text => Format::Text,
            Style::Markdown => Format::Markdown,
        };
        let all = measurements(&records)?;
        refuse_empty(&all)?;
        let margin = self.margin.unwrap_or_else(|| usual_margin(&all.runs));
        if kernels::applies(&all.runs) {
            let runs = Digests::read_files(&records, false)?.runs;
            return Ok(super::print(&kernels::page(&runs, &self.base, margin, format))?);
        }
        if self.answer {
            return self.answers(&all, margin, format);
        }
        if self.set_up {
            let tables = set_up::tables(&all, format);
            let hint = "no cell was measured both ways; copybench run --full --setup kept,fresh does";
            if tables.is_empty() {
                return Err(Fail::Use(hint.to_owned()).into());
            }
            return Ok(super::print(&tables.join("\n"))?);
        }
        let mut tables: Vec<String> = Vec::new();
        for cell in all.cells.values() {
            let raced = all.answers.values().filter(|answer| answer.cell == cell.cell);
            let raced: Vec<String> =
                raced.map(|answer| race::answer(&all, cell, answer, format, self.most)).collect();
            if raced.is_empty() {
                tables.push(table::cell(&all, cell, &self.base, margin, format, self.most));
            }
            tables.extend(raced);
        }
        Ok(super::print(&tables.join("\n"))?)
    }

    /// Those that the records hold; where every strategy was measured in every round, by one look at
    /// everything.
    fn answers(&self, all: &Measurements, margin: Margin, format: Format) -> anyhow::Result<()> {
        let mut nothing = true;
        let most = self.most.min(ROWS);
        for (id, cell) in &all.cells {
            let raced: Vec<AnswerLine> =
                all.answers.values().filter(|answer| answer.cell == *id).cloned().collect();
            let answers =
                if all.answers.is_empty() { of_full_rounds(all, id, &self.base, margin) } else { raced };
            for answer in answers {
                nothing = false;
                let text = if self.json {
                    serde_json::to_string(&answer)?
                } else {
                    race::answer(all, cell, &answer, format, most)
                };
                super::print(&(text + "\n"))?;
            }
        }
        if nothing {
            return Err(Fail::Use("the records hold no answer: nothing was measured".to_owned()).into());
        }
        Ok(())
    }
}

/// What records measured; what is missing in one is told.
pub(super) fn measurements(records: &[PathBuf]) -> Result<Measurements, ReadError> {
    let all = Measurements::read_files(records)?;
    tell(&all.warnings);
    Ok(all)
}

/// Tells what was cut from records, and which hold nothing or have no end.
pub(super) fn tell(warnings: &[String]) {
    for warning in warnings {
        super::tell(format_args!("copybench: {warning}"));
    }
}

/// Refuses records in which nothing was measured.
pub(super) fn refuse_empty(all: &Measurements) -> Result<(), Fail> {
    if all.is_empty() { Err(nothing()) } else { Ok(()) }
}

/// The error of records in which nothing was measured.
pub(super) fn nothing() -> Fail {
    Fail::Use("nothing was measured: no strategy has a time in any cell".to_owned())
}

/// Refuses runs whose times say nothing.
pub(super) fn refuse_emulated(all: &Measurements) -> Result<(), Fail> {
    match all.runs.iter().find(|run| !run.is_comparable()) {
        None => Ok(()),
        Some(run) => Err(Fail::Use(format!(
            "the run {} of {} was measured under plain emulation (tcg), whose times say nothing about any machine; \
             measure with `copybench kernels --accel instructions` or `kvm`",
            run.id, run.started
        ))),
    }
}

/// Files as they are, and of directories every record below them, by name; what else lies there, as the
/// lines of claims, is passed over.
pub(super) fn records_below(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut records = Vec::new();
    for path in paths {
        if !path.is_dir() {
            records.push(path.clone());
            continue;
        }
        let before = records.len();
        let mut folders = vec![path.clone()];
        while let Some(folder) = folders.pop() {
            let unreadable =
                |error: std::io::Error| Fail::Use(format!("listing {}: {error}", folder.display()));
            for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                let path = entry.path();
                // A link to a directory could lead back here.
                if entry.file_type().map_err(unreadable)?.is_dir() {
                    folders.push(path);
                } else if is_record(&path) {
                    records.push(path);
                }
            }
        }
        records[before..].sort();
        if records.len() == before {
            return Err(Fail::Use(format!("no record below {}", path.display())).into());
        }
    }
    Ok(records)
}

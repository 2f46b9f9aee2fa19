use super::Fail;
use super::report::records_below;
use super::units::margin;
use crate::analysis::host::{Difference, differences_of_runs};
use crate::analysis::{Margin, Measurements, Options, Row, compare, compare_arms};
use crate::report::comparison::{Comparison, json, markdown, text};
use crate::report::{BASE, usual_margin};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Say what became slower or faster between two runs
///
/// Runs of different times drift apart as a whole, so a strategy is judged by its time relative to
/// the base strategy's of the same round; the base strategy, and each `by itself`, by raw times
/// between processes, of which that takes 3 a side. Two executables that `run --against` measured
/// in turn are in one record and are compared round by round.
#[derive(Debug, Args)]
pub(super) struct Compare {
    /// Base and new record files, or directories with records below them: the last is the new side
    /// unless --new names it; one with two arms needs no other
    #[arg(value_name = "BASE.. NEW", required = true)]
    records: Vec<PathBuf>,
    /// The records of the new side; all others are the base side
    #[arg(long, value_name = "NEW", num_args = 1..)]
    new: Vec<PathBuf>,
    /// The strategy that times are taken relative to
    #[arg(long, value_name = "S", default_value = BASE)]
    base: String,
    /// What counts as the same [default: 2%; 0.2% for instructions]
    #[arg(long, value_name = "SHARE", value_parser = margin)]
    margin: Option<Margin>,
    /// Exit with 1 if a slowdown is confirmed: beyond the margin when all rows are to hold at once,
    /// and in most processes
    #[arg(long)]
    gate: bool,
    /// Compare machines that differ
    #[arg(long)]
    allow_host_diff: bool,
    /// How it is written
    #[arg(long, default_value = "text")]
    format: Style,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Style {
    Text,
    /// A comment for a review
    Markdown,
    Json,
}

impl Compare {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let (base_paths, new_paths) = self.sides();
        let base = read(base_paths)?;
        let new = if new_paths.is_empty() { None } else { Some(read(new_paths)?) };
        let in_turn = new.is_none();
        let new = new.as_ref().unwrap_or(&base);
        let differences = self.check(&base, new, in_turn)?;
        let margin =
            self.margin.or_else(|| Margin::from_fraction(usual_margin(&new.runs))).unwrap_or_default();
        let options = Options { margin, ..Options::new(&self.base) };
        let rows = if in_turn { compare_arms(&base, &options) } else { compare(&base, new, &options) };
        if rows.is_empty() {
            return Err(Fail::Use(
                "the two sides have no cell with a strategy in common: measure the same cells".to_owned(),
            )
            .into());
        }
        let repeat = Self::repeat(&base, new, in_turn);
        let comparison = Comparison {
            rows: &rows,
            base: &base,
            new,
            in_turn,
            differences: &differences,
            margin,
            repeat: &repeat,
        };
        super::print(&match self.format {
            Style::Text => text(&comparison),
            Style::Markdown => markdown(&comparison),
            Style::Json => json(&comparison)?,
        })?;
        if self.gate { gate(&rows) } else { Ok(()) }
    }

    fn sides(&self) -> (&[PathBuf], &[PathBuf]) {
        match self.records.split_last() {
            Some((last, others)) if self.new.is_empty() && !others.is_empty() => {
                (others, std::slice::from_ref(last))
            }
            _ => (&self.records, &self.new),
        }
    }

    /// Refuses what cannot be compared; returns in what the machines differ.
    fn check(
        &self,
        base: &Measurements,
        new: &Measurements,
        in_turn: bool,
    ) -> anyhow::Result<Vec<Difference>> {
        let refuse = |reason: String| Err(Fail::Use(reason).into());
        if in_turn && !base.has_two_arms() {
            return refuse(
                "one side only: name the records of the new side too, or one with two arms".to_owned(),
            );
        }
        let mut runs = base.runs.iter().chain(&new.runs);
        if let Some(first) = runs.next()
            && let Some(other) = runs.clone().find(|run| run.clock != first.clock)
        {
            return refuse(format!(
                "mixed clocks: the run {} counts {}, the run {} {}; they have no unit in common",
                first.id,
                first.clock.name(),
                other.id,
                other.clock.name()
            ));
        }
        if let Some(run) = base.runs.iter().chain(&new.runs).find(|run| !run.is_comparable()) {
            return refuse(format!(
                "the run {} was measured under plain emulation, whose times say nothing about any machine; \
                 use --accel instructions",
                run.id
            ));
        }
        let differences = differences_of_runs(&base.runs, &new.runs);
        if !differences.is_empty() && !self.allow_host_diff {
            let fields: Vec<&str> = differences.iter().map(|difference| difference.field.as_str()).collect();
            return refuse(format!(
                "the machines differ in {}; --allow-host-diff compares them all the same",
                fields.join(", ")
            ));
        }
        Ok(differences)
    }

    /// The commands of both sides and this one.
    fn repeat(base: &Measurements, new: &Measurements, in_turn: bool) -> Vec<String> {
        let sides = if in_turn { vec![base] } else { vec![base, new] };
        let mut commands: Vec<String> = Vec::new();
        for run in sides.into_iter().flat_map(|side| &side.runs) {
            let command = shlex::try_join(run.argv.iter().map(String::as_str)).unwrap_or_default();
            if !command.is_empty() && !commands.contains(&command) {
                commands.push(command);
            }
        }
        commands
    }
}

/// The error that a confirmed slowdown is.
pub(super) fn gate(rows: &[Row]) -> anyhow::Result<()> {
    let slower: Vec<String> = rows
        .iter()
        .filter(|row| row.confirmed)
        .map(|row| format!("{} in {}", row.strategy, row.cell))
        .collect();
    if slower.is_empty() {
        return Ok(());
    }
    Err(Fail::Work(format!("confirmed slower: {}", slower.join(", "))).into())
}

fn read(paths: &[PathBuf]) -> anyhow::Result<Measurements> {
    let all = Measurements::read_files(&records_below(paths)?)?;
    for warning in &all.warnings {
        eprintln!("copybench: {warning}");
    }
    Ok(all)
}

//! Two sides of a comparison, as a table for a terminal, a comment for a review, and data.

use super::grid::lay_out;
use super::table::{Format, heading};
use crate::analysis::comparison::Estimate;
use crate::analysis::host::Difference;
use crate::analysis::{Margin, Measurements, Row, Verdict};
use crate::record::{Commit, RunLine};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Processes a side below which raw times say nothing.
const ENOUGH_PROCESSES: usize = 3;

/// A comparison and what a reader has to know about it.
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// The judged rows.
    pub rows: &'a [Row],
    /// Base side; of two executables in one record, that record.
    pub base: &'a Measurements,
    /// New side.
    pub new: &'a Measurements,
    /// Whether the sides are two executables that were measured in turn.
    pub in_turn: bool,
    /// In what the machines differ.
    pub differences: &'a [Difference],
    /// What counts as the same.
    pub margin: Margin,
    /// The commands that repeat it, a line each.
    pub repeat: &'a [String],
}

/// One table a cell and, below, what has to be known.
#[must_use]
pub fn text(comparison: &Comparison<'_>) -> String {
    let mut text = String::new();
    for cell in comparison.cells() {
        let rows: Vec<&Row> = comparison.rows.iter().filter(|row| row.cell == cell).collect();
        let title = comparison.new.cells.get(cell).map_or_else(|| cell.to_owned(), heading);
        let _ = writeln!(text, "{title}\n\n{}\n", table(&rows, Format::Text, false));
    }
    let _ = writeln!(text, "{}", comparison.summary());
    for note in comparison.notes() {
        let _ = writeln!(text, "- {note}");
    }
    text
}

/// A comment for a review: the word first, what changed below it, the rest folded.
#[must_use]
pub fn markdown(comparison: &Comparison<'_>) -> String {
    let mut text = format!("### {}\n", comparison.summary());
    for (verdict, title) in [(Verdict::Slower, "Slower"), (Verdict::Faster, "Faster")] {
        let rows: Vec<&Row> = comparison.rows.iter().filter(|row| row.estimate.verdict == verdict).collect();
        if !rows.is_empty() {
            let _ = writeln!(text, "\n**{title}**\n\n{}", table(&rows, Format::Markdown, true));
        }
    }
    let all: Vec<&Row> = comparison.rows.iter().collect();
    let _ = writeln!(
        text,
        "\n<details><summary>All {} comparisons</summary>\n\n{}\n\n</details>\n",
        all.len(),
        table(&all, Format::Markdown, true)
    );
    for note in comparison.notes() {
        let _ = writeln!(text, "- {note}");
    }
    if !comparison.repeat.is_empty() {
        let _ = writeln!(text, "\nTo repeat it:\n\n```sh\n{}\n```", comparison.repeat.join("\n"));
    }
    text
}

/// The rows as a JSON array.
///
/// # Errors
/// Those of serialising.
pub fn json(comparison: &Comparison<'_>) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(comparison.rows)?;
    text.push('\n');
    Ok(text)
}

impl Comparison<'_> {
    fn cells(&self) -> BTreeSet<&str> {
        self.rows.iter().map(|row| row.cell.as_str()).collect()
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.estimate.verdict == verdict).count()
    }

    /// How many of each verdict, the confirmed ones first.
    fn summary(&self) -> String {
        let confirmed = self.rows.iter().filter(|row| row.confirmed).count();
        let word = match confirmed {
            0 => "No confirmed slowdown".to_owned(),
            1 => "1 confirmed slowdown".to_owned(),
            more => format!("{more} confirmed slowdowns"),
        };
        let verdicts = [Verdict::Slower, Verdict::Faster, Verdict::Same, Verdict::Unclear]
            .map(|verdict| format!("{} {}", self.count(verdict), verdict.name()));
        let margin = self.margin.fraction() * 100.0;
        format!("{word}: {} of {} at a margin of {margin} %", verdicts.join(", "), self.rows.len())
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![self.commits()];
        let too_few =
            self.rows.iter().filter(|row| row.processes.iter().any(|count| *count < ENOUGH_PROCESSES));
        if too_few.count() > 0 {
            notes.push(format!(
                "fewer than {ENOUGH_PROCESSES} processes a side cannot tell what differs from process to \
                 process, so raw times stay unclear: measure with --processes {ENOUGH_PROCESSES} or more"
            ));
        }
        for difference in self.differences {
            let value = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
            notes.push(format!(
                "the machines differ in {}: {} on the base side, {} on the new one",
                difference.field,
                value(&difference.base),
                value(&difference.new)
            ));
        }
        notes.extend(self.alone());
        notes
    }

    fn commits(&self) -> String {
        if self.in_turn {
            let of = |commit: Option<&Commit>| commit.map_or_else(|| "unknown".to_owned(), name);
            let run = self.new.runs.first();
            return format!(
                "base: commit {}; new: commit {}; measured in turn in the same rounds",
                of(run.and_then(|run| run.against.as_ref())),
                of(run.map(|run| &run.commit))
            );
        }
        let of = |runs: &[RunLine]| {
            let commits: BTreeSet<String> = runs.iter().map(|run| name(&run.commit)).collect();
            commits.into_iter().collect::<Vec<_>>().join(", ")
        };
        format!("base: commit {}; new: commit {}", of(&self.base.runs), of(&self.new.runs))
    }

    /// What only one side has.
    fn alone(&self) -> Vec<String> {
        if self.in_turn {
            return Vec::new();
        }
        let measured = |side: &Measurements| -> BTreeSet<(String, String)> {
            let of = |(cell, strategies): (&String, &std::collections::BTreeMap<String, _>)| {
                strategies.keys().map(|name| (cell.clone(), name.clone())).collect::<Vec<_>>()
            };
            side.series.iter().flat_map(of).collect()
        };
        let (base, new) = (measured(self.base), measured(self.new));
        let only = |side: &str, here: &BTreeSet<(String, String)>, there: &BTreeSet<(String, String)>| {
            let names: Vec<String> =
                here.difference(there).map(|(cell, strategy)| format!("{strategy} in {cell}")).collect();
            (!names.is_empty()).then(|| format!("only on the {side} side: {}", names.join(", ")))
        };
        [only("base", &base, &new), only("new", &new, &base)].into_iter().flatten().collect()
    }
}

fn name(commit: &Commit) -> String {
    let short: String = commit.sha.chars().take(12).collect();
    if commit.dirty { format!("{short} with changes") } else { short }
}

/// Rows, with their cell where a table mixes cells.
fn table(rows: &[&Row], format: Format, with_cell: bool) -> String {
    let mut header = ["strategy", "base time / new time", "verdict", "by itself", "by itself: verdict"]
        .map(str::to_owned)
        .to_vec();
    if with_cell {
        header.insert(0, "cell".to_owned());
    }
    let lines = rows.iter().map(|row| {
        let mut strategy = row.strategy.clone();
        if row.strategy == row.base {
            strategy.push_str(" (base)");
        }
        let mut verdict = row.estimate.verdict.name().to_owned();
        if row.confirmed {
            verdict.push_str(", confirmed");
        }
        let mut line =
            vec![strategy, ratio(&row.estimate), verdict, ratio(&row.raw), row.raw.verdict.name().to_owned()];
        if with_cell {
            // A bar would end a cell of a Markdown table.
            line.insert(0, row.cell.replace('|', " "));
        }
        line
    });
    let all: Vec<Vec<String>> = std::iter::once(header).chain(lines).collect();
    lay_out(&all, |_| false, format)
}

fn ratio(estimate: &Estimate) -> String {
    match (estimate.ratio, estimate.low.zip(estimate.high)) {
        (None, _) => String::new(),
        (Some(ratio), None) => format!("{ratio:.3}"),
        (Some(ratio), Some((low, high))) => format!("{ratio:.3} ({low:.3} to {high:.3})"),
    }
}

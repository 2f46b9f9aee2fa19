//! One cell's strategies as a table, those that moved data apart from those that did not.

use super::conditions::heading;
use super::grid::{Format, lay_out};
use super::race::{answers, sentence};
use crate::analysis::summary::{Relative, Summary, speed_of};
use crate::analysis::{Kind, Margin, Measurements, Verdict, summarise};
use crate::record::CellLine;
use crate::strategy::{self, COPY_LIMIT};
use crate::units::duration;
use std::fmt::Write;

pub(super) const KINDS: [(Kind, &str); 4] = [
    (Kind::Copied, "data copied"),
    (Kind::Holes, "holes kept"),
    (Kind::Reflinked, "extents shared"),
    (Kind::Limit, "limits of the machine"),
];

/// All tables of a cell, with the answer in words above them; at most `most` rows a table.
#[must_use]
pub fn cell(
    all: &Measurements,
    cell: &CellLine,
    base: &str,
    margin: Margin,
    format: Format,
    most: usize,
) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}", format.title(&heading(cell)));
    if let Some(why) = all.runs.iter().find_map(|run| run.unconfirmed.as_ref()) {
        let why = format!("That it was {} is unconfirmed: {why}.", cell.cache);
        let _ = writeln!(text, "\n{}", format.text(&why));
    }
    for answer in answers(all, &cell.cell, base, margin) {
        let _ = writeln!(text, "\n{}", format.text(&sentence(&answer)));
    }
    let summaries = summarise(all, &cell.cell, "this", base, margin);
    for (kind, title) in KINDS {
        let rows: Vec<&Summary> =
            summaries.iter().filter(|summary| summary.kind == kind).take(most).collect();
        if rows.is_empty() {
            continue;
        }
        let with_limits = rows.iter().any(|summary| summary.of_limit.is_some());
        let mut header = [title, "time", "GiB/s", "against the base", "verdict"].map(str::to_owned).to_vec();
        if with_limits {
            header.extend(["of the limit", "of its mechanism's"].map(str::to_owned));
        }
        let rows = rows.into_iter().map(|summary| {
            let mut cells = row(summary, base).to_vec();
            if with_limits {
                let limit = strategy::find(&summary.strategy).map_or(COPY_LIMIT, |strategy| strategy.limit);
                let of_mechanism = speed_of(all, [&cell.cell, &summary.strategy, "this"], limit);
                cells.extend([summary.of_limit, of_mechanism.filter(|_| kind == Kind::Copied)].map(fraction));
            }
            cells
        });
        let rows: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
        let _ = writeln!(text, "\n{}", lay_out(&rows, |column| matches!(column, 1 | 2 | 5 | 6), format));
    }
    text
}

fn row(summary: &Summary, base: &str) -> [String; 5] {
    let against = match &summary.relative {
        _ if summary.strategy == base => "base".to_owned(),
        None => String::new(),
        Some(Relative { ratio, interval: None, .. }) => format!("{ratio:.2}×"),
        Some(Relative { ratio, interval: Some(interval), .. }) => {
            format!("{ratio:.2}× ({:.2} to {:.2})", interval.low, interval.high)
        }
    };
    [
        summary.strategy.clone(),
        duration(summary.median),
        summary
            .bytes_per_second
            .map_or_else(String::new, |speed| format!("{:.2}", speed / f64::from(1 << 30))),
        against,
        summary.relative.map_or_else(String::new, verdict),
    ]
}

/// In a word, and for a single process why there is none.
fn verdict(relative: Relative) -> String {
    match relative.verdict {
        Verdict::Unclear if relative.processes == 1 => "unclear: one process".to_owned(),
        verdict => verdict.name().to_owned(),
    }
}

fn fraction(share: Option<f64>) -> String {
    share.map_or_else(String::new, |share| format!("{:.0} %", share * 100.0))
}

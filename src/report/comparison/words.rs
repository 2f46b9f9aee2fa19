//! The parts that a comparison is told in.

use super::facts::{Facts, Side};
use crate::analysis::comparison::{ENOUGH_PROCESSES, Estimate};
use crate::analysis::{Row, Verdict, confirmed_slower};
use crate::record::Clock;
use crate::report::conditions::heading;
use crate::report::grid::{Format, lay_out};

/// The answer in a sentence.
#[must_use]
pub fn headline(rows: &[Row]) -> String {
    let count = |verdict| rows.iter().filter(|row| row.estimate.verdict == verdict).count();
    let [slower, faster, same, unclear] =
        [Verdict::Slower, Verdict::Faster, Verdict::Same, Verdict::Unclear].map(count);
    let all = rows.len();
    let confirmed = confirmed_slower(rows).len();
    if unclear == all {
        return format!("Nothing can be told: all of {all} comparisons are unclear.");
    }
    let begin = match confirmed {
        0 => "No confirmed slowdown".to_owned(),
        1 => "1 confirmed slowdown".to_owned(),
        many => format!("{many} confirmed slowdowns"),
    };
    format!(
        "{begin} in {all} comparisons: {slower} slower, {faster} faster, {same} the same, {unclear} unclear."
    )
}

/// Rows in columns, all of one cell. In turn, the ratio is that of own times, so those have no
/// column of their own.
pub(super) fn table(rows: &[&Row], facts: &Facts, format: Format) -> String {
    let header: &[&str] = if facts.in_turn {
        &["strategy", "ratio", "verdict", "processes", ""]
    } else {
        &["strategy", "ratio", "verdict", "own time", "processes", ""]
    };
    let mut lines = vec![header.iter().map(|title| (*title).to_owned()).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| columns(row, facts)));
    lay_out(&lines, |_| false, format)
}

fn columns(row: &Row, facts: &Facts) -> Vec<String> {
    let mut columns = vec![row.strategy.clone(), ratio(row.estimate), row.estimate.verdict.name().to_owned()];
    if !facts.in_turn {
        columns.push(match row.raw.low {
            _ if row.strategy == row.base => String::new(),
            Some(_) => format!("{} {}", ratio(row.raw), row.raw.verdict),
            None => ratio(row.raw),
        });
    }
    columns.extend([format!("{} + {}", row.processes[0], row.processes[1]), notes(row, facts).join(", ")]);
    columns
}

/// The ratio with its interval, where it has them.
pub(super) fn ratio(estimate: Estimate) -> String {
    match estimate {
        Estimate { ratio: None, .. } => "none".to_owned(),
        Estimate { ratio: Some(ratio), low: Some(low), high: Some(high), .. } => {
            format!("{ratio:.3}× ({low:.3} to {high:.3})")
        }
        Estimate { ratio: Some(ratio), .. } => format!("{ratio:.3}×"),
    }
}

pub(super) fn notes(row: &Row, facts: &Facts) -> Vec<String> {
    let mut notes = Vec::new();
    if row.confirmed {
        notes.push("confirmed".to_owned());
    }
    if row.strategy == row.base && !facts.in_turn {
        notes.push(match &row.relative_to {
            Some(limit) => format!("base, relative to {limit}"),
            None => "base, own time".to_owned(),
        });
    }
    if !row.estimate.verdict.is_decided() {
        notes.extend(lacking(row, facts).map(str::to_owned));
    }
    notes
}

/// What a row lacks to say anything.
fn lacking(row: &Row, facts: &Facts) -> Option<&'static str> {
    let processes = row.processes.into_iter().min().unwrap_or(0);
    let by_itself = row.relative_to.is_none() && !facts.in_turn;
    match processes {
        0 => Some("no common rounds"),
        1 => Some("one process a side"),
        count if by_itself && count < ENOUGH_PROCESSES => Some("too few processes"),
        _ => None,
    }
}

/// What would turn `unclear` into something else.
pub(super) fn advice(rows: &[Row], facts: &Facts) -> Option<String> {
    let lacks = |row: &Row| !row.estimate.verdict.is_decided() && lacking(row, facts).is_some();
    rows.iter().any(lacks).then(|| {
        "processes of one build differ, so that one a side decides nothing: measure each side with `copybench run \
         --full`, which takes three, or give `cargo bench` records of three runs a side"
            .to_owned()
    })
}

pub(super) fn legend(rows: &[Row], facts: &Facts) -> String {
    let what = match facts.clock {
        Clock::Wall => "time",
        Clock::Instructions => "instructions",
    };
    let by = if facts.in_turn {
        "each strategy by itself in the same round".to_owned()
    } else {
        let mut bases: Vec<&str> = rows.iter().map(|row| row.base.as_str()).collect();
        bases.sort_unstable();
        bases.dedup();
        format!("relative to {} in the same round", bases.join(" or "))
    };
    let share = facts.margin.fraction() * 100.0;
    format!(
        "ratio: base {what} / new {what}, below 1 is slower; {by}. Margin {} %.",
        (share * 1000.0).round() / 1000.0
    )
}

/// The fields in which the hosts differ, with both values; none where they are alike.
#[must_use]
pub fn hosts_differ(facts: &Facts) -> Option<String> {
    let shown = |value: &str| if value.is_empty() { "nothing" } else { value }.to_owned();
    let each = facts.differences.iter().map(|difference| {
        format!("{} ({} against {})", difference.field, shown(&difference.base), shown(&difference.new))
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| format!("the hosts differ in {}", each.join(", ")))
}

pub(super) fn cell_title(cell: &str, facts: &Facts) -> String {
    facts.cells.get(cell).map_or_else(|| cell.to_owned(), heading)
}

pub(super) fn describe(side: &Side) -> String {
    let commits = match side.commits.as_slice() {
        [] => "commit not recorded".to_owned(),
        commits => format!("commit {}", commits.join(", ")),
    };
    let started = match side.started.as_slice() {
        [] => String::new(),
        [one] => format!(", {one}"),
        [first, .., last] => format!(", {first} to {last}"),
    };
    format!("{commits}; {}{started}", side.hosts.join("; "))
}

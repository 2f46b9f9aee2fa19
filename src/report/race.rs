//! What a race came to, in words and as a table.

use super::conditions::heading;
use super::grid::Format;
use super::grid::lay_out;
use crate::analysis::race::of_full_rounds;
use crate::analysis::{Margin, Measurements, median};
use crate::record::{AnswerLine, Behind, CellLine, Clock, Slower};
use crate::units::duration;
use std::fmt::Write;

/// The answer of one kind of copies, and at most `most` strategies by where they stand.
#[must_use]
pub fn answer(
    all: &Measurements,
    cell: &CellLine,
    answer: &AnswerLine,
    format: Format,
    most: usize,
) -> String {
    // Markdown makes one paragraph of lines that follow each other.
    let apart = if format == Format::Markdown { "\n" } else { "" };
    let mut text = format!("{}\n{apart}", format.title(&heading(cell)));
    let _ = writeln!(text, "{}", format.text(&sentence(answer)));
    let header = ["", "a copy", "GiB/s", "where it stands"].map(str::to_owned).to_vec();
    let places = places(answer);
    let left_out = places.len().saturating_sub(most);
    let rows = places.into_iter().take(most).map(|(strategy, place)| {
        let time = time(all, &cell.cell, strategy);
        let speed = time.map(|time| cell.size as f64 / time * 1e9 / f64::from(1 << 30));
        vec![
            strategy.to_owned(),
            time.map(duration).unwrap_or_default(),
            speed.map(|speed| format!("{speed:.2}")).unwrap_or_default(),
            place,
        ]
    });
    let rows: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
    let _ = writeln!(text, "\n{}", lay_out(&rows, |column| matches!(column, 1 | 2), format));
    if left_out > 0 {
        let slower = if left_out <= answer.slower.len() { ", all slower" } else { "" };
        // Or a row of a line right below a table.
        let _ = writeln!(text, "{apart}and {left_out} more{slower}");
    }
    text
}

/// What a cell came to, a line a kind of copies: as a race recorded it, else from full rounds where
/// those say something of every kind. Instructions are no times, which answers are about.
#[must_use]
pub fn answers(all: &Measurements, cell: &str, base: &str, margin: Margin) -> Vec<AnswerLine> {
    if all.clock() == Some(Clock::Instructions) {
        return Vec::new();
    }
    let raced: Vec<AnswerLine> = all.answers.values().filter(|line| line.cell == cell).cloned().collect();
    if !raced.is_empty() {
        return raced;
    }
    let lines = of_full_rounds(all, cell, base, margin);
    if lines.iter().any(|line| line.within.is_none()) { Vec::new() } else { lines }
}

/// Who is fastest, within what, and why, or what it would take to tell.
#[must_use]
pub fn sentence(answer: &AnswerLine) -> String {
    let what = match answer.kind.as_str() {
        "reflinked" => "that shared extents instead of copying",
        "holes" => "that left holes as holes",
        _ => "that copied all data",
    };
    let Some(best) = &answer.best else {
        return format!("No strategy {what} could be measured: {}.", answer.why);
    };
    let (seconds, of) = (answer.seconds, answer.of);
    if of == 1 {
        return format!("{best} is the only strategy {what}; {}.", answer.why);
    }
    let mut text = match answer.within {
        Some(0.0) => format!("{best} is the fastest of the {of} strategies {what}"),
        Some(within) => format!("{best} is within {} of the best of {of} strategies {what}", percent(within)),
        None => format!("{best} had the lowest times of {of} strategies {what}, but nothing is decided"),
    };
    let processes = if answer.processes == 1 {
        "one process".to_owned()
    } else {
        format!("{} processes", answer.processes)
    };
    let _ = write!(text, " (after {seconds:.0} s in {processes})");
    if !answer.shares.is_empty() && answer.within.is_some() {
        let shown = answer.shares.iter().take(4).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = answer.shares.len().saturating_sub(4);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = write!(text, "; {shown}{more} could not be told from it");
    }
    let _ = write!(
        text,
        ". {}{}.",
        answer.why.get(..1).unwrap_or_default().to_uppercase(),
        answer.why.get(1..).unwrap_or_default()
    );
    if let Some(more) = answer.more_seconds {
        let margin = percent(answer.margin);
        let _ = write!(
            text,
            " About {more:.0} s more would tell who is within {margin}: --budget {:.0}s.",
            seconds + more
        );
    }
    text
}

/// Every strategy with where it stands: the leader, who shares its place, and who is out.
pub(super) fn places(answer: &AnswerLine) -> Vec<(&str, String)> {
    let leads = match answer.within {
        None => "lowest times, undecided".to_owned(),
        Some(0.0) => "fastest".to_owned(),
        Some(within) if answer.shares.is_empty() => format!("fastest, within {}", percent(within)),
        Some(within) => format!("first, within {}", percent(within)),
    };
    let best = answer.best.iter().map(|best| (best.as_str(), leads.clone()));
    let alive = answer.shares.iter().map(|name| {
        let apart = answer.apart.iter().find(|apart| apart.strategy == *name).map(|apart| apart.behind);
        let place = match apart {
            Some(Behind { low, high: Some(high) }) => {
                format!("shares first place ({:+.1} to {:+.1} %)", low * 100.0, high * 100.0)
            }
            _ => "undecided".to_owned(),
        };
        (name.as_str(), place)
    });
    let mut out: Vec<&Slower> = answer.slower.iter().collect();
    let order = |slower: &Slower| middle(slower.behind).unwrap_or(slower.behind.low);
    out.sort_by(|left, right| order(left).total_cmp(&order(right)));
    let out = out.into_iter().map(|slower| (slower.strategy.as_str(), slower_by(slower.behind)));
    best.chain(alive).chain(out).collect()
}

/// `slower by 12 % (10 to 14)`, or by how many times at least.
#[must_use]
pub fn slower_by(behind: Behind) -> String {
    match behind {
        Behind { low, high: Some(high) } if low < 1.0 => {
            let middle = between(low, high);
            let places = usize::from(high < 0.1);
            let share = |share: f64| format!("{:.places$}", share * 100.0);
            format!("slower by {} % ({} to {})", share(middle), share(low), share(high))
        }
        Behind { low, .. } if low < 1.0 => format!("slower by at least {}", percent(low)),
        Behind { low, .. } => format!("at least {:.1} times slower", 1.0 + low),
    }
}

/// The middle of a range that has both ends.
pub(super) fn middle(behind: Behind) -> Option<f64> {
    behind.high.map(|high| between(behind.low, high))
}

fn between(low: f64, high: f64) -> f64 {
    ((1.0 + low) * (1.0 + high)).sqrt() - 1.0
}

/// Median time of a copy.
pub(super) fn time(all: &Measurements, cell: &str, strategy: &str) -> Option<f64> {
    let series = all.get(cell, strategy, "this")?;
    median(&series.observations.iter().map(|value| value.time).collect::<Vec<_>>())
}

fn percent(share: f64) -> String {
    let places = usize::from(share < 0.1);
    format!("{:.places$} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_said_in_words() {
        let said = |low, high| slower_by(Behind { low, high });
        assert_eq!(said(0.10, Some(0.14)), "slower by 12 % (10 to 14)");
        assert_eq!(said(0.031, Some(0.052)), "slower by 4.1 % (3.1 to 5.2)");
        assert_eq!(said(0.5, None), "slower by at least 50 %");
        assert_eq!(said(2.0, Some(3.5)), "at least 3.0 times slower");
    }
}

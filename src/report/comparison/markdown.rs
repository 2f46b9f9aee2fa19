use super::facts::Facts;
use super::words::{advice, cell_title, describe, headline, hosts_differ, legend, notes, ratio, table};
use crate::analysis::{Row, Verdict};
use crate::report::escape::escaped;
use crate::report::grid::{Format, lay_out};
use std::fmt::Write;

/// Characters of a whole comment: GitHub takes 65,536.
const LONGEST: usize = 60_000;

/// Rows of the list of what is slower, or faster, and remarks.
const LISTED: usize = 30;

/// A comment for a pull request: the answer, what is slower and faster, the whole table folded
/// away, both sides, how to repeat it. Cells that would make it too long for a comment are
/// counted instead.
#[must_use]
pub fn markdown(rows: &[Row], facts: &Facts) -> String {
    let mut text = format!("### copybench\n\n**{}**\n", headline(rows));
    for (verdict, title) in [(Verdict::Slower, "Slower"), (Verdict::Faster, "Faster")] {
        text.push_str(&listed(rows, facts, verdict, title));
    }
    let end = closing(rows, facts);
    let _ = writeln!(text, "\n<details><summary>All {} comparisons</summary>\n", rows.len());
    let mut left_out = 0;
    for cell in rows.chunk_by(|left, right| left.cell == right.cell) {
        let all: Vec<&Row> = cell.iter().collect();
        let title = Format::Markdown.title(&cell_title(&cell[0].cell, facts));
        let section = format!("{title}\n\n{}\n\n", table(&all, facts, Format::Markdown));
        if text.len() + section.len() + end.len() > LONGEST {
            left_out += cell.len();
        } else {
            text.push_str(&section);
        }
    }
    if left_out > 0 {
        let _ = writeln!(text, "{left_out} more are left out here: a comment is too short for them.\n");
    }
    text + "</details>\n" + &end
}

/// What has one verdict, as a table over all cells, the largest change first.
fn listed(rows: &[Row], facts: &Facts, verdict: Verdict, title: &str) -> String {
    let mut found: Vec<&Row> = rows.iter().filter(|row| row.estimate.verdict == verdict).collect();
    if found.is_empty() {
        return String::new();
    }
    let change = |row: &Row| row.estimate.ratio.map_or(0.0, |ratio| ratio.ln().abs());
    found.sort_by(|left, right| {
        (right.confirmed, change(right))
            .partial_cmp(&(left.confirmed, change(left)))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let header = [title, "ratio", "cell", ""].map(str::to_owned).to_vec();
    let lines = found.iter().take(LISTED).map(|row| -> Vec<String> {
        let words = [row.strategy.clone(), ratio(row.estimate), cell_title(&row.cell, facts)];
        words.into_iter().chain([notes(row, facts).join(", ")]).collect()
    });
    let lines: Vec<Vec<String>> = std::iter::once(header).chain(lines).collect();
    let more = match found.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!("\n\nand {more} more"),
    };
    format!("\n{}{more}\n", lay_out(&lines, |_| false, Format::Markdown))
}

fn closing(rows: &[Row], facts: &Facts) -> String {
    let mut text = format!("\n{}\n\n", escaped(&legend(rows, facts)));
    for (name, side) in ["base", "new"].iter().zip(&facts.sides) {
        let _ = writeln!(text, "- {name}: {}", escaped(&describe(side)));
    }
    let alike = || Some("the hosts are alike".to_owned());
    let remarks = hosts_differ(facts).or_else(alike).into_iter().chain(advice(rows, facts));
    for remark in remarks.chain(facts.remarks.iter().take(LISTED).cloned()) {
        let _ = writeln!(text, "- {}", escaped(&remark));
    }
    if let more @ 1.. = facts.remarks.len().saturating_sub(LISTED) {
        let _ = writeln!(text, "- and {more} more remarks");
    }
    if !facts.repeat.is_empty() {
        let _ = write!(text, "\nTo repeat it:\n\n```sh\n{}\n```\n", facts.repeat.join("\n"));
    }
    text
}

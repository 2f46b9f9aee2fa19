//! Two runs, or two executables in one run, against each other.

mod facts;
mod junit;
mod markdown;
mod words;

pub use facts::{Facts, Side, command_line, commit};
pub use junit::{is_junit, junit};
pub use markdown::markdown;
pub use words::{headline, hosts_differ};

use super::grid::Format;
use crate::analysis::Row;
use std::fmt::Write;
use words::{advice, cell_title, describe, legend, table};

/// An array with one object a row. `raw` is the verdict on the strategy's own time, the numbers
/// behind it stand beside; what cannot be told is null.
///
/// # Errors
/// None that is known; serialisation could refuse.
pub fn json(rows: &[Row]) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(rows)? + "\n")
}

/// Everything in columns of a terminal: the answer, both sides, one table per cell, remarks.
#[must_use]
pub fn text(rows: &[Row], facts: &Facts) -> String {
    let mut text = headline(rows) + "\n\n";
    for (name, side) in ["base", "new "].iter().zip(&facts.sides) {
        let _ = writeln!(text, "{name}  {}", describe(side));
    }
    for cell in rows.chunk_by(|left, right| left.cell == right.cell) {
        let rows: Vec<&Row> = cell.iter().collect();
        let _ =
            writeln!(text, "\n{}\n\n{}", cell_title(&cell[0].cell, facts), table(&rows, facts, Format::Text));
    }
    let _ = writeln!(text, "\n{}", legend(rows, facts));
    for remark in
        hosts_differ(facts).into_iter().chain(advice(rows, facts)).chain(facts.remarks.iter().cloned())
    {
        let _ = writeln!(text, "note: {remark}");
    }
    text
}

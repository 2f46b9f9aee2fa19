use std::fmt::Write;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Columns of a terminal.
    Text,
    /// A table of GitHub's Markdown.
    Markdown,
}

/// Lays rows out in columns, the first row as the heading; `right` tells which columns stand
/// right, as numbers do.
pub(crate) fn lay_out(rows: &[Vec<String>], right: impl Fn(usize) -> bool, format: Format) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(
                |(column, (cell, width))| {
                    if right(column) { format!("{cell:>width$}") } else { format!("{cell:width$}") }
                },
            )
            .collect();
        match format {
            Format::Text => text.push_str(cells.join("  ").trim_end()),
            Format::Markdown => {
                let _ = write!(text, "| {} |", cells.join(" | "));
            }
        }
        text.push('\n');
        if index == 0 && format == Format::Markdown {
            let rules: Vec<&str> =
                (0..columns).map(|column| if right(column) { "--:" } else { "---" }).collect();
            let _ = writeln!(text, "|{}|", rules.join("|"));
        }
    }
    text.pop();
    text
}

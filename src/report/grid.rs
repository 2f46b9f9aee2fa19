use super::escape::escaped;
use std::fmt::Write;

/// Most characters that a column is filled up to: what is longer stands out, and makes no other row
/// as long.
const WIDEST: usize = 200;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Columns of a terminal.
    Text,
    /// A table of GitHub's Markdown.
    Markdown,
}

impl Format {
    /// A text of one line, as it shows whatever characters are in it.
    #[must_use]
    pub fn text(self, text: &str) -> String {
        match self {
            Self::Text => text.to_owned(),
            Self::Markdown => escaped(text),
        }
    }

    /// What stands above a table.
    #[must_use]
    pub fn title(self, text: &str) -> String {
        match self {
            Self::Text => text.to_owned(),
            Self::Markdown => format!("**{}**", escaped(text)),
        }
    }
}

/// Lays rows of text out in columns, the first row as the heading; `right` tells which columns stand
/// right, as numbers do.
pub(crate) fn lay_out(rows: &[Vec<String>], right: impl Fn(usize) -> bool, format: Format) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| format.text(cell)).collect()).collect();
    lay_out_markup(&rows, right, format)
}

/// The same of cells that are written in the format, such as links.
pub(crate) fn lay_out_markup(rows: &[Vec<String>], right: impl Fn(usize) -> bool, format: Format) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let length = |cell: &String| cell.chars().count();
    let width = |column: usize| rows.iter().map(|row| length(&row[column])).max().unwrap_or(0).min(WIDEST);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                let space = " ".repeat(width.saturating_sub(length(cell)));
                if right(column) { space + cell } else { cell.clone() + &space }
            })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_of_any_length_makes_no_other_as_long() {
        let long = "x".repeat(100_000);
        let rows = [["a", "b"], [&long, "1"], ["y", "2"]].map(|row| row.map(str::to_owned).to_vec());
        for format in [Format::Text, Format::Markdown] {
            let text = lay_out(&rows, |column| column == 1, format);
            assert!(text.contains(&long) && text.len() < long.len() + 1000);
        }
    }

    #[test]
    fn markdown_shows_cells_and_titles_as_they_are() {
        let text = lay_out(&[vec!["a|b".to_owned()]], |_| false, Format::Markdown);
        assert!(text.starts_with(r"| a\|b |"), "{text}");
        assert_eq!(Format::Markdown.title("*a*"), r"**\*a\***");
    }
}

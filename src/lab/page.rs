//! The lab's output, for a reader who has the course text beside it.

use super::{Statement, StatementVerdict, Summary};
use std::io::{self, Write};

/// Columns of a line.
const WIDTH: usize = 100;
/// Columns before the words, and before what follows the label.
const INDENT: usize = 12;

pub(super) fn opening(out: &mut dyn Write) -> io::Result<()> {
    let system = rustix::system::uname();
    writeln!(
        out,
        "Statements about memory mapping, tried on {} {} with pages of {} bytes.\n",
        system.sysname().to_string_lossy(),
        system.release().to_string_lossy(),
        crate::sys::page_size()
    )
}

pub(super) fn statement(
    out: &mut dyn Write,
    statement: &Statement,
    seen: &[String],
    verdict: &StatementVerdict,
) -> io::Result<()> {
    block(out, &format!("{:<4}text", statement.id), statement.text)?;
    block(out, "    C", statement.c)?;
    block(out, "    Rust", statement.rust)?;
    for (index, line) in seen.iter().enumerate() {
        block(out, if index == 0 { "    seen" } else { "" }, line)?;
    }
    let (word, reasons): (_, &[String]) = match verdict {
        StatementVerdict::Holds => ("holds", &[]),
        StatementVerdict::Remark(remarks) => ("holds with a remark:", remarks),
        StatementVerdict::Fails(missed) => ("does not hold; expected:", missed),
        StatementVerdict::Untried(reason) => ("could not be tried:", std::slice::from_ref(reason)),
    };
    block(out, "    verdict", word)?;
    for reason in reasons {
        block(out, "", reason)?;
    }
    writeln!(out)
}

pub(super) fn exercises(out: &mut dyn Write, raced: &str) -> io::Result<()> {
    block(out, "W15 text", "Exercise 1: copy a file to a new file with an mmap'd read and an mmap'd write.")?;
    block(
        out,
        "W16 text",
        "Exercise 2: copy a file to a new file with an mmap'd read and a write system call.",
    )?;
    for (index, line) in raced.lines().enumerate() {
        block(out, if index == 0 { "    seen" } else { "" }, line)?;
    }
    writeln!(out)
}

pub(super) fn closing(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    let count = |wanted: fn(&StatementVerdict) -> bool| {
        summary.verdicts.iter().filter(|(_, verdict)| wanted(verdict)).count()
    };
    writeln!(
        out,
        "{} statements: {} hold, {} hold with a remark, {} do not hold, {} could not be tried; {:.1} s.",
        summary.verdicts.len(),
        count(|verdict| matches!(verdict, StatementVerdict::Holds)),
        count(|verdict| matches!(verdict, StatementVerdict::Remark(_))),
        count(|verdict| matches!(verdict, StatementVerdict::Fails(_))),
        count(|verdict| matches!(verdict, StatementVerdict::Untried(_))),
        summary.elapsed.as_secs_f64()
    )
}

/// A label and what belongs to it, wrapped; further lines of the text are kept as lines.
fn block(out: &mut dyn Write, label: &str, text: &str) -> io::Result<()> {
    let mut label = label;
    for line in text.lines().flat_map(|line| wrap(line, WIDTH - INDENT)) {
        writeln!(out, "{}", format!("{label:<INDENT$}{line}").trim_end())?;
        label = "";
    }
    Ok(())
}

/// Breaks a line at blanks; a continuation is indented by two. A line that begins with a blank or
/// fits is kept as it is, since tables and lines of the kernel live by their columns.
fn wrap(line: &str, width: usize) -> Vec<String> {
    if line.starts_with(' ') || line.chars().count() <= width {
        return vec![line.to_owned()];
    }
    let mut lines: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match lines.last_mut() {
            Some(last) if last.chars().count() + 1 + word.chars().count() <= width => {
                last.push(' ');
                last.push_str(word);
            }
            Some(_) => lines.push(format!("  {word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn long_lines_break_and_tables_do_not() {
        assert_eq!(wrap("one two three", 7), ["one two", "  three"]);
        assert_eq!(wrap("  one two three", 7), ["  one two three"]);
        assert_eq!(wrap("one two", 7), ["one two"]);
    }
}

//! A gate as the report of a test run, which the panels of CI services show.

use super::words::ratio;
use crate::analysis::{Row, Verdict};
use std::fmt::Write;

const BEGIN: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"copybench\"";

/// A suite a cell, with a test a strategy: failed where a slowdown is confirmed, skipped where nothing can be told;
/// and tests for what is `wrong`, failed, and for what was `missing`, with an error, each a sentence.
#[must_use]
pub fn junit(rows: &[Row], wrong: &[String], missing: &[String]) -> String {
    let mut suites = Vec::new();
    for cell in rows.chunk_by(|left, right| left.cell == right.cell) {
        let tests = cell.iter().map(|row| (row.strategy.as_str(), outcome(row), said(row))).collect();
        suites.push((cell[0].cell.as_str(), tests));
    }
    let told = |all: &'static str, sentences: &[String], outcome| {
        let tests: Vec<_> = sentences.iter().map(|text| (all, outcome, text.clone())).collect();
        (!tests.is_empty()).then_some((all, tests))
    };
    suites.extend(told("wrong copies", wrong, Some("failure")));
    suites.extend(told("not measured", missing, Some("error")));

    let mut text = String::new();
    for (name, tests) in &suites {
        let _ = writeln!(text, "  <testsuite name=\"{}\"{}>", attribute(name), counts(&tests.iter()));
        for (test, outcome, said) in tests {
            let (test, said, name) = (attribute(test), attribute(said), attribute(name));
            let _ = write!(text, "    <testcase classname=\"{name}\" name=\"{test}\">");
            let _ = match outcome {
                Some(outcome) => write!(text, "<{outcome} message=\"{said}\"/>"),
                None => write!(text, "<system-out>{said}</system-out>"),
            };
            text.push_str("</testcase>\n");
        }
        text.push_str("  </testsuite>\n");
    }
    let all = counts(&suites.iter().flat_map(|(_, tests)| tests));
    format!("{BEGIN}{all}>\n{text}</testsuites>\n")
}

/// Whether a text is of [`junit`].
#[must_use]
pub fn is_junit(text: &str) -> bool {
    text.starts_with(BEGIN)
}

/// A name, the element that tells how it ended unless it passed, and a sentence.
type Test<'a> = (&'a str, Option<&'static str>, String);

fn counts<'a>(tests: &(impl Iterator<Item = &'a Test<'a>> + Clone)) -> String {
    let count = |wanted| tests.clone().filter(|(_, outcome, _)| *outcome == Some(wanted)).count();
    let [failures, errors, skipped] = ["failure", "error", "skipped"].map(count);
    let all = tests.clone().count();
    format!(" tests=\"{all}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

fn outcome(row: &Row) -> Option<&'static str> {
    match row.estimate.verdict {
        Verdict::Slower if row.confirmed => Some("failure"),
        verdict if verdict.is_decided() => None,
        _ => Some("skipped"),
    }
}

fn said(row: &Row) -> String {
    let confirmed = match row.estimate.verdict {
        Verdict::Slower if row.confirmed => ", confirmed",
        Verdict::Slower => ", not confirmed",
        _ => "",
    };
    format!("{} {}{confirmed}", row.estimate.verdict, ratio(row.estimate))
}

/// Text that can stand in an attribute and between elements: what XML has no character for is a question mark.
fn attribute(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('?'),
            character if character.is_control() => escaped.push('?'),
            character => escaped.push(character),
        }
    }
    escaped
}

//! Outcomes for people: at a terminal, and in documents.

use super::all;
use super::claim::{Claim, Trial};
use super::line::ClaimLine;
use super::reader::READERS;
use super::test::Verdict;
use std::fmt::Write;

/// One claim for a terminal.
#[must_use]
pub fn text(claim: &Claim, line: &ClaimLine) -> String {
    let mut text = format!("{:<11} {:<20} {}\n", claim.id, line.verdict.name(), claim.statement);
    let _ = writeln!(text, "            published: {}", claim.published);
    if let (Trial::Here(experiment), Some(_)) = (&claim.trial, line.ratio) {
        let cell = line.cell.as_deref().unwrap_or_default();
        let _ = writeln!(
            text,
            "            seen: {}, {}; to hold: {}; {cell}",
            experiment.figure.describe(),
            figure(line),
            experiment.test
        );
    }
    if let Some(reason) = &line.reason {
        let _ = writeln!(text, "            {reason}");
    }
    let _ = writeln!(text, "            {}", line.source);
    text
}

/// All claims as a Markdown table, a column for each file system of the lines; what could be tried
/// on none of them follows as a list.
#[must_use]
pub fn markdown(lines: &[ClaimLine]) -> String {
    let systems = systems(lines);
    let decided =
        all().filter(|claim| lines.iter().any(|line| line.id == claim.id && is_decided(line))).count();
    let mut text = format!(
        "Of {} claims {decided} hold or are refuted on at least one of {}.\n\n| claim | says | published | holds if | {} |\n|---|---|---|---|{}\n",
        all().count(),
        systems.join(", "),
        systems.join(" | "),
        "---|".repeat(systems.len())
    );
    for claim in all() {
        let Trial::Here(experiment) = &claim.trial else { continue };
        let _ = write!(
            text,
            "| {} | {}: {} | {} | {} {} |",
            linked(claim),
            claim.statement,
            claim.source.author,
            claim.published,
            experiment.figure.describe(),
            experiment.test
        );
        for system in &systems {
            let line = lines.iter().find(|line| line.id == claim.id && line.fs == *system);
            let _ = write!(text, " {} |", line.map_or("–".to_owned(), outcome));
        }
        text.push('\n');
    }
    text.push_str("\nNot to be tried by one machine of this class:\n\n");
    for claim in all() {
        if let Trial::Elsewhere(reason) = claim.trial {
            let _ = writeln!(text, "- {} {}: {reason}.", linked(claim), claim.statement);
        }
    }
    text
}

/// The readers, as a Markdown list.
#[must_use]
pub fn readers() -> String {
    let mut text = String::new();
    for reader in READERS {
        let _ = writeln!(text, "- `{}`: {}", reader.name, reader.summary);
    }
    text
}

/// The outcomes of one claim, a line for each file system.
#[must_use]
pub fn details(id: &str, lines: &[ClaimLine]) -> String {
    let mut text = String::new();
    if let Some(claim) = all().find(|claim| claim.id == id)
        && let Trial::Here(experiment) = &claim.trial
    {
        let (figure, test) = (experiment.figure.describe(), experiment.test);
        let _ = writeln!(text, "{}: {}. {figure}; to hold: {test}.\n", linked(claim), claim.statement);
    }
    for line in lines.iter().filter(|line| line.id == id && line.verdict != Verdict::NotApplicable) {
        let _ = writeln!(text, "- {}: {}", line.fs, outcome(line));
    }
    text
}

/// The same claims on several kernels: a table a file system, a column a kernel; claims that no
/// kernel could try are left out.
#[must_use]
pub fn over_kernels(lines: &[ClaimLine]) -> String {
    let mut kernels: Vec<&str> = Vec::new();
    for line in lines {
        if !kernels.contains(&line.kernel.as_str()) {
            kernels.push(&line.kernel);
        }
    }
    let mut text = String::new();
    for system in systems(lines) {
        let _ = write!(text, "\n{system}\n\n{:<11}", "claim");
        for kernel in &kernels {
            let _ = write!(text, "  {kernel:<28}");
        }
        text.push('\n');
        for claim in all() {
            let of = |kernel: &&str| {
                lines.iter().find(|line| line.id == claim.id && line.fs == system && line.kernel == *kernel)
            };
            let outcomes: Vec<String> =
                kernels.iter().map(|kernel| of(kernel).map_or_else(|| "–".to_owned(), outcome)).collect();
            if outcomes.iter().any(|outcome| outcome != "–") {
                let _ = write!(text, "{:<11}", claim.id);
                for outcome in outcomes {
                    let _ = write!(text, "  {outcome:<28}");
                }
                let _ = writeln!(text, "  {}", claim.statement);
            }
        }
    }
    text
}

/// Verdict and figure in the few words of a cell.
#[must_use]
pub fn outcome(line: &ClaimLine) -> String {
    match line.verdict {
        Verdict::NotApplicable => "–".to_owned(),
        verdict => format!("{verdict}: {}", figure(line)),
    }
}

fn figure(line: &ClaimLine) -> String {
    match (line.ratio, line.low, line.high) {
        (Some(value), Some(low), Some(high)) if low < high => {
            format!("{} ({} to {})", digits(value), digits(low), digits(high))
        }
        (Some(value), ..) => digits(value),
        _ => "nothing measured".to_owned(),
    }
}

fn digits(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

fn linked(claim: &Claim) -> String {
    let link = claim.source.link;
    if link.starts_with("https://") || link.starts_with("http://") {
        format!("[{}]({link})", claim.id)
    } else {
        claim.id.to_owned()
    }
}

fn is_decided(line: &ClaimLine) -> bool {
    matches!(line.verdict, Verdict::Holds | Verdict::Refuted)
}

fn systems(lines: &[ClaimLine]) -> Vec<&str> {
    let mut systems: Vec<&str> = Vec::new();
    for line in lines {
        if !systems.contains(&line.fs.as_str()) {
            systems.push(&line.fs);
        }
    }
    systems
}

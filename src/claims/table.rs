//! Outcomes for people: at a terminal, and in documents.

use super::all;
use super::claim::{Claim, Trial};
use super::line::ClaimLine;
use super::reader::READERS;
use super::test::ClaimVerdict;
use crate::analysis::kernels::{age, version};
use crate::report::grid::Format;
use crate::report::grid::lay_out_markup;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// One claim for a terminal.
pub fn text(claim: &Claim, line: &ClaimLine) -> String {
    let mut text = format!("{:<11} {:<20} {}\n", claim.id, line.verdict.name(), claim.statement);
    let _ = writeln!(text, "            published: {}", claim.published);
    if let (Some(what), Some(test), Some(_)) = (claim.figure(), claim.test(), line.ratio) {
        let cell = line.cell.as_deref().unwrap_or_default();
        let _ = writeln!(text, "            seen: {what}, {}; to hold: {test}; {cell}", figure(line));
    }
    if let Some(reason) = &line.reason {
        let _ = writeln!(text, "            {reason}");
    }
    let _ = writeln!(text, "            {}", line.source);
    text
}

/// All claims as a Markdown table, a column for each file system of the lines; what could be tried
/// on none of them follows as a list.
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
    text.push_str(
        "\nBetween two kernels, by `copybench kernels --claims` ([docs/kernels.md](docs/kernels.md)):\n\n",
    );
    for claim in all().filter(|claim| matches!(claim.trial, Trial::Kernels(_))) {
        let _ = writeln!(text, "- {} {}.", linked(claim), claim.statement);
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
pub fn readers() -> String {
    let mut text = String::new();
    for reader in READERS {
        let _ = writeln!(text, "- `{}`: {}", reader.name, reader.summary);
    }
    text
}

/// The outcomes of one claim, a line for each file system.
pub fn details(id: &str, lines: &[ClaimLine]) -> String {
    let mut text = String::new();
    if let Some(claim) = all().find(|claim| claim.id == id)
        && let Some((figure, test)) = claim.figure().zip(claim.test())
    {
        let _ = writeln!(text, "{}: {}. {figure}; to hold: {test}.\n", linked(claim), claim.statement);
    }
    for line in lines.iter().filter(|line| line.id == id && line.verdict != ClaimVerdict::NotApplicable) {
        let _ = writeln!(text, "- {}: {}", line.fs, outcome(line));
    }
    text
}

/// The same claims on several kernels: a table a file system, a column a kernel; claims that no
/// kernel could try are left out. A claim about a change stands at the kernel that has it.
pub fn over_kernels(lines: &[ClaimLine], format: Format) -> String {
    let mut kernels: Vec<&str> = Vec::new();
    for line in lines {
        if !kernels.contains(&line.kernel.as_str()) {
            kernels.push(&line.kernel);
        }
    }
    kernels.sort_by_key(|kernel| age(kernel));
    let mut text = String::new();
    for system in systems(lines) {
        let versions = kernels.iter().map(|kernel| format.text(version(kernel)));
        let head = std::iter::once("claim".to_owned()).chain(versions).chain(["says".to_owned()]);
        let mut rows: Vec<Vec<String>> = vec![head.collect()];
        for claim in all() {
            let of = |kernel: &&str| {
                lines.iter().find(|line| line.id == claim.id && line.fs == system && line.kernel == *kernel)
            };
            let outcomes: Vec<String> =
                kernels.iter().map(|kernel| of(kernel).map_or_else(|| "–".to_owned(), outcome)).collect();
            if outcomes.iter().any(|outcome| outcome != "–") {
                let id = match format {
                    Format::Text => claim.id.to_owned(),
                    Format::Markdown => linked(claim),
                };
                rows.push([vec![id], outcomes, vec![claim.statement.to_owned()]].concat());
            }
        }
        let _ = write!(text, "\n{}\n\n", format.title(system));
        let _ = writeln!(text, "{}", lay_out_markup(&rows, |_| false, format));
    }
    text
}

/// How alike several runs of the same claims on one machine are, in a sentence.
pub fn agreement(runs: &[Vec<ClaimLine>]) -> String {
    let mut verdicts: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for line in runs.iter().flatten().filter(|line| line.verdict != ClaimVerdict::NotApplicable) {
        verdicts.entry((&line.id, &line.fs)).or_default().insert(line.verdict.name());
    }
    let alike = verdicts.values().filter(|seen| seen.len() == 1).count();
    let turned: Vec<String> = verdicts
        .iter()
        .filter(|(_, seen)| {
            [ClaimVerdict::Holds, ClaimVerdict::Refuted].iter().all(|one| seen.contains(one.name()))
        })
        .map(|((id, fs), _)| format!("{id} on {fs}"))
        .collect();
    format!(
        "In {} runs in a row {alike} of {} outcomes were the same each time, {} were `can't tell` in some of the runs, \
         and {} held in one and were refuted in another{}.\n",
        runs.len(),
        verdicts.len(),
        verdicts.len() - alike - turned.len(),
        if turned.is_empty() { "none".to_owned() } else { turned.len().to_string() },
        if turned.is_empty() { String::new() } else { format!(": {}", turned.join(", ")) },
    )
}

/// The lines of claims that hold on one kernel and are refuted on another, and of those about
/// changes.
pub fn turned(lines: &[ClaimLine]) -> Vec<ClaimLine> {
    let alike = |one: &ClaimLine, other: &ClaimLine| (&one.id, &one.fs) == (&other.id, &other.fs);
    let some = |line: &ClaimLine, verdict| lines.iter().any(|one| alike(one, line) && one.verdict == verdict);
    let turns = |line: &ClaimLine| some(line, ClaimVerdict::Holds) && some(line, ClaimVerdict::Refuted);
    let is_of_a_change = |line: &ClaimLine| {
        is_decided(line) && all().any(|claim| claim.id == line.id && matches!(claim.trial, Trial::Kernels(_)))
    };
    lines.iter().filter(|line| turns(line) || is_of_a_change(line)).cloned().collect()
}

/// Verdict and figure in the few words of a cell.
pub fn outcome(line: &ClaimLine) -> String {
    match line.verdict {
        ClaimVerdict::NotApplicable => "–".to_owned(),
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
    matches!(line.verdict, ClaimVerdict::Holds | ClaimVerdict::Refuted)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Clock;

    fn line(id: &str, verdict: ClaimVerdict) -> ClaimLine {
        let claim = all().find(|claim| claim.id == id).unwrap();
        ClaimLine { verdict, ..ClaimLine::new(claim, "ext4", Clock::Wall) }
    }

    #[test]
    fn runs_that_disagree_are_told_by_how_much() {
        let run = |first, second| {
            vec![line("C03", first), line("C13", second), line("C74", ClaimVerdict::NotApplicable)]
        };
        let alike = [
            run(ClaimVerdict::Holds, ClaimVerdict::Refuted),
            run(ClaimVerdict::Holds, ClaimVerdict::Unclear),
        ];
        let text = "In 2 runs in a row 1 of 2 outcomes were the same each time, 1 were `can't tell` in some of the runs, \
                    and none held in one and were refuted in another.\n";
        assert_eq!(agreement(&alike), text);
        let turned = [
            run(ClaimVerdict::Holds, ClaimVerdict::Refuted),
            run(ClaimVerdict::Refuted, ClaimVerdict::Refuted),
        ];
        assert!(
            agreement(&turned).ends_with("and 1 held in one and were refuted in another: C03 on ext4.\n")
        );
    }

    #[test]
    fn only_what_turns_between_kernels_or_is_about_a_change_is_kept() {
        let on = |kernel: &str, line: ClaimLine| ClaimLine { kernel: kernel.to_owned(), ..line };
        let lines = [
            on("6.1", line("C03", ClaimVerdict::Holds)),
            on("7.2", line("C03", ClaimVerdict::Refuted)),
            on("6.1", line("C13", ClaimVerdict::Holds)),
            on("7.2", line("C13", ClaimVerdict::Unclear)),
            on("7.2", line("C50", ClaimVerdict::Holds)),
            on("7.2", line("C51", ClaimVerdict::NotApplicable)),
        ];
        let kept: Vec<_> = turned(&lines).into_iter().map(|line| line.id).collect();
        assert_eq!(kept, ["C03", "C03", "C50"]);
        let text = over_kernels(&lines, Format::Text);
        let head = text.lines().find(|line| line.starts_with("claim")).unwrap();
        assert_eq!(head.split_whitespace().collect::<Vec<_>>(), ["claim", "6.1", "7.2", "says"]);
        let row = text.lines().find(|line| line.starts_with("C50")).unwrap();
        assert!(row.contains(" – ") && row.contains("holds"), "{row}");
    }
}

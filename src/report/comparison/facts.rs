use crate::analysis::host::{Difference, differences_of_runs};
use crate::analysis::remarks::remarks;
use crate::analysis::{Margin, Measurements};
use crate::record::{CellLine, Clock, Commit, RunLine};
use std::collections::BTreeMap;

/// What a report of a comparison says beside its rows.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The base side, then the new side.
    pub sides: [Side; 2],
    /// Cells by id.
    pub cells: BTreeMap<String, CellLine>,
    /// Differences inside it are none.
    pub margin: Margin,
    /// Unit of all times.
    pub clock: Clock,
    /// Whether two builds were measured in turn, each strategy against itself.
    pub in_turn: bool,
    /// Fields in which the hosts differ.
    pub differences: Vec<Difference>,
    /// Sentences on what has no row and what no verdict can rest on.
    pub remarks: Vec<String>,
    /// Command lines that measure and compare the same again.
    pub repeat: Vec<String>,
}

/// Where the measurements of one side come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Commits of the executables, shortened, in the order of the runs; each once.
    pub commits: Vec<String>,
    /// Hosts and their kernels, each once.
    pub hosts: Vec<String>,
    /// When the runs began.
    pub started: Vec<String>,
}

impl Facts {
    /// Of runs made at different times.
    #[must_use]
    pub fn of_sides(base: &Measurements, new: &Measurements, margin: Margin) -> Self {
        let mut cells = base.cells.clone();
        cells.extend(new.cells.clone());
        Self {
            sides: [Side::of(&base.runs), Side::of(&new.runs)],
            cells,
            margin,
            clock: base.clock().unwrap_or(Clock::Wall),
            in_turn: false,
            differences: differences_of_runs(&base.runs, &new.runs),
            remarks: remarks(base, new, ["this", "this"]),
            repeat: commands(base.runs.iter().chain(&new.runs)),
        }
    }

    /// Of two executables that were measured in turn.
    #[must_use]
    pub fn of_arms(both: &Measurements, margin: Margin) -> Self {
        let new = Side::of(&both.runs);
        let old = once(both.runs.iter().filter_map(|run| run.against.as_ref()).map(commit));
        Self {
            sides: [Side { commits: old, ..new.clone() }, new],
            cells: both.cells.clone(),
            margin,
            clock: both.clock().unwrap_or(Clock::Wall),
            in_turn: true,
            differences: differences_of_runs(&both.runs, &[]),
            remarks: remarks(both, both, ["old", "this"]),
            repeat: commands(both.runs.iter()),
        }
    }
}

impl Side {
    fn of(runs: &[RunLine]) -> Self {
        let host = |run: &RunLine| format!("{}, Linux {}", run.host.label, run.host.kernel);
        Self {
            commits: once(runs.iter().map(|run| commit(&run.commit))),
            hosts: once(runs.iter().map(host)),
            started: once(runs.iter().map(|run| run.started.clone())),
        }
    }
}

/// The commit as people write it.
#[must_use]
pub fn commit(commit: &Commit) -> String {
    let short: String = commit.sha.chars().take(12).collect();
    if commit.dirty { format!("{short} with changes") } else { short }
}

fn commands<'a>(runs: impl Iterator<Item = &'a RunLine>) -> Vec<String> {
    once(runs.filter(|run| !run.argv.is_empty()).map(|run| command_line(&run.argv)))
}

fn once(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for one in all {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

/// Arguments as a line for a shell. Control characters become spaces: the line may stand in
/// documents.
#[must_use]
pub fn command_line(arguments: &[String]) -> String {
    let quoted = |argument: &String| {
        let clean = argument.replace(char::is_control, " ");
        let plain = |c: char| c.is_alphanumeric() || "-_./,:=+@%".contains(c);
        if !clean.is_empty() && clean.chars().all(plain) {
            clean
        } else {
            format!("'{}'", clean.replace('\'', r"'\''"))
        }
    };
    arguments.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_change_is_quoted() {
        let line = |arguments: &[&str]| {
            command_line(&arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(line(&["copybench", "run", "--margin", "2%"]), "copybench run --margin 2%");
        assert_eq!(line(&["mmap-*", "", "it's", "a\nb"]), r"'mmap-*' '' 'it'\''s' 'a b'");
    }
}

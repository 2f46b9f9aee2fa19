//! How often comparisons were right, from series that made the same one many times over, as
//! Markdown for documents.

use super::calibration::{Calibration, Detection};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// One table that `scripts/repeat-comparisons` wrote: a line a repeat, a column by name.
#[derive(Clone, Debug)]
pub struct Repeats {
    lines: Vec<BTreeMap<String, String>>,
}

impl Repeats {
    /// From tab-separated text whose first line names the columns.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut rows = text.lines().map(|line| line.split('\t'));
        let names: Vec<&str> = rows.next().map(Iterator::collect).unwrap_or_default();
        let line = |values: std::str::Split<'_, char>| {
            names.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect()
        };
        Self { lines: rows.map(line).collect() }
    }

    /// Numbers of a column on the lines of one side.
    fn numbers(&self, side: &str, column: &str) -> Vec<u64> {
        let lines = self.lines.iter().filter(|line| line.get("side").is_some_and(|found| found == side));
        lines.filter_map(|line| line.get(column)?.parse().ok()).collect()
    }

    fn count(&self, side: &str, column: &str, wanted: impl Fn(u64) -> bool) -> String {
        let numbers = self.numbers(side, column);
        format!("{} of {}", numbers.iter().filter(|number| wanted(**number)).count(), numbers.len())
    }

    fn middle(&self, side: &str, column: &str) -> u64 {
        let mut numbers = self.numbers(side, column);
        numbers.sort_unstable();
        numbers.get(numbers.len() / 2).copied().unwrap_or_default()
    }
}

/// Calibrations, a row each.
#[must_use]
pub fn calibrations(found: &[Calibration]) -> String {
    let slowdowns: BTreeSet<String> = found.iter().flat_map(rates).map(|(slowdown, _)| slowdown).collect();
    let mut slowdowns: Vec<String> = slowdowns.into_iter().collect();
    slowdowns.sort_by_key(|slowdown| (slowdown.len(), slowdown.clone()));
    let titles: String = slowdowns.iter().map(|slowdown| format!(" {slowdown} found |")).collect();
    let mut text = format!(
        "| strategy and cell | races | said within | after | winner farther off | the same called slower |{titles}\n\
         |---|--:|--:|--:|--:|--:|{}\n",
        "--:|".repeat(slowdowns.len())
    );
    for one in found {
        let conditions = &one.conditions;
        let cell = conditions.cell.replace('|', " ");
        let within = one.within.map_or_else(String::new, percent);
        let seconds = one.seconds.map_or_else(String::new, |seconds| format!("{seconds:.1} s"));
        let rates: BTreeMap<String, String> = rates(one).collect();
        let found: String = slowdowns
            .iter()
            .map(|slowdown| format!(" {} |", rates.get(slowdown).map_or("–", String::as_str)))
            .collect();
        let _ = writeln!(
            text,
            "| {}, {cell} | {} | {within} | {seconds} | {} of {} | {} of {} |{found}",
            conditions.strategy,
            one.trials / 2,
            one.wrong_winners,
            one.decided,
            one.false_alarms,
            one.trials
        );
    }
    text
}

fn rates(one: &Calibration) -> impl Iterator<Item = (String, String)> {
    let rate = |rate: &Detection| (percent(rate.slowdown), format!("{} of {}", rate.detected, rate.trials));
    one.rates.iter().map(rate)
}

/// Series of `compare` between runs, and of the gate between builds.
#[must_use]
pub fn comparisons(compare: &Repeats, gate: &Repeats) -> String {
    let mut text =
        "| series | no false `slower` | rows `same`, in the median | real slowdown found | seconds |\n\
                    |---|--:|--:|--:|--:|\n"
            .to_owned();
    let verdicts = ["same", "slower", "faster", "unclear"];
    let rows: u64 =
        verdicts.iter().filter_map(|verdict| compare.numbers("same", verdict).first().copied()).sum();
    let _ = writeln!(
        text,
        "| `compare`: two runs | {} | {} of {rows} | {} | {} |",
        compare.count("same", "slower", |count| count == 0),
        compare.middle("same", "same"),
        compare.count("slowed", "found", |found| found > 0),
        compare.middle("same", "seconds"),
    );
    let _ = writeln!(
        text,
        "| `run --against --gate`: two builds in turn | {} | – | {} | {} |",
        gate.count("same", "exit", |exit| exit == 0),
        gate.count("slowed", "exit", |exit| exit == 1),
        gate.middle("same", "seconds"),
    );
    text
}

fn percent(fraction: f64) -> String {
    format!("{} %", (fraction * 1000.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_told() {
        let compare = "side\tsame\tslower\tfaster\tunclear\tfound\tseconds\nsame\t28\t0\t0\t4\t0\t40\n\
                       slowed\t23\t4\t0\t5\t4\t40\nsame\t20\t1\t0\t11\t0\t41\nsame\t26\t0\t0\t6\t0\t40\n";
        let gate = "side\texit\tseconds\tslower\nsame\t0\t60\t\nslowed\t1\t70\tsendfile\nslowed\t0\t50\t\n";
        let text = comparisons(&Repeats::parse(compare), &Repeats::parse(gate));
        let rows: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(rows[0], "| `compare`: two runs | 2 of 3 | 26 of 32 | 1 of 1 | 40 |");
        assert_eq!(rows[1], "| `run --against --gate`: two builds in turn | 1 of 1 | – | 1 of 2 | 60 |");
    }
}

//! How often answers were right, from series that asked for the same one many times over, as Markdown
//! for documents.

use super::calibration::{Calibration, Detection};
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// One table that `scripts/repeat-comparisons` or `scripts/repeat-races` wrote: a line a repeat, a column by
/// name.
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
        quantile(self.numbers(side, column), 0.5, u64::cmp).unwrap_or_default()
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

/// What an answer that says nothing of its own error is held to.
const ALLOWED: f64 = 0.02;

/// Answers to which strategy is fastest, a row for each cell and procedure. One is wrong where the strategy
/// that it names is behind the pooled truth's leader by more than it said, and not by chance.
pub fn races(found: &Repeats) -> String {
    let (truth, answers): (Vec<Answer<'_>>, Vec<_>) =
        found.lines.iter().map(Answer::of).partition(|answer| answer.side == "truth");
    let mut series: BTreeMap<(&str, &str), Vec<Answer<'_>>> = BTreeMap::new();
    for answer in answers {
        series.entry((answer.cell, answer.side)).or_default().push(answer);
    }
    let mut table =
        "| cell | asked | answers | named | said within | seconds: median, 90 % | farther off |\n\
                     |---|---|--:|---|--:|--:|--:|\n"
            .to_owned();
    for ((cell, side), answers) in series {
        let mut named: BTreeMap<&str, usize> = BTreeMap::new();
        for answer in &answers {
            *named.entry(answer.strategy).or_default() += 1;
        }
        let mut named: Vec<(&str, usize)> = named.into_iter().collect();
        named.sort_by_key(|(_, times)| Reverse(*times));
        let named: Vec<String> = named.iter().map(|(name, times)| format!("`{name}` {times}×")).collect();
        let within = quantile(answers.iter().filter_map(|answer| answer.within), 0.5, f64::total_cmp);
        let seconds = [0.5, 0.9].map(|share| {
            let seconds = answers.iter().filter_map(|answer| answer.seconds);
            quantile(seconds, share, f64::total_cmp)
                .map_or_else(String::new, |seconds| format!("{seconds:.0}"))
        });
        let known: Vec<bool> = answers.iter().filter_map(|answer| answer.is_wrong(&truth)).collect();
        let _ = writeln!(
            table,
            "| {} | {side} | {} | {} | {} | {} | {} of {} |",
            cell.replace('|', " "),
            answers.len(),
            named.join(", "),
            within.map_or_else(|| "–".to_owned(), percent),
            seconds.join(", "),
            known.iter().filter(|wrong| **wrong).count(),
            known.len(),
        );
    }
    table
}

/// A line of `scripts/repeat-races`.
struct Answer<'a> {
    side: &'a str,
    cell: &'a str,
    strategy: &'a str,
    /// How far off it may be, as it said; of the truth, how far off it is.
    within: Option<f64>,
    /// How far off it is at least.
    low: Option<f64>,
    seconds: Option<f64>,
}

impl<'a> Answer<'a> {
    fn of(line: &'a BTreeMap<String, String>) -> Self {
        let text = |column: &str| line.get(column).map_or("", String::as_str);
        let number = |column: &str| text(column).parse().ok();
        Self {
            side: text("side"),
            cell: text("cell"),
            strategy: text("strategy"),
            within: number("within"),
            low: number("low"),
            seconds: number("seconds"),
        }
    }

    /// None where the truth does not know.
    fn is_wrong(&self, truth: &[Self]) -> Option<bool> {
        let known = truth.iter().find(|one| (one.cell, one.strategy) == (self.cell, self.strategy))?;
        Some(known.low? > self.within.unwrap_or(ALLOWED))
    }
}

/// The value that is nearest to having a share of them below it.
fn quantile<T: Copy>(
    values: impl IntoIterator<Item = T>,
    share: f64,
    order: impl Fn(&T, &T) -> Ordering,
) -> Option<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_by(order);
    let last = values.len().checked_sub(1)?;
    values.get((last as f64 * share).round() as usize).copied()
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

    #[test]
    fn an_answer_is_wrong_where_it_is_farther_off_than_it_said() {
        let text = "side\tcell\tstrategy\twithin\tlow\tseconds\n\
                    race\tc|d\ta\t0.02\t\t4.2\nrace\tc|d\tb\t0.01\t\t5\nrace\tc|d\tb\t0.05\t\t6\n\
                    hyperfine\tc|d\tb\t\t\t12\nhyperfine\tc|d\tz\t\t\t12\n\
                    truth\tc|d\ta\t0\t0\t\ntruth\tc|d\tb\t0.04\t0.03\t\n";
        let text = races(&Repeats::parse(text));
        let rows: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(rows[0], "| c d | hyperfine | 2 | `b` 1×, `z` 1× | – | 12, 12 | 1 of 1 |");
        assert_eq!(rows[1], "| c d | race | 3 | `b` 2×, `a` 1× | 2 % | 5, 6 | 1 of 3 |");
    }
}

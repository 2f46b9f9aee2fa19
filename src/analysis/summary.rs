//! One run by itself: what each strategy of a cell takes, and how it stands against the base.

use super::kind::PHYSICAL_LIMIT;
use super::pairs::{by_process, differences};
use super::ratio::{Difference, Prior};
use super::series::{Measurements, Series};
use super::table::verdicts;
use super::{Interval, Kind, Margin, Verdict, median};
use crate::record::Clock;
use crate::record::is_limit;
use serde::Serialize;
use std::collections::BTreeMap;

/// Share of false ones among the differences that a cell's table calls.
const ALPHA: f64 = 0.05;

/// A strategy in a cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Name of the strategy.
    pub strategy: String,
    /// What became of the data.
    pub kind: Kind,
    /// Number of samples.
    pub samples: usize,
    /// Number of timed copies.
    pub copies: u64,
    /// Median time, in the unit of the run's clock.
    pub median: f64,
    /// Where what is typical lies with 95 %; none for a single sample.
    pub interval: Option<Interval>,
    /// Bytes copied per second at the median; none under a clock that does not count time.
    pub bytes_per_second: Option<f64>,
    /// Against the base strategy; none for the base itself and without it.
    pub relative: Option<Relative>,
    /// Its speed as a fraction of the machine's limit in the same rounds; none where that was not
    /// measured, or where no data was copied.
    pub of_limit: Option<f64>,
}

/// A strategy against the base of its cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Relative {
    /// Base time over the strategy's: more than 1 is faster.
    pub ratio: f64,
    /// Its interval; of a single process, which cannot show what processes differ by, too narrow.
    /// None where nothing shows how far the ratio may be off.
    pub interval: Option<Interval>,
    /// What the interval says against the margin, as one of the cell's table; unclear for a single
    /// process.
    pub verdict: Verdict,
    /// Processes that measured both.
    pub processes: usize,
}

impl Summary {
    /// Bytes copied per second at the ends of the interval.
    #[must_use]
    pub fn speeds(&self) -> Option<Interval> {
        let at = |time: f64| self.bytes_per_second.map(|speed| speed * self.median / time);
        let interval = self.interval?;
        Some(Interval { low: at(interval.high)?, high: at(interval.low)? })
    }
}

/// All strategies of a cell, fastest first; empty for a cell without samples.
#[must_use]
pub fn summarise(all: &Measurements, cell: &str, arm: &str, base: &str, margin: Margin) -> Vec<Summary> {
    let is_time = all.runs.iter().all(|run| run.clock == Clock::Wall);
    let arms: Vec<(&str, &Series)> = (all.series.get(cell).into_iter().flatten())
        .filter_map(|(name, arms)| Some((name.as_str(), arms.get(arm)?)))
        .collect();
    let mut relatives = relatives(&arms, base, margin);
    let summary = |&(name, series): &(&str, &Series)| {
        let times: Vec<f64> = series.observations.iter().map(|value| value.time).collect();
        let median = median(&times)?;
        let kind = series.kind(name);
        Some(Summary {
            strategy: name.to_owned(),
            kind,
            samples: times.len(),
            copies: series.copies,
            median,
            interval: interval_of_time(series, median),
            bytes_per_second: is_time.then(|| series.bytes as f64 / median * 1e9),
            relative: relatives.remove(name),
            of_limit: speed_of(all, [cell, name, arm], PHYSICAL_LIMIT).filter(|_| kind == Kind::Copied),
        })
    };
    let mut summaries: Vec<Summary> = arms.iter().filter_map(summary).collect();
    summaries.sort_by(|left, right| left.median.total_cmp(&right.median));
    summaries
}

/// Speed of a strategy as a fraction of that of a limit in the same rounds.
#[must_use]
pub fn speed_of(all: &Measurements, [cell, strategy, arm]: [&str; 3], limit: &str) -> Option<f64> {
    let (limit, series) = (all.get(cell, limit, arm)?, all.get(cell, strategy, arm)?);
    Some((-Difference::typical(&differences(limit, series))?).exp())
}

/// Each arm against that of `base`, if there is one.
fn relatives<'a>(arms: &[(&'a str, &Series)], base: &str, margin: Margin) -> BTreeMap<&'a str, Relative> {
    let mut found = BTreeMap::new();
    let Some((_, base_series)) = arms.iter().find(|(name, _)| *name == base) else { return found };
    let prior = Prior::of_arms(arms.iter().map(|(_, series)| *series));
    // Limits are no strategies, so that they are a table of their own.
    for limits in [false, true] {
        let others = arms.iter().filter(|(name, _)| *name != base && is_limit(name) == limits);
        let others: Vec<_> =
            others.map(|(name, series)| (*name, *series, differences(base_series, series))).collect();
        let difference = |(_, series, pairs): &(_, &Series, Vec<_>)| {
            let sound = base_series.broken + series.broken == 0;
            sound.then(|| Difference::of(pairs, &prior)).flatten()
        };
        let table: Vec<Option<Difference>> = others.iter().map(difference).collect();
        for ((name, _, pairs), judged) in others.iter().zip(verdicts(&table, margin, ALPHA)) {
            let Some(typical) = Difference::typical(pairs) else { continue };
            let relative = Relative {
                ratio: (-typical).exp(),
                interval: judged.map(|(estimate, _)| estimate.interval()),
                verdict: judged.map_or(Verdict::Unclear, |(_, verdict)| verdict),
                processes: pairs.len(),
            };
            found.insert(*name, relative);
        }
    }
    found
}

/// The interval is that of the trimmed mean, which a skewed median may lie outside of.
fn interval_of_time(series: &Series, median: f64) -> Option<Interval> {
    let processes: Vec<Vec<f64>> = by_process(series).into_values().collect();
    let interval = Difference::of(&processes, &Prior::default())?.interval(ALPHA).exp();
    Some(interval.hull(Interval { low: median, high: median }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::example::{Example, Noise, sample};

    const NOISE: Noise = Noise { round: 0.2, sample: 0.01, process: 0.0 };
    const STRATEGIES: [(&str, f64); 3] = [("base", 0.0), ("fast", -0.1), ("same", 0.0)];

    #[test]
    fn rounds_cancel_what_they_share() {
        let all = Example::default().measured(("c", "this"), &STRATEGIES, (4, 48), NOISE, 7);
        let summaries = summarise(&all.measurements(), "c", "this", "base", Margin::default());
        assert_eq!(summaries[0].strategy, "fast");
        let fast = summaries[0].relative.unwrap();
        assert_eq!((fast.verdict, fast.processes), (Verdict::Faster, 4));
        let interval = fast.interval.unwrap();
        assert!(interval.low < 0.1_f64.exp() && 0.1_f64.exp() < interval.high);
        let same = summaries.iter().find(|summary| summary.strategy == "same").unwrap();
        assert_eq!(same.relative.unwrap().verdict, Verdict::Same);
        let base = summaries.iter().find(|summary| summary.strategy == "base").unwrap();
        assert_eq!((base.relative, base.samples), (None, 48 * 4));
        let expected = f64::from(1 << 20) / base.median * 1e9;
        assert_eq!(base.bytes_per_second, Some(expected));
        let time = base.interval.unwrap();
        assert!(time.low <= base.median && base.median <= time.high);
    }

    #[test]
    fn one_process_has_an_interval_but_no_verdict() {
        let all = Example::default().measured(("c", "this"), &STRATEGIES, (1, 48), NOISE, 7);
        let summaries = summarise(&all.measurements(), "c", "this", "base", Margin::default());
        let fast = summaries[0].relative.unwrap();
        assert!(fast.interval.unwrap().low > 1.05);
        assert_eq!((fast.verdict, fast.processes), (Verdict::Unclear, 1));
    }

    #[test]
    fn samples_outside_rounds_are_one_value_a_process() {
        let quiet = Noise { round: 0.01, ..NOISE };
        let mut all = Example::default().measured(("c", "this"), &STRATEGIES, (5, 48), quiet, 7).run();
        for line in &mut all.samples {
            line.round = None;
        }
        let all = Measurements::from_runs(&[all]);
        let summaries = summarise(&all, "c", "this", "base", Margin::default());
        let fast = summaries[0].relative.unwrap();
        assert_eq!((fast.verdict, fast.processes), (Verdict::Faster, 5));
    }

    #[test]
    fn zero_times_carry_no_interval() {
        let mut zero = sample("c", "other", 40, 0.0);
        zero.copies.elapsed = vec![0];
        let all =
            Example::default().measured(("c", "this"), &[("base", 0.0), ("other", -1.0)], (3, 12), NOISE, 1);
        let relative = |example: Example| {
            summarise(&example.measurements(), "c", "this", "base", Margin::default())[0].relative.unwrap()
        };
        let broken = relative(all.with(zero));
        assert_eq!((broken.verdict, broken.interval), (Verdict::Unclear, None));
        assert!((broken.ratio.ln() - 1.0).abs() < 0.02);
        assert!(summarise(&Measurements::default(), "c", "this", "base", Margin::default()).is_empty());
    }
}

//! One run by itself: what each strategy of a cell takes, and how it stands against the base.

use super::contrast::{Contrast, Prior};
use super::interval::{interval_at, median_interval};
use super::kind::PHYSICAL_LIMIT;
use super::looks::Looks;
use super::pairing::{by_process, ln_ratios};
use super::series::{Measurements, Series};
use super::{Interval, Kind, Margin, Verdict, median};
use crate::record::Clock;
use crate::record::is_limit;
use serde::Serialize;

/// Chance that any verdict of a cell's table is wrong.
const ERROR: f64 = 0.05;

/// Processes from which their spread is a better witness than their rounds.
const ENOUGH_PROCESSES: usize = 3;

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
    /// Its order-statistic interval at 95 %; none for too few samples.
    pub interval: Option<Interval>,
    /// Bytes copied per second at the median; none under a clock that does not count time.
    pub bytes_per_second: Option<f64>,
    /// Against the base strategy; none for the base itself and without it.
    pub relative: Option<Relative>,
    /// Its speed as a fraction of the machine's limit in the same rounds; none where that was not
    /// measured, or where no data was copied.
    pub of_limit: Option<f64>,
}

/// A strategy against another of its cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Relative {
    /// Other's time over the strategy's: more than 1 is faster.
    pub ratio: f64,
    /// Its interval, corrected for the cell's table and for looking while measuring; none where
    /// the data carry none.
    pub interval: Option<Interval>,
    /// What the interval says against the margin.
    pub verdict: Verdict,
    /// Whether both were measured in the same rounds.
    pub paired: bool,
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
    let Some(strategies) = all.series.get(cell) else { return Vec::new() };
    let is_time = all.runs.iter().all(|run| run.clock == Clock::Wall);
    let base_series = all.get(cell, base, arm);
    let comparisons = strategies.keys().filter(|name| !is_limit(name)).count().saturating_sub(1);
    let summary = |name: &String| {
        let series = all.get(cell, name, arm)?;
        let times: Vec<f64> = series.observations.iter().map(|value| value.time).collect();
        let median = median(&times)?;
        let relative =
            base_series.filter(|_| name != base).and_then(|base| relative(base, series, comparisons, margin));
        let kind = Kind::of(name, series);
        Some(Summary {
            strategy: name.clone(),
            kind,
            samples: times.len(),
            copies: series.copies,
            median,
            interval: median_interval(&times, 0.95),
            bytes_per_second: is_time.then(|| series.bytes as f64 / median * 1e9),
            relative,
            of_limit: speed_of(all, [cell, name, arm], PHYSICAL_LIMIT).filter(|_| kind == Kind::Copied),
        })
    };
    let mut summaries: Vec<Summary> = strategies.keys().filter_map(summary).collect();
    summaries.sort_by(|left, right| left.median.total_cmp(&right.median));
    summaries
}

/// Speed of a strategy as a fraction of that of a limit in the same rounds.
#[must_use]
pub fn speed_of(all: &Measurements, [cell, strategy, arm]: [&str; 3], limit: &str) -> Option<f64> {
    let (limit, series) = (all.get(cell, limit, arm)?, all.get(cell, strategy, arm)?);
    let ratios: Vec<f64> = ln_ratios(limit, series).iter().map(|pair| pair.value).collect();
    super::median(&ratios).map(f64::exp)
}

/// One of `comparisons` in a table: `other` against `base`, by rounds where there are any, else
/// by the medians of both. None where neither has a common round or value.
#[must_use]
pub fn relative(base: &Series, other: &Series, comparisons: usize, margin: Margin) -> Option<Relative> {
    let sound = base.broken + other.broken == 0;
    let pairs = ln_ratios(base, other);
    let values: Vec<f64> = pairs.iter().map(|pair| pair.value).collect();
    if values.is_empty() {
        return of_medians(base, other, margin, sound);
    }
    let looks = Looks::new(ERROR, comparisons);
    let rounds = looks.rank(values.len()).and_then(|rank| interval_at(&values, rank));
    let processes = by_process(&pairs);
    // Rounds of one process share its luck; with enough processes theirs is seen and must fit.
    let interval = if processes.len() < ENOUGH_PROCESSES {
        rounds
    } else {
        let error = ERROR / comparisons.max(1) as f64;
        let spread = Contrast::of_pairs(&processes, Prior::Rounds).and_then(|all| all.interval(error));
        rounds.zip(spread).map(|(rounds, spread)| rounds.hull(spread))
    };
    Some(Relative::new(median(&values)?, interval.filter(|_| sound), margin, true))
}

/// Both medians hold with 97.5 %, so their quotient holds with 95 %, whatever they share. That is
/// wider than it need be and is not corrected for the table: ten samples could not carry that,
/// and separate stretches of time are no ground for fine differences anyway.
fn of_medians(base: &Series, other: &Series, margin: Margin, sound: bool) -> Option<Relative> {
    let ln_times =
        |series: &Series| -> Vec<f64> { series.observations.iter().map(|value| value.time.ln()).collect() };
    let (base, other) = (ln_times(base), ln_times(other));
    let confidence = 1.0 - ERROR / 2.0;
    let interval = median_interval(&base, confidence).zip(median_interval(&other, confidence));
    let interval =
        interval.map(|(base, other)| Interval { low: base.low - other.high, high: base.high - other.low });
    Some(Relative::new(median(&base)? - median(&other)?, interval.filter(|_| sound), margin, false))
}

impl Relative {
    fn new(ln_ratio: f64, interval: Option<Interval>, margin: Margin, paired: bool) -> Self {
        Self {
            ratio: ln_ratio.exp(),
            interval: interval.map(Interval::exp),
            verdict: margin.judge(interval),
            paired,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::example::{Example, Noise, sample};

    const NOISE: Noise = Noise { round: 0.2, sample: 0.01, process: 0.0 };
    const STRATEGIES: [(&str, f64); 3] = [("base", 0.0), ("fast", -0.1), ("same", 0.0)];

    #[test]
    fn rounds_cancel_what_they_share() {
        for processes in [1, 4] {
            let all = Example::default().measured(("c", "this"), &STRATEGIES, (processes, 48), NOISE, 7);
            let summaries = summarise(&all.measurements(), "c", "this", "base", Margin::default());
            assert_eq!(summaries[0].strategy, "fast");
            let fast = summaries[0].relative.unwrap();
            assert!(fast.paired && fast.verdict == Verdict::Faster);
            let interval = fast.interval.unwrap();
            assert!(interval.low < 0.1_f64.exp() && 0.1_f64.exp() < interval.high);
            let same = summaries.iter().find(|summary| summary.strategy == "same").unwrap();
            assert_eq!(same.relative.unwrap().verdict, Verdict::Same);
            let base = summaries.iter().find(|summary| summary.strategy == "base").unwrap();
            assert_eq!((base.relative, base.samples), (None, 48 * processes as usize));
            let expected = f64::from(1 << 20) / base.median * 1e9;
            assert_eq!(base.bytes_per_second, Some(expected));
        }
    }

    #[test]
    fn samples_outside_rounds_have_wider_intervals() {
        let mut all = Example::default().measured(("c", "this"), &STRATEGIES, (1, 48), NOISE, 7).run();
        for line in &mut all.samples {
            line.round = None;
        }
        let all = Measurements::from_runs(&[all]);
        let fast = summarise(&all, "c", "this", "base", Margin::default())
            .into_iter()
            .find(|summary| summary.strategy == "fast")
            .and_then(|summary| summary.relative)
            .unwrap();
        assert!(!fast.paired && fast.verdict == Verdict::Unclear);
    }

    #[test]
    fn few_rounds_and_zero_times_are_unclear() {
        let mut zero = sample("c", "other", 40, 0.0);
        zero.copies.elapsed = vec![0];
        let rounds = |count: u32| {
            (0..count).fold(Example::default(), |run, round| {
                run.with(sample("c", "base", round, 0.0)).with(sample("c", "other", round, -1.0))
            })
        };
        let verdict = |example: Example| {
            let summaries = summarise(&example.measurements(), "c", "this", "base", Margin::default());
            summaries[0].relative.unwrap().verdict
        };
        assert_eq!(verdict(rounds(12)), Verdict::Faster);
        assert_eq!(verdict(rounds(4)), Verdict::Unclear);
        assert_eq!(verdict(rounds(12).with(zero)), Verdict::Unclear);
        assert!(summarise(&Measurements::default(), "c", "this", "base", Margin::default()).is_empty());
    }
}

//! Times of the same round against each other: what slows a whole round cancels.

use super::interval::{Interval, interval_at, median, range, sign_rank};
use super::series::Series;

/// Standard deviations that a 95 % interval of a normal estimate reaches to either side.
const REACH: f64 = 1.96;

/// A value of one round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// Process as in [`super::series::Observation`].
    pub process: u32,
    /// Round.
    pub round: u32,
    /// Difference of logarithms.
    pub value: f64,
}

/// What one process says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessEstimate {
    /// Number of the process.
    pub process: u32,
    /// Median of its values.
    pub median: f64,
    /// Standard error of that median, from the spread of the process's own values.
    pub error: f64,
    /// Number of its values.
    pub count: usize,
}

/// ln(base time / other time) of every round that has both, in the order of measuring; of several
/// samples of one round the first counts.
#[must_use]
pub fn ln_ratios(base: &Series, other: &Series) -> Vec<Paired> {
    let (base, other) = (by_round(base), by_round(other));
    let mut ratios = Vec::with_capacity(base.len().min(other.len()));
    let mut rest = other.iter().peekable();
    for (at, time) in base {
        while rest.next_if(|(other, _)| *other < at).is_some() {}
        if let Some((_, other)) = rest.next_if(|(other, _)| *other == at) {
            ratios.push(Paired { process: at.0, round: at.1, value: (time / other).ln() });
        }
    }
    ratios
}

/// Times with their process and round, which come sorted.
fn by_round(series: &Series) -> Vec<((u32, u32), f64)> {
    let times = series.observations.iter();
    let mut times: Vec<_> =
        times.filter_map(|value| Some(((value.process, value.round?), value.time))).collect();
    times.dedup_by_key(|(at, _)| *at);
    times
}

/// The estimate of each process that has enough values for an interval of its median.
#[must_use]
pub fn by_process(values: &[Paired]) -> Vec<ProcessEstimate> {
    values
        .chunk_by(|left, right| left.process == right.process)
        .filter_map(|group| {
            let values: Vec<f64> = group.iter().map(|paired| paired.value).collect();
            estimate(group.first()?.process, &values)
        })
        .collect()
}

/// The estimate of each process of one series by itself: -ln of its times, so that more is
/// faster as in ratios.
#[must_use]
pub fn ln_speeds(series: &Series) -> Vec<ProcessEstimate> {
    series
        .observations
        .chunk_by(|left, right| left.process == right.process)
        .filter_map(|group| {
            let values: Vec<f64> = group.iter().map(|value| -value.time.ln()).collect();
            estimate(group.first()?.process, &values)
        })
        .collect()
}

/// ln(base time / other time) of each process from medians, for samples outside rounds.
#[must_use]
pub fn ln_ratios_of_medians(base: &Series, other: &Series) -> Vec<ProcessEstimate> {
    let bases = ln_speeds(base);
    ln_speeds(other)
        .into_iter()
        .filter_map(|other| {
            let base = bases.iter().find(|base| base.process == other.process)?;
            Some(ProcessEstimate {
                process: other.process,
                median: other.median - base.median,
                error: other.error.hypot(base.error),
                count: other.count.min(base.count),
            })
        })
        .collect()
}

fn estimate(process: u32, values: &[f64]) -> Option<ProcessEstimate> {
    let rank = sign_rank(values.len(), 0.95)?;
    // Values that hang together more than a rank can show still count, with all their range.
    let Interval { low, high } = interval_at(values, rank).or_else(|| range(values))?;
    Some(ProcessEstimate {
        process,
        median: median(values)?,
        error: (high - low) / (2.0 * REACH),
        count: values.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::example::{Example, sample};

    #[test]
    fn only_rounds_with_both_are_paired() {
        let mut all = Example::default();
        for round in [1, 2, 4] {
            all = all.with(sample("c", "base", round, 0.0));
        }
        for round in [2, 3, 4, 4] {
            all = all.with(sample("c", "other", round, 0.1));
        }
        let all = all.measurements();
        let (base, other) = (all.get("c", "base", "this").unwrap(), all.get("c", "other", "this").unwrap());
        let ratios = ln_ratios(base, other);
        assert_eq!(ratios.iter().map(|paired| paired.round).collect::<Vec<_>>(), [2, 4]);
        assert!(ratios.iter().all(|paired| (paired.value + 0.1).abs() < 1e-6));
        assert!(by_process(&ratios).is_empty(), "two rounds carry no interval");
    }

    #[test]
    fn samples_outside_rounds_are_compared_by_medians() {
        let mut all = Example::default();
        for index in 0..20 {
            for (name, ln_time) in [("base", 0.0), ("other", -0.2)] {
                let mut line = sample("c", name, 0, ln_time + 0.001 * f64::from(index));
                line.round = None;
                all = all.with(line);
            }
        }
        let all = all.measurements();
        let (base, other) = (all.get("c", "base", "this").unwrap(), all.get("c", "other", "this").unwrap());
        assert!(ln_ratios(base, other).is_empty());
        let estimates = ln_ratios_of_medians(base, other);
        assert!((estimates[0].median - 0.2).abs() < 1e-6 && estimates[0].count == 20);
    }
}

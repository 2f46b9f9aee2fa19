//! Change points in a series of runs.
//!
//! At which point do the values before and after differ most? Values are taken as multiples of the
//! spread between neighbours, which a change of level hardly moves, and cut off at 2.5 of
//! them, because one bad run must not look like a change (Huber 1964). The largest difference of means over all
//! points is held against the normal quantile of as many; segments are split again until none passes.
//! Each split takes one pass over its segment.
//!
//! It needs several runs after a change, so it complements the gate and does not replace it. Levels
//! that wander slowly are changes to it.

use super::{Margin, median};
use serde::Serialize;

/// Runs that a segment must have: fewer are an episode, not a new level.
const SHORTEST: usize = 4;

/// Spreads at which values are cut off.
const CUT: f64 = 2.5;

/// The largest standardised difference that a series of [`USUAL`] runs without a change hardly has.
const LIMIT: f64 = 3.8;

/// See [`LIMIT`]; among more points a larger one must be expected.
const USUAL: f64 = 60.0;

/// A lasting change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ChangePoint {
    /// Index of the first value after it.
    pub at: usize,
    /// Median before it, back to the change before.
    pub before: f64,
    /// Median after it, on to the next change.
    pub after: f64,
}

/// Changes in `values` (times, or anything positive), oldest first; none where a value is not
/// finite and positive, or there are too few.
///
/// A series must be of one cell and one host hash; changes within `margin` are left out.
#[must_use]
pub fn change_points(values: &[f64], margin: Margin) -> Vec<ChangePoint> {
    let ln: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    if ln.iter().any(|value| !value.is_finite()) {
        return Vec::new();
    }
    let mut bounds = Vec::new();
    if let Some(spread) = spread_of_neighbours(&ln) {
        split(&ln, 0, spread, margin, &mut bounds);
    }
    bounds.sort_unstable();
    // Levels of whole segments, once all their bounds are known.
    let ends = bounds.iter().copied().skip(1).chain([values.len()]);
    let starts = std::iter::once(0).chain(bounds.iter().copied());
    bounds
        .iter()
        .zip(starts.zip(ends))
        .filter_map(|(&at, (start, end))| {
            Some(ChangePoint { at, before: median(&values[start..at])?, after: median(&values[at..end])? })
        })
        .collect()
}

/// Standard deviation of one value, from the typical step to the next.
fn spread_of_neighbours(ln: &[f64]) -> Option<f64> {
    // Of normal values: the median of |x| is 0.6745 standard deviations, and a step has two values' noise.
    const OF_A_STEP: f64 = 0.6745 * std::f64::consts::SQRT_2;
    let steps: Vec<f64> = ln.windows(2).map(|two| (two[1] - two[0]).abs()).collect();
    median(&steps).map(|typical| (typical / OF_A_STEP).max(f64::MIN_POSITIVE))
}

fn split(ln: &[f64], offset: usize, spread: f64, margin: Margin, bounds: &mut Vec<usize>) {
    let Some(at) = largest_difference(ln, spread) else { return };
    let (before, after) = ln.split_at(at);
    let change = median(before).zip(median(after)).map_or(0.0, |(before, after)| (before - after).abs());
    if change <= margin.ln() {
        return;
    }
    bounds.push(offset + at);
    split(before, offset, spread, margin, bounds);
    split(after, offset + at, spread, margin, bounds);
}

/// The point at which the means before and after differ most, if by more than chance allows.
fn largest_difference(ln: &[f64], spread: f64) -> Option<usize> {
    let (centre, count) = (median(ln)?, ln.len() as f64);
    let cut = |value: &f64| ((value - centre) / spread).clamp(-CUT, CUT);
    let all: f64 = ln.iter().map(cut).sum();
    let mut before = 0.0;
    let mut largest = (LIMIT.powi(2) + 2.0 * (count / USUAL).ln().max(0.0)).sqrt();
    let mut found = None;
    for (at, value) in (1..).zip(ln) {
        before += cut(value);
        let (left, right) = (f64::from(at), count - f64::from(at));
        if at as usize >= SHORTEST && right >= SHORTEST as f64 {
            let difference = (before / left - (all - before) / right).abs() * (left * right / count).sqrt();
            if difference > largest {
                (largest, found) = (difference, Some(at as usize));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    /// Times with `noise` (a standard deviation) and, one run in ten, a disturbance of up to 30 %;
    /// `levels` are (runs, factor).
    fn series(levels: &[(usize, f64)], noise: f64, random: &mut ChaCha8Rng) -> Vec<f64> {
        levels
            .iter()
            .flat_map(|&(runs, factor)| std::iter::repeat_n(factor, runs))
            .map(|factor| {
                let noise = (0..3).map(|_| random.random::<f64>() - 0.5).sum::<f64>() * 2.0 * noise;
                let disturbed = random.random::<f64>() < 0.1;
                let extra = if disturbed { random.random::<f64>() * 0.3 } else { 0.0 };
                1e6 * factor * (1.0 + noise + extra)
            })
            .collect()
    }

    #[test]
    fn sixty_runs_without_a_change_rarely_alarm() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for margin in [0.02, 0.01] {
            let margin = Margin::from_fraction(margin).unwrap();
            let of = |random: &mut ChaCha8Rng| change_points(&series(&[(60, 1.0)], 0.01, random), margin);
            let alarms = (0..1000).filter(|_| !of(&mut random).is_empty()).count();
            assert!(alarms <= 10, "{alarms} of 1000 series");
        }
    }

    /// In how many of 200 series a step is seen by so many runs after it.
    fn seen(step: f64, noise: f64, after: usize, margin: f64) -> usize {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let margin = Margin::from_fraction(margin).unwrap();
        let found = |random: &mut ChaCha8Rng| {
            let values = series(&[(40, 1.0), (after, 1.0 + step)], noise, random);
            let changes = change_points(&values, margin);
            changes.iter().any(|change| change.at.abs_diff(40) <= 4 && change.after > change.before)
        };
        (0..200).filter(|_| found(&mut random)).count()
    }

    #[test]
    fn a_step_of_a_twentieth_is_seen_by_the_fourth_run() {
        let found = seen(0.05, 0.01, 4, 0.02);
        assert!(found >= 180, "{found} of 200");
        assert!(seen(0.05, 0.005, 4, 0.02) >= 190);
    }

    #[test]
    fn a_step_of_a_fiftieth_is_seen_by_the_eighth_run() {
        let found = seen(0.02, 0.005, 8, 0.01);
        assert!(found >= 180, "{found} of 200");
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let found = (0..100)
            .filter(|_| {
                let changes =
                    change_points(&series(&[(40, 1.0), (20, 1.05)], 0.01, &mut random), Margin::default());
                matches!(changes[..], [change] if change.at.abs_diff(40) <= 3 && change.before / change.after < 0.97)
            })
            .count();
        assert!(found >= 95, "{found} of 100");
    }

    #[test]
    fn two_steps_are_two_changes() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let values = series(&[(20, 1.0), (20, 1.2), (20, 0.9)], 0.01, &mut random);
        let changes = change_points(&values, Margin::default());
        assert_eq!(changes.iter().map(|change| change.at).collect::<Vec<_>>(), [20, 40]);
        let ratio = |change: ChangePoint| change.before / change.after;
        assert!(ratio(changes[0]) < 0.9 && ratio(changes[1]) > 1.25);
    }

    #[test]
    fn too_few_or_broken_values_have_no_changes() {
        assert!(change_points(&[], Margin::default()).is_empty());
        assert!(change_points(&[1.0, 1.0, 9.0, 9.0], Margin::default()).is_empty());
        let mut values = vec![1.0; 30];
        values.extend([2.0; 30]);
        assert_eq!(change_points(&values, Margin::default()).len(), 1);
        values[3] = 0.0;
        assert!(change_points(&values, Margin::default()).is_empty());
        values[3] = f64::NAN;
        assert!(change_points(&values, Margin::default()).is_empty());
    }
}

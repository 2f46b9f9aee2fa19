//! Change points in a series of runs.
//!
//! Pettitt's rank test (1979) asks at which point the values before and after differ most in
//! rank; ranks, because one bad run must not look like a change. Its p value already covers the
//! choice of the point. Segments are split again until no split passes both the test and the
//! smallest change that matters. Of 500 simulated series of 60 runs without a change, one run in
//! ten disturbed by up to 30 %, none alarmed at a margin of 2 % (so at most 0.7 % do), and 2
//! without a margin. Levels that wander slowly are changes to it. It needs several runs after a change, so it complements the
//! gate and does not replace it.

use super::{Margin, median};
use serde::Serialize;

/// Runs that a segment must have: fewer are an episode, not a new level.
const SHORTEST: usize = 4;

/// Error of each test; splitting looks again and again, so it is well below one in twenty.
const ERROR: f64 = 0.005;

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
    split(&ln, 0, margin, &mut bounds);
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

fn split(ln: &[f64], offset: usize, margin: Margin, bounds: &mut Vec<usize>) {
    if pettitt(ln).is_none_or(|p| p > ERROR) {
        return;
    }
    let Some(at) = best_split(ln) else { return };
    let (before, after) = ln.split_at(at);
    let change = median(before).zip(median(after)).map_or(0.0, |(before, after)| (before - after).abs());
    if change <= margin.ln() {
        return;
    }
    bounds.push(offset + at);
    split(before, offset, margin, bounds);
    split(after, offset + at, margin, bounds);
}

/// Pettitt's p that no point divides the values into lower and higher ones; none where no point
/// leaves enough on both sides.
fn pettitt(values: &[f64]) -> Option<f64> {
    let count = values.len();
    let mut sum = 0.0;
    let mut most = 0.0_f64;
    for (index, value) in values.iter().enumerate() {
        sum += values.iter().map(|other| sign(value - other)).sum::<f64>();
        if inner(count).contains(&(index + 1)) {
            most = most.max(f64::abs(sum));
        }
    }
    let cubed = (count as f64).powi(3) + (count as f64).powi(2);
    (!inner(count).is_empty()).then(|| (2.0 * (-6.0 * most * most / cubed).exp()).min(1.0))
}

/// Points that leave enough values on both sides.
fn inner(count: usize) -> std::ops::Range<usize> {
    SHORTEST..(count + 1).saturating_sub(SHORTEST)
}

/// The point at which two levels fit best, by absolute deviations from their medians; the rank
/// test's own point leans towards the middle.
fn best_split(values: &[f64]) -> Option<usize> {
    let misfit =
        |part: &[f64]| median(part).map(|level| part.iter().map(|value| (value - level).abs()).sum::<f64>());
    let fit = |at: usize| {
        let (before, after) = values.split_at(at);
        Some((at, misfit(before)? + misfit(after)?))
    };
    inner(values.len()).filter_map(fit).min_by(|left, right| left.1.total_cmp(&right.1)).map(|(at, _)| at)
}

fn sign(difference: f64) -> f64 {
    if difference == 0.0 { 0.0 } else { difference.signum() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};

    /// Times with 1 % noise and, one run in ten, a disturbance of up to 30 %; `levels` are
    /// (runs, factor).
    fn series(levels: &[(usize, f64)], random: &mut ChaCha8Rng) -> Vec<f64> {
        levels
            .iter()
            .flat_map(|&(runs, factor)| std::iter::repeat_n(factor, runs))
            .map(|factor| {
                let noise: f64 = (0..3).map(|_| random.random::<f64>() - 0.5).sum::<f64>() * 0.02;
                let disturbed = random.random::<f64>() < 0.1;
                let extra = if disturbed { random.random::<f64>() * 0.3 } else { 0.0 };
                1e6 * factor * (1.0 + noise + extra)
            })
            .collect()
    }

    #[test]
    fn sixty_runs_without_a_change_rarely_alarm() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let alarms = |margin: f64, random: &mut ChaCha8Rng| {
            let margin = Margin::from_fraction(margin).unwrap();
            (0..500).filter(|_| !change_points(&series(&[(60, 1.0)], random), margin).is_empty()).count()
        };
        let (with, without) = (alarms(0.02, &mut random), alarms(0.0, &mut random));
        assert_eq!(with, 0, "of 500 series at a margin of 2 %");
        assert!(without <= 10, "{without} of 500 series without a margin");
    }

    #[test]
    fn a_step_of_a_twentieth_is_found_where_it_is() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let found = (0..100)
            .filter(|_| {
                let changes =
                    change_points(&series(&[(40, 1.0), (20, 1.05)], &mut random), Margin::default());
                matches!(changes[..], [change] if change.at.abs_diff(40) <= 3 && change.before / change.after < 0.97)
            })
            .count();
        assert!(found >= 95, "{found} of 100");
    }

    #[test]
    fn two_steps_are_two_changes() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let values = series(&[(20, 1.0), (20, 1.2), (20, 0.9)], &mut random);
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

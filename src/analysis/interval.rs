//! Medians and their order-statistic (sign-test) intervals: right for every distribution of
//! the noise, as long as the values are not autocorrelated.

use super::autocorrelation::inflation;
use super::binomial::fair_cumulative;
use serde::{Deserialize, Serialize};

/// A closed interval; the unit is that of the values it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// From logarithms to ratios.
    #[must_use]
    pub fn exp(self) -> Self {
        Self { low: self.low.exp(), high: self.high.exp() }
    }

    /// The interval of what grows with the values.
    #[must_use]
    pub fn map(self, grow: impl Fn(f64) -> f64) -> Self {
        Self { low: grow(self.low), high: grow(self.high) }
    }

    /// Of one by the values: the ends change places.
    #[must_use]
    pub fn inverted(self) -> Self {
        Self { low: 1.0 / self.high, high: 1.0 / self.low }
    }

    /// The smallest interval that holds both.
    #[must_use]
    pub fn hull(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }
}

/// The median, or the mean of the two middle values; none where there is no value or one that
/// is not finite.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values)?;
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted.get(middle).copied()
    } else {
        Some(f64::midpoint(*sorted.get(middle.checked_sub(1)?)?, *sorted.get(middle)?))
    }
}

/// The largest rank j, from 1, for which the jth smallest and jth largest of `count` values
/// hold the median with `confidence`; none where even the extremes do not.
#[must_use]
pub fn sign_rank(count: usize, confidence: f64) -> Option<usize> {
    if !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    let holds = |rank: usize| 1.0 - 2.0 * fair_cumulative(rank - 1, count) >= confidence;
    let (mut known, mut beyond) = (0, count / 2 + 1);
    while beyond - known > 1 {
        let middle = usize::midpoint(known, beyond);
        if holds(middle) {
            known = middle;
        } else {
            beyond = middle;
        }
    }
    (known > 0).then_some(known)
}

/// Interval of the median of `values` at `confidence`; none for too few values or any that is
/// not finite.
#[must_use]
pub fn median_interval(values: &[f64], confidence: f64) -> Option<Interval> {
    interval_at(values, sign_rank(values.len(), confidence)?)
}

/// Interval from the `rank`th smallest to the `rank`th largest value, widened where
/// neighbouring values are autocorrelated.
///
/// The sign test counts independent coins. Where values are autocorrelated, the number below
/// the median varies more, and the rank moves outwards by as much; see [`inflation`]. The order
/// of `values` must be that of measuring.
#[must_use]
pub fn interval_at(values: &[f64], rank: usize) -> Option<Interval> {
    let half = values.len() as f64 / 2.0;
    let inflation = inflation(values);
    let rank = if inflation > 1.0 { (half - (half - rank as f64) * inflation).floor() } else { rank as f64 };
    if rank < 1.0 || rank > half + 0.5 {
        return None;
    }
    let sorted = sorted(values)?;
    let index = rank as usize - 1;
    Some(Interval { low: *sorted.get(index)?, high: *sorted.get(sorted.len() - 1 - index)? })
}

/// From the smallest to the largest value; none where there is no value or one that is not
/// finite.
#[must_use]
pub fn range(values: &[f64]) -> Option<Interval> {
    let sorted = sorted(values)?;
    Some(Interval { low: *sorted.first()?, high: *sorted.last()? })
}

fn sorted(values: &[f64]) -> Option<Vec<f64>> {
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Some(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranks_match_the_published_table() {
        let at_95 = [(6, 1), (9, 2), (12, 3), (15, 4), (20, 6), (25, 8), (30, 10), (50, 18), (100, 40)];
        let at_99 = [(8, 1), (20, 4), (30, 8), (50, 16)];
        let at_999 = [(11, 1), (20, 3), (30, 6), (50, 14)];
        for (table, confidence) in [(&at_95[..], 0.95), (&at_99, 0.99), (&at_999, 0.999)] {
            for &(count, rank) in table {
                assert_eq!(sign_rank(count, confidence), Some(rank), "n = {count} at {confidence}");
            }
        }
        assert_eq!(sign_rank(5, 0.95), None);
        assert_eq!(sign_rank(0, 0.95), None);
        assert_eq!(sign_rank(30, f64::NAN), None);
    }

    /// Of all ways in which n values can lie around their true median, counts those whose
    /// interval misses it: the rank is right if few enough do, and one rank more would be wrong.
    #[test]
    fn ranks_match_counting_all_signs() {
        for count in 1..=14_usize {
            for confidence in [0.8, 0.95, 0.99, 0.999] {
                let missed = |rank: usize| {
                    let misses = (0..1_u32 << count)
                        .filter(|signs| {
                            let below = signs.count_ones() as usize;
                            below < rank || count - below < rank
                        })
                        .count();
                    misses as f64 / f64::from(1_u32 << count)
                };
                let rank = sign_rank(count, confidence).unwrap_or(0);
                assert!(1.0 - missed(rank) >= confidence);
                assert!(2 * (rank + 1) > count + 1 || 1.0 - missed(rank + 1) < confidence);
            }
        }
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.0, f64::NAN]), None);
    }

    #[test]
    fn no_interval_for_too_few_or_broken_values() {
        assert_eq!(median_interval(&[1.0; 5], 0.95), None);
        assert_eq!(median_interval(&[1.0, 2.0, 3.0, 4.0, 5.0, f64::INFINITY], 0.95), None);
        let six = [1.0, 6.0, 3.0, 5.0, 2.0, 4.0];
        assert_eq!(median_interval(&six, 0.95), Some(Interval { low: 1.0, high: 6.0 }));
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_median(values in prop::collection::vec(-1e6..1e6_f64, 1..60)) {
            if let Some(interval) = median_interval(&values, 0.95) {
                let middle = median(&values).unwrap();
                prop_assert!(interval.low <= middle && middle <= interval.high);
            }
        }
    }
}

//! How far neighbouring values are autocorrelated, and what that costs an interval.

/// Lag-1 autocorrelation of `values` around their mean, between -1 and 1; none for fewer than
/// three values, a value that is not finite, or values that are all the same.
#[must_use]
pub fn lag_one(values: &[f64]) -> Option<f64> {
    if values.len() < 3 || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let total: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let lagged: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    (total > 0.0).then(|| lagged / total)
}

/// Size beyond which the lag-1 autocorrelation of `count` independent values lies in about one
/// of twenty cases.
#[must_use]
pub fn noticeable(count: usize) -> f64 {
    2.0 / (count.max(1) as f64).sqrt()
}

/// By what factor the number of `values` below their median spreads more than heads of fair
/// coins.
///
/// For a first-order process with autocorrelation r the variance of a sum grows by
/// (1 + r) / (1 - r). Here r is that of ranks, which no outlier masters, and counts from one
/// standard error on: noise around zero must not widen every interval, but waiting for what is
/// [`noticeable`] would let the early looks, of few rounds, pass unwidened. A negative one would
/// narrow intervals and never counts.
#[must_use]
pub fn inflation(values: &[f64]) -> f64 {
    match lag_one(&ranks(values)) {
        Some(lag) if lag > noticeable(values.len()) / 2.0 => {
            // Estimates from few values are too low by about (1 + 3 r) / n (Kendall 1954).
            let lag = (lag + (1.0 + 3.0 * lag) / values.len() as f64).min(0.98);
            ((1.0 + lag) / (1.0 - lag)).sqrt()
        }
        _ => 1.0,
    }
}

/// The rank of each value; equal ones share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|left, right| values[*left].total_cmp(&values[*right]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for equal in order.chunk_by(|left, right| values[*left] == values[*right]) {
        let shared = first as f64 + (equal.len() - 1) as f64 / 2.0;
        equal.iter().for_each(|index| ranks[*index] = shared);
        first += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_values() {
        // Mean 3, deviations -2..2: (2 + 0 + 0 + 2) / 10.
        assert_eq!(lag_one(&[1.0, 2.0, 3.0, 4.0, 5.0]), Some(0.4));
        assert_eq!(lag_one(&[1.0, -1.0, 1.0, -1.0]), Some(-0.75));
        assert_eq!(lag_one(&[1.0, 2.0]), None);
        assert_eq!(lag_one(&[7.0; 9]), None);
        assert_eq!(lag_one(&[1.0, f64::NAN, 2.0]), None);
    }

    #[test]
    fn only_a_positive_autocorrelation_inflates() {
        let alternating: Vec<f64> = (0..40).map(|index| if index % 2 == 0 { 1.0 } else { -1.0 }).collect();
        assert_eq!(inflation(&alternating), 1.0);
        let halves: Vec<f64> = (0..40).map(|index| if index < 20 { 1.0 } else { -1.0 }).collect();
        assert!(inflation(&halves) > 4.0);
        assert_eq!(inflation(&[1.0; 40]), 1.0);
    }

    #[test]
    fn equal_values_share_a_rank() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
    }
}

//! How far neighbouring values hang together, and what that costs an interval.

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

/// By what factor the number of signs around `centre` spreads more than that of fair coins.
///
/// For a first-order process with autocorrelation r the variance of a sum grows by
/// (1 + r) / (1 - r). Only a noticeable positive r counts: noise around zero must not widen
/// every interval, and a negative one would narrow them.
#[must_use]
pub fn sign_inflation(values: &[f64], centre: f64) -> f64 {
    let signs: Vec<f64> =
        values.iter().filter(|value| **value != centre).map(|value| (value - centre).signum()).collect();
    match lag_one(&signs) {
        Some(lag) if lag > noticeable(signs.len()) => ((1.0 + lag) / (1.0 - lag).max(0.01)).sqrt(),
        _ => 1.0,
    }
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
    fn only_a_noticeable_positive_autocorrelation_inflates() {
        let alternating: Vec<f64> = (0..40).map(|index| if index % 2 == 0 { 1.0 } else { -1.0 }).collect();
        assert_eq!(sign_inflation(&alternating, 0.0), 1.0);
        let halves: Vec<f64> = (0..40).map(|index| if index < 20 { 1.0 } else { -1.0 }).collect();
        assert!(sign_inflation(&halves, 0.0) > 4.0);
    }
}

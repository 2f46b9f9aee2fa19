//! Many comparisons at once: which of them to believe.

/// Which of `p_values` are discoveries if, on average, at most the share `rate` of those may be
/// false: Benjamini and Hochberg (1995), for p values that are independent or positively
/// dependent. A p value that is not a number is never one.
#[must_use]
pub fn benjamini_hochberg(p_values: &[f64], rate: f64) -> Vec<bool> {
    let threshold = threshold(p_values, rate);
    p_values.iter().map(|p| *p <= threshold).collect()
}

/// The level at which each single comparison may be tested, so that its discoveries are those
/// of [`benjamini_hochberg`]; negative where there are none.
///
/// An interval at this level is also the one that Benjamini and Yekutieli (2005) show beside a
/// selected comparison, so that interval and verdict agree.
#[must_use]
pub fn threshold(p_values: &[f64], rate: f64) -> f64 {
    let mut sorted: Vec<f64> = p_values.iter().copied().filter(|p| !p.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let step = rate / p_values.len().max(1) as f64;
    (1..=sorted.len())
        .rev()
        .zip(sorted.iter().rev())
        .find(|(rank, p)| **p <= step * *rank as f64)
        .map_or(-1.0, |(rank, _)| step * rank as f64)
}

/// The confidence of each interval in a table, so that with 1 - `error` all of them hold
/// (Bonferroni).
#[must_use]
pub fn family_confidence(error: f64, comparisons: usize) -> f64 {
    1.0 - error / comparisons.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Benjamini and Hochberg (1995), section 4: fifteen hypotheses on thrombolysis after
    /// myocardial infarction; four are rejected at 0.05, where Bonferroni rejects three.
    const MYOCARDIAL: [f64; 15] = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
        0.6528, 0.7590, 1.0000,
    ];

    #[test]
    fn the_published_example() {
        let rejected = benjamini_hochberg(&MYOCARDIAL, 0.05);
        assert_eq!(rejected.iter().filter(|rejected| **rejected).count(), 4);
        assert!(rejected[..4].iter().all(|rejected| *rejected));
        let bonferroni = 1.0 - family_confidence(0.05, MYOCARDIAL.len());
        assert_eq!(MYOCARDIAL.iter().filter(|p| **p <= bonferroni).count(), 3);
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert!(benjamini_hochberg(&[], 0.05).is_empty());
        assert_eq!(benjamini_hochberg(&[f64::NAN, 0.001], 0.05), [false, true]);
        assert_eq!(benjamini_hochberg(&[0.3, 0.9], 0.05), [false, false]);
    }

    proptest! {
        #[test]
        fn between_bonferroni_and_no_correction(values in prop::collection::vec(0.0..1.0_f64, 1..40)) {
            let step = 0.05 / values.len() as f64;
            for (p, rejected) in values.iter().zip(benjamini_hochberg(&values, 0.05)) {
                prop_assert!(!rejected || *p <= 0.05);
                prop_assert!(rejected || *p > step);
            }
        }
    }
}

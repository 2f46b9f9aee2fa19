//! Verdicts on many ratios at once: which of them to believe.

use super::ratio::{Difference, Estimate};
use super::{Margin, Verdict};

/// Verdicts on a table of pairs, of which on average at most the share `alpha` of those called
/// faster or slower is false, and all of those called the same hold together but for `alpha`.
/// Each estimate comes with the interval that its verdict was read from.
#[must_use]
pub fn verdicts(
    table: &[Option<Difference>],
    margin: Margin,
    alpha: f64,
) -> Vec<Option<(Estimate, Verdict)>> {
    let p_values: Vec<f64> = table.iter().flatten().map(|difference| difference.p_beyond(margin)).collect();
    let called = threshold(&p_values, alpha);
    let each = alpha / p_values.len().max(1) as f64;
    let judge = |difference: &Difference| {
        let estimate = difference.ratio(if difference.p_beyond(margin) <= called { called } else { each });
        match estimate.verdict(margin) {
            // Nothing is called by it, so that it may be shown as if it stood alone.
            Verdict::Unclear => (difference.ratio(alpha), Verdict::Unclear),
            verdict => (estimate, verdict),
        }
    };
    table.iter().map(|difference| difference.as_ref().map(judge)).collect()
}

/// The level at which each of `p_values` may be tested so that of the discoveries at most the
/// share `alpha` is false on average; negative where there are none (Benjamini and Hochberg 1995,
/// for p values that are independent or positively dependent).
///
/// An interval at this level is also the one that Benjamini and Yekutieli (2005) show beside a
/// selected comparison, so that interval and verdict agree.
#[must_use]
pub fn threshold(p_values: &[f64], alpha: f64) -> f64 {
    let mut sorted: Vec<f64> = p_values.iter().copied().filter(|p| !p.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let step = alpha / p_values.len().max(1) as f64;
    (1..=sorted.len())
        .rev()
        .zip(sorted.iter().rev())
        .find(|(rank, p)| **p <= step * *rank as f64)
        .map_or(-1.0, |(rank, _)| step * rank as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Benjamini and Hochberg (1995), section 4: fifteen hypotheses on thrombolysis after
    /// myocardial infarction; four are rejected at 0.05, where Bonferroni rejects three.
    #[test]
    fn the_published_example_of_many_comparisons() {
        let p_values = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
            0.6528, 0.7590, 1.0000,
        ];
        let called = threshold(&p_values, 0.05);
        assert_eq!(p_values.iter().filter(|p| **p <= called).count(), 4);
        assert!(threshold(&[], 0.05) < 0.0 && threshold(&[0.3, 0.9], 0.05) < 0.0);
        assert_eq!([f64::NAN, 0.001].map(|p| p <= threshold(&[f64::NAN, 0.001], 0.05)), [false, true]);
    }

    #[test]
    fn a_table_is_judged_as_one() {
        let far = Difference {
            estimate: 0.1,
            standard_error: 0.01,
            degrees_of_freedom: 20.0,
            processes: 6,
            bias: 0.0,
        };
        let near = Difference { estimate: 0.045, ..far };
        let same = Difference { estimate: 0.0, standard_error: 0.006, ..far };
        let words = |table: &[Option<Difference>]| -> Vec<Option<Verdict>> {
            verdicts(table, Margin::default(), 0.05).into_iter().map(|row| row.map(|row| row.1)).collect()
        };
        assert_eq!(words(&[Some(near), None]), [Some(Verdict::Slower), None]);
        let mut crowd = vec![Some(same); 30];
        crowd.push(Some(near));
        let crowd = words(&crowd);
        assert_eq!((crowd[0], crowd[30]), (Some(Verdict::Unclear), Some(Verdict::Unclear)));
        assert_eq!(words(&[Some(far), Some(same)]), [Some(Verdict::Slower), Some(Verdict::Same)]);
    }
}

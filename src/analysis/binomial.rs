//! Bounds of a proportion, and quantiles of the beta distribution.

use statrs::function::beta::beta_reg;

/// Bounds of a proportion of which `hits` of `trials` were seen, by Clopper and Pearson (1934):
/// at least `confidence` whatever the truth is. Without trials, or for a confidence outside
/// (0, 1), everything from 0 to 1.
#[must_use]
pub fn clopper_pearson(hits: u64, trials: u64, confidence: f64) -> (f64, f64) {
    if trials == 0 || !(confidence > 0.0 && confidence < 1.0) {
        return (0.0, 1.0);
    }
    let hits = hits.min(trials);
    let tail = (1.0 - confidence) / 2.0;
    let (seen, unseen) = (hits as f64, (trials - hits) as f64);
    let low = if hits == 0 { 0.0 } else { beta_quantile(seen, unseen + 1.0, tail) };
    let high = if hits == trials { 1.0 } else { beta_quantile(seen + 1.0, unseen, 1.0 - tail) };
    (low, high)
}

/// The value that a beta-distributed variable stays below with `probability`.
///
/// By a bracket, which keeps its accuracy far in the tails where corrections for many comparisons
/// lead, narrowed by the Illinois method on logarithms, in which the tail is a straight line.
pub(super) fn beta_quantile(a: f64, b: f64, probability: f64) -> f64 {
    let miss = |value: f64| (beta_reg(a, b, value) / probability).ln();
    let (mut high, mut above) = (1.0_f64, -probability.ln());
    let mut low = high / 64.0;
    let mut below = miss(low);
    while below >= 0.0 && low > f64::MIN_POSITIVE {
        (high, above) = (low, below);
        low /= 64.0;
        below = miss(low);
    }
    for step in 0..200 {
        if high - low <= 1e-12 * high {
            break;
        }
        // Every third step halves, lest one end stays where it is.
        let share = if step % 3 == 2 || !below.is_finite() { 0.5 } else { -below / (above - below) };
        let middle = (low.ln() + share.clamp(0.001, 0.999) * (high / low).ln()).exp();
        let missed = miss(middle);
        if missed == 0.0 {
            return middle;
        }
        if missed < 0.0 {
            (low, below) = (middle, missed);
        } else {
            (high, above) = (middle, missed);
        }
    }
    (low * high).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() <= 1e-9 * right.abs().max(1e-3)
    }

    #[test]
    fn clopper_pearson_matches_published_values() {
        // 10 of 100: [0.0490, 0.1762]; 0 of 20: [0, 0.1684] (Newcombe 1998, the closed form
        // 1 - (alpha / 2)^(1/n) for none).
        let (low, high) = clopper_pearson(10, 100, 0.95);
        assert!((low - 0.0490).abs() < 5e-5 && (high - 0.1762).abs() < 5e-5, "{low} {high}");
        let (low, high) = clopper_pearson(0, 20, 0.95);
        assert!(low == 0.0 && close(high, 1.0 - 0.025_f64.powf(1.0 / 20.0)), "{high}");
        assert_eq!(clopper_pearson(0, 0, 0.95), (0.0, 1.0));
        assert_eq!(clopper_pearson(1, 2, f64::NAN), (0.0, 1.0));
    }

    proptest! {
        #[test]
        fn bounds_hold_the_proportion_and_mirror(trials in 1_u64..400, share in 0.0..=1.0_f64) {
            let hits = (share * trials as f64) as u64;
            let (low, high) = clopper_pearson(hits, trials, 0.95);
            let seen = hits as f64 / trials as f64;
            prop_assert!(low <= seen && seen <= high);
            let (mirror_low, mirror_high) = clopper_pearson(trials - hits, trials, 0.95);
            prop_assert!((1.0 - mirror_high - low).abs() < 1e-9 && (1.0 - mirror_low - high).abs() < 1e-9);
        }
    }
}

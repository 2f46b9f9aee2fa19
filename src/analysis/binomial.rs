//! The binomial distribution: tails of fair coins, the sign test, bounds of a proportion.

use statrs::function::beta::beta_reg;
use statrs::function::gamma::ln_gamma;

/// A tail term below this share of the largest one changes no digit of a sum.
const NEGLIGIBLE: f64 = 1e-18;

/// Probability of exactly `heads` in `tosses` of a fair coin.
#[must_use]
pub fn fair_mass(heads: usize, tosses: usize) -> f64 {
    if heads > tosses {
        return 0.0;
    }
    let ln_factorial = |value: usize| ln_gamma(value as f64 + 1.0);
    let ln_choose = ln_factorial(tosses) - ln_factorial(heads) - ln_factorial(tosses - heads);
    (ln_choose - tosses as f64 * std::f64::consts::LN_2).exp()
}

/// Probability of at most `heads` in `tosses` of a fair coin.
///
/// Summed from the largest term down: the continued fraction behind [`beta_reg`] stops after
/// 140 steps, too few for the tens of thousands of rounds that a record may hold.
#[must_use]
pub fn fair_cumulative(heads: usize, tosses: usize) -> f64 {
    if heads >= tosses {
        return 1.0;
    }
    if 2 * heads >= tosses {
        return 1.0 - fair_cumulative(tosses - heads - 1, tosses);
    }
    let mut term = 1.0;
    let mut sum = 0.0;
    for count in (0..=heads).rev() {
        sum += term;
        term *= count as f64 / (tosses - count + 1) as f64;
        if term < NEGLIGIBLE * sum {
            break;
        }
    }
    sum * fair_mass(heads, tosses)
}

/// Two-sided p of the sign test that the median of `values` is `centre`; values equal to it
/// are left out. 1 where nothing is left or a value is not a number.
#[must_use]
pub fn sign_test(values: &[f64], centre: f64) -> f64 {
    if values.iter().any(|value| value.is_nan()) {
        return 1.0;
    }
    let above = values.iter().filter(|value| **value > centre).count();
    let below = values.iter().filter(|value| **value < centre).count();
    if above + below == 0 {
        return 1.0;
    }
    (2.0 * fair_cumulative(above.min(below), above + below)).min(1.0)
}

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
/// By bisection, which keeps its accuracy far in the tails where corrections for many
/// comparisons lead.
pub(super) fn beta_quantile(a: f64, b: f64, probability: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    // Halving the exponent's range first reaches quantiles far below 1e-16.
    for step in 0..200 {
        let middle = if step < 60 && low == 0.0 { high / 64.0 } else { f64::midpoint(low, high) };
        if high - low <= 1e-12 * high {
            break;
        }
        if beta_reg(a, b, middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() <= 1e-9 * right.abs().max(1e-3)
    }

    #[test]
    fn tails_of_a_fair_coin_match_counting() {
        for tosses in 0..=12_usize {
            for heads in 0..=tosses {
                let hits = (0..1_u32 << tosses).filter(|coins| coins.count_ones() as usize <= heads).count();
                let counted = hits as f64 / f64::from(1_u32 << tosses);
                assert!(close(fair_cumulative(heads, tosses), counted), "{heads} of {tosses}");
            }
        }
    }

    #[test]
    fn a_hundred_thousand_tosses_stay_exact() {
        assert!(close(fair_cumulative(49_999, 100_000) * 2.0 + fair_mass(50_000, 100_000), 1.0));
        // Normal approximation with continuity correction, good to five digits out here.
        assert!((fair_cumulative(49_500, 100_000) - 0.000_791_5).abs() < 1e-6);
    }

    #[test]
    fn sign_test_of_ten_agreeing_signs() {
        assert!(close(sign_test(&[1.0; 10], 0.0), 2.0 / 1024.0));
        assert!(close(sign_test(&[], 0.0), 1.0));
        assert!(close(sign_test(&[f64::NAN, 1.0], 0.0), 1.0));
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

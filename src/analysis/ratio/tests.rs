use super::prior::trigamma;
use super::*;
use crate::analysis::example::{Example, sample};
use crate::analysis::pairs::{Rounds, pairs, rounds};
use proptest::prelude::*;

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-4 * right.abs().max(1e-3)
}

/// Student's sleep data (1908): ten patients, two drugs.
const SLEEP: [f64; 10] = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];

#[test]
fn with_one_round_a_process_it_is_the_textbook_t() {
    let processes: Vec<Vec<f64>> = SLEEP.iter().map(|value| vec![*value]).collect();
    let difference = Difference::of(&processes, &Prior::default()).unwrap();
    assert!(close(difference.estimate / difference.standard_error, 4.0621));
    assert_eq!(difference.degrees_of_freedom, 9.0);
    assert!(close(difference.p_beyond(Margin::from_fraction(0.0).unwrap()), 0.002_833));
    let Interval { low, high } = difference.interval(0.05);
    assert!(close(low, 0.7001) && close(high, 2.4599), "{low} {high}");
}

/// By hand: two of ten are trimmed at either end, 1.0 to 1.4 and 1.8 are kept.
#[test]
fn one_process_is_yuens_trimmed_t() {
    let difference = Difference::of(&[SLEEP.to_vec()], &Prior::default()).unwrap();
    assert!(close(difference.estimate, 8.0 / 6.0), "{}", difference.estimate);
    // Winsorised: 1.0 three times, 1.2, 1.3, 1.3, 1.4, 1.8 three times; sum of squares 1.004.
    assert!(close(difference.standard_error, (1.004_f64 / (6.0 * 5.0)).sqrt()));
    assert_eq!((difference.degrees_of_freedom, difference.processes), (5.0, 1));
    let estimate = difference.ratio(0.05);
    assert!(estimate.one_process);
    assert_eq!(estimate.verdict(Margin::default()), Verdict::Unclear);
}

#[test]
fn a_slow_copy_moves_nothing() {
    let calm = vec![vec![0.01, 0.02, 0.03, 0.02, 0.01, 0.03]; 3];
    let mut stalled = calm.clone();
    stalled[1][2] = 5.0;
    let before = Difference::of(&calm, &Prior::default()).unwrap().estimate;
    let after = Difference::of(&stalled, &Prior::default()).unwrap().estimate;
    assert!((after - before).abs() < 0.005);
}

#[test]
fn a_process_cut_short_weighs_less() {
    let full = || vec![0.0, 0.01, -0.01, 0.0, 0.01, -0.01, 0.0, 0.0];
    let estimate = |processes: &[Vec<f64>]| Difference::of(processes, &Prior::default()).unwrap().estimate;
    assert!(close(estimate(&[full(), full(), vec![0.17]]), 0.17 * 0.125 / 2.125));
}

#[test]
fn counts_without_noise_have_intervals_without_width() {
    let arms = [vec![vec![0.1; 3]; 2], vec![vec![0.2; 3]; 2]];
    let prior = Prior::fit(arms.iter().map(Vec::as_slice));
    let estimate = ratio(&arms[0], &prior, 0.05).unwrap();
    assert!(estimate.high - estimate.low < 1e-9, "{estimate:?}");
    assert_eq!(estimate.verdict(Margin::default()), Verdict::Slower);
}

#[test]
fn nothing_seen_is_nothing_said() {
    let none = Prior::default();
    assert_eq!(ratio(&[], &none, 0.05), None);
    assert_eq!(ratio(&[vec![]], &none, 0.05), None);
    assert_eq!(ratio(&[vec![0.1]], &none, 0.05), None);
    assert_eq!(ratio(&[vec![f64::NAN, f64::INFINITY]], &none, 0.05), None);
    let elsewhere = Prior { variance: 1e-4, degrees_of_freedom: 1.0 };
    assert!(ratio(&[vec![0.1]], &elsewhere, 0.05).unwrap().one_process);
    assert_eq!(Prior::fit([&[vec![0.1, 0.2]][..]]), none, "one process shows no spread of processes");
}

#[test]
fn pairs_are_of_one_round_of_one_process() {
    let base = Rounds::from([((1, 1), 0.0), ((1, 2), 1.0), ((2, 1), 2.0), ((3, 7), 0.0)]);
    let other = Rounds::from([((1, 2), 1.5), ((1, 3), 9.0), ((2, 1), 2.25), ((2, 2), 9.0)]);
    assert_eq!(pairs(&base, &other), [vec![0.5], vec![0.25]]);
    let all = Example::default()
        .with(sample("c", "s", 4, 0.0))
        .with(sample("c", "s", 4, 0.3))
        .with(sample("c", "s", 5, 0.1))
        .measurements();
    let rounds = rounds(all.get("c", "s", "this").unwrap());
    assert_eq!(rounds.keys().copied().collect::<Vec<_>>(), [(0, 4), (0, 5)]);
    assert!((rounds[&(0, 5)] - rounds[&(0, 4)] - 0.1).abs() < 1e-6);
}

#[test]
fn trigamma_has_its_published_values() {
    let squared = std::f64::consts::PI.powi(2);
    assert!(close(trigamma(1.0), squared / 6.0));
    assert!(close(trigamma(0.5), squared / 2.0));
    assert!(close(trigamma(4.0), squared / 6.0 - 49.0 / 36.0));
}

/// Variances of arms that differ as those of a scaled inverse chi square with 3 degrees of freedom.
#[test]
fn the_prior_finds_how_alike_arms_are() {
    let arms = |unlike: f64| -> Vec<Vec<Vec<f64>>> {
        (0..60)
            .map(|arm| {
                let size = 0.01 * (unlike * (f64::from(arm % 12) - 5.5)).exp();
                (0..8).map(|at| vec![size * f64::from((at * 7 + arm) % 8 - 4)]).collect()
            })
            .collect()
    };
    let degrees_of_freedom = |unlike| Prior::fit(arms(unlike).iter().map(Vec::as_slice)).degrees_of_freedom;
    assert!(degrees_of_freedom(0.0) > 7.9);
    assert!(degrees_of_freedom(0.6) < 1.1);
    assert!((1.5..6.0).contains(&degrees_of_freedom(0.2)), "{}", degrees_of_freedom(0.2));
}

proptest! {
    #[test]
    fn swapping_the_sides_mirrors_everything(
        processes in prop::collection::vec(prop::collection::vec(-1.0..1.0_f64, 1..90), 1..6)
    ) {
        let prior = Prior { variance: 0.01, degrees_of_freedom: 2.0 };
        let mirrored: Vec<Vec<f64>> =
            processes.iter().map(|process| process.iter().map(|d| -d).collect()).collect();
        let (one, other) = (ratio(&processes, &prior, 0.05).unwrap(), ratio(&mirrored, &prior, 0.05).unwrap());
        prop_assert!((one.ratio * other.ratio - 1.0).abs() < 1e-9);
        prop_assert!((one.low * other.high - 1.0).abs() < 1e-9);
        prop_assert!(one.low <= one.ratio && one.ratio <= one.high && one.high.is_finite());
    }
}

//! How often a 95 % interval holds the truth.

use crate::noise::{Noise, Shape, normal};
use crate::repetitions;
use copybench::analysis::pairs::{Rounds, pairs};
use copybench::analysis::ratio::{Prior, ratio};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use std::ops::RangeInclusive;

/// Standard deviation of one copy's logarithm.
const SPREAD: f64 = 0.05;

/// Arms beside the base.
const ARMS: usize = 12;

struct Case {
    shape: Shape,
    /// Standard deviation that processes add, on average; it differs from arm to arm.
    between: f64,
    processes: u32,
    rounds: RangeInclusive<u32>,
}

/// Share of intervals that hold the truth, and their mean half-width.
fn covered(case: &Case, random: &mut ChaCha8Rng) -> (f64, f64) {
    let (mut held, mut total, mut width) = (0, 0, 0.0);
    for _ in 0..repetitions(30) {
        // All arms have the same noise and no difference in truth, so that d is symmetric around 0.
        let between: Vec<f64> = (0..=ARMS).map(|_| case.between * random.random_range(0.3..1.7)).collect();
        let mut arms = vec![Rounds::new(); ARMS + 1];
        for process in 0..case.processes {
            let rounds = random.random_range(case.rounds.clone());
            for (arm, between) in arms.iter_mut().zip(&between) {
                let shift = between * normal(random);
                let mut noise = Noise::new(case.shape, SPREAD);
                arm.extend((0..rounds).map(|round| ((process, round), shift + noise.next(random))));
            }
        }
        let neighbours: Vec<_> = arms.windows(2).map(|pair| pairs(&pair[0], &pair[1])).collect();
        let prior = Prior::fit(neighbours.iter().map(Vec::as_slice));
        for other in &arms[1..] {
            let estimate = ratio(&pairs(&arms[0], other), &prior, 0.05).unwrap();
            held += usize::from(estimate.low <= 1.0 && 1.0 <= estimate.high);
            total += 1;
            width += (estimate.high / estimate.low).ln() / 2.0;
        }
    }
    (held as f64 / total as f64, width / total as f64)
}

#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let shapes = [
        ("normal", Shape::Normal),
        ("skewed", Shape::Skewed),
        ("1 in 20 is 30 % slower", Shape::Outliers),
        ("half of the last round's", Shape::Neighbours(0.5)),
    ];
    let plans = [(3, 10..=10), (8, 10..=10), (8, 2..=12), (20, 6..=6), (4, 100..=160), (10, 1..=1)];
    let mut random = ChaCha8Rng::seed_from_u64(1);
    println!("| noise | processes × rounds | τ | coverage | half-width |\n|---|---|---|---|---|");
    for (name, shape) in shapes {
        let mut all = Vec::new();
        for (processes, rounds) in plans.clone() {
            for between in [0.0, 0.01, 0.03] {
                let case = Case { shape, between, processes, rounds: rounds.clone() };
                let (coverage, width) = covered(&case, &mut random);
                println!(
                    "| {name} | {processes} × {}–{} | {:.0} % | {coverage:.3} | {:.2} % |",
                    rounds.start(),
                    rounds.end(),
                    100.0 * between,
                    100.0 * width
                );
                assert!(coverage > 0.85, "{name}, {processes} × {rounds:?}, {between}: {coverage}");
                all.push(coverage);
            }
        }
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        assert!((0.94..0.98).contains(&mean), "{name}: {mean}");
    }
}

//! The screen: a few rounds in which nobody's own spread is known yet, so that one is used for all.

use super::{Arm, Race};
use crate::analysis::median;
use crate::analysis::pairs::Rounds;
use crate::analysis::ratio::trimmed_mean;
use crate::analysis::student::critical;
use std::collections::BTreeMap;

/// Rounds from which an estimate is trimmed and a spread can be seen.
const ENOUGH: u32 = 4;

/// With fewer, only who takes at least twice as long in every round is dropped.
const FAR: f64 = std::f64::consts::LN_2;

/// The nearest to the leader, who are left to the race however far behind they look: it alone has fresh
/// processes.
const RIVALS: usize = 2;

/// Variance of a trimmed mean or median is at most this by that of a mean.
const INEFFICIENCY: f64 = 1.25 * 1.25;

/// Degrees of freedom of a spread that is taken from dozens of arms which share rounds.
const FREEDOM: f64 = 30.0;

impl Race {
    pub(super) fn screen(&mut self) {
        self.looks += 1;
        let looks = self.config.screen_looks.len().max(1) as f64;
        let alive = self.alive();
        let each = self.config.alpha * self.config.screen_share / looks / alive.len().max(2) as f64;
        let distances = Distances::of(&alive, &self.arms);
        if let Some((leader, _)) = distances.leader() {
            let reach = critical(2.0 * each, FREEDOM) * (2.0 * distances.variance()).sqrt();
            let mut behind = distances.behind(leader);
            behind.sort_by(|left, right| left.1.estimate.total_cmp(&right.1.estimate));
            for (index, at) in behind.into_iter().skip(RIVALS) {
                let low = if self.rounds < ENOUGH { at.least } else { at.estimate };
                let limit = if self.rounds < ENOUGH { reach.max(FAR) } else { reach };
                if low > limit {
                    self.drop(index, leader, (low - reach).max(0.0), at.estimate + reach);
                }
            }
        }
        if self.config.screen_looks.iter().all(|look| *look <= self.rounds) {
            self.begin_race();
        }
        self.end_screen_if_small();
    }
}

/// How far arms are behind the middle of the faster ones, round by round.
struct Distances {
    arms: Vec<(usize, Rounds)>,
    /// The trimmed mean of each.
    estimates: BTreeMap<usize, f64>,
}

struct Behind {
    estimate: f64,
    /// In the round in which it was least behind.
    least: f64,
}

impl Distances {
    fn of(alive: &[usize], arms: &[Arm]) -> Self {
        let arms: Vec<(usize, &Rounds)> =
            alive.iter().filter_map(|index| Some((*index, &arms.get(*index)?.all))).collect();
        let time = |rounds: &Rounds| trimmed_mean(&rounds.values().copied().collect::<Vec<_>>());
        let mut order: Vec<(f64, &Rounds)> =
            arms.iter().filter_map(|(_, rounds)| Some((time(rounds)?, *rounds))).collect();
        order.sort_by(|left, right| left.0.total_cmp(&right.0));
        order.truncate(order.len().div_ceil(2));
        let mut together: BTreeMap<(u32, u32), Vec<f64>> = BTreeMap::new();
        for (at, time) in order.iter().flat_map(|(_, rounds)| rounds.iter()) {
            together.entry(*at).or_default().push(*time);
        }
        let middle: Rounds =
            together.into_iter().filter_map(|(at, times)| Some((at, median(&times)?))).collect();
        let behind = |rounds: &Rounds| -> Rounds {
            rounds.iter().filter_map(|(at, time)| Some((*at, time - middle.get(at)?))).collect()
        };
        let arms: Vec<(usize, Rounds)> =
            arms.into_iter().map(|(index, rounds)| (index, behind(rounds))).collect();
        let estimates = arms.iter().filter_map(|(index, rounds)| Some((*index, time(rounds)?))).collect();
        Self { arms, estimates }
    }

    fn leader(&self) -> Option<(usize, f64)> {
        let estimates = self.estimates.iter().map(|(index, estimate)| (*index, *estimate));
        estimates.min_by(|left, right| left.1.total_cmp(&right.1))
    }

    /// Variance of an arm's estimate as the upper quartile of the faster half has it: by what
    /// rounds differ, or by what processes do.
    fn variance(&self) -> f64 {
        let middle = median(&self.estimates.values().copied().collect::<Vec<_>>()).unwrap_or(0.0);
        let faster = |index: &usize| self.estimates.get(index).is_some_and(|estimate| *estimate <= middle);
        let (mut by_rounds, mut by_processes) = (Vec::new(), Vec::new());
        for (_, rounds) in self.arms.iter().filter(|(index, _)| faster(index)) {
            let values: Vec<f64> = rounds.values().copied().collect();
            let Some(centre) = median(&values) else { continue };
            let far: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
            let spread = median(&far).unwrap_or(0.0) * 1.4826;
            by_rounds.push(INEFFICIENCY * spread.powi(2) / values.len() as f64);
            by_processes.extend(variance_of_mean(&processes(rounds)));
        }
        upper_quartile(by_rounds).max(upper_quartile(by_processes))
    }

    fn behind(&self, leader: usize) -> Vec<(usize, Behind)> {
        let Some((_, leading)) = self.arms.iter().find(|(index, _)| *index == leader) else {
            return Vec::new();
        };
        let own = |index: &usize| self.estimates.get(index).copied();
        let one = |(index, rounds): &(usize, Rounds)| {
            let common = rounds.iter().filter_map(|(at, time)| Some(time - leading.get(at)?));
            let least = common.reduce(f64::min)?;
            (*index != leader).then_some((*index, Behind { estimate: own(index)? - own(&leader)?, least }))
        };
        self.arms.iter().filter_map(one).collect()
    }
}

/// What each process says.
fn processes(rounds: &Rounds) -> Vec<f64> {
    let mut processes: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for ((process, _), value) in rounds {
        processes.entry(*process).or_default().push(*value);
    }
    processes.values().filter_map(|values| trimmed_mean(values)).collect()
}

fn variance_of_mean(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let centre = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    (values.len() > 1).then(|| squares / (count - 1.0) / count)
}

fn upper_quartile(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() * 3 / 4).copied().unwrap_or(0.0)
}

//! What a machine's verdicts are worth: false claims, and the smallest slowdown that is found.

use super::binomial::clopper_pearson;
use serde::Serialize;

/// Confidence of the bounds of a rate.
const CONFIDENCE: f64 = 0.95;

/// Share of trials in which a slowdown must be found to count as detectable.
pub const POWER: f64 = 0.8;

/// A race whose truth is known: all that ran are one strategy, some of them slowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Everyone who ran.
    pub called: Vec<Called>,
    /// How near the best the winner was said to be; none where nothing was said.
    pub within: Option<f64>,
    /// By how much the winner was really slowed.
    pub winner: Option<f64>,
    /// Seconds that the race took.
    pub seconds: f64,
}

/// What a race said about one who ran.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Called {
    /// By how much it was really slowed, as a fraction; 0 for those that are all the same.
    pub slowdown: f64,
    /// Whether it was called slower, or different from what it is.
    pub slower: bool,
}

/// How often something was seen, with bounds for how often it happens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// Times it was seen.
    pub seen: u64,
    /// Trials.
    pub trials: u64,
    /// Lower Clopper-Pearson bound at 95 %.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Rate {
    /// Of `trials`, `seen`.
    #[must_use]
    pub fn new(seen: u64, trials: u64) -> Self {
        let (low, high) = clopper_pearson(seen, trials, CONFIDENCE);
        Self { seen, trials, low, high }
    }

    /// Share seen; none without trials.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.trials > 0).then(|| self.seen as f64 / self.trials as f64)
    }
}

/// Of those that are the same, how many were called slower or different.
#[must_use]
pub fn false_alarms(trials: &[Trial]) -> Rate {
    let same: Vec<&Called> = called(trials).filter(|called| called.slowdown == 0.0).collect();
    Rate::new(same.iter().filter(|called| called.slower).count() as u64, same.len() as u64)
}

/// Of the races that said how near the best their winner is, in how many it was really farther off.
#[must_use]
pub fn wrong_winners(trials: &[Trial]) -> Rate {
    let claims: Vec<(f64, f64)> = trials.iter().filter_map(|trial| trial.winner.zip(trial.within)).collect();
    Rate::new(claims.iter().filter(|(truth, within)| truth > within).count() as u64, claims.len() as u64)
}

/// How often each real slowdown was called slower, by rising slowdown.
#[must_use]
pub fn detection_rates(trials: &[Trial]) -> Vec<(f64, Rate)> {
    let mut slowed: Vec<&Called> = called(trials).filter(|called| called.slowdown > 0.0).collect();
    slowed.sort_by(|left, right| left.slowdown.total_cmp(&right.slowdown));
    slowed
        .chunk_by(|left, right| left.slowdown == right.slowdown)
        .filter_map(|group| {
            let found = group.iter().filter(|called| called.slower).count();
            Some((group.first()?.slowdown, Rate::new(found as u64, group.len() as u64)))
        })
        .collect()
}

fn called(trials: &[Trial]) -> impl Iterator<Item = &Called> {
    trials.iter().flat_map(|trial| &trial.called)
}

/// The smallest tried slowdown found in at least [`POWER`] of its trials, as was every larger
/// one; none if there is none.
#[must_use]
pub fn minimum_detectable(rates: &[(f64, Rate)]) -> Option<f64> {
    rates
        .iter()
        .rev()
        .take_while(|(_, rate)| rate.share().is_some_and(|share| share >= POWER))
        .last()
        .map(|(slowdown, _)| *slowdown)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Races of one strategy, its twin and one that is slowed, which is found in the first of them.
    fn trials(slowdown: f64, found: usize, all: usize) -> Vec<Trial> {
        let race = |index: usize| {
            let called = |slowdown, slower| Called { slowdown, slower };
            let called = vec![called(0.0, false), called(0.0, false), called(slowdown, index < found)];
            Trial { called, within: Some(0.02), winner: Some(0.0), seconds: 1.0 }
        };
        (0..all).map(race).collect()
    }

    #[test]
    fn no_alarm_in_a_hundred_still_has_a_bound() {
        let alarms = false_alarms(&trials(0.1, 0, 50));
        assert_eq!((alarms.seen, alarms.trials, alarms.low), (0, 100, 0.0));
        assert!((alarms.high - 0.036_217).abs() < 1e-5, "1 - 0.025^(1/100)");
        assert_eq!(false_alarms(&[]).share(), None);
    }

    #[test]
    fn a_winner_farther_off_than_was_said_is_wrong() {
        let mut races = trials(0.05, 0, 4);
        races[0].winner = Some(0.05);
        races[1].winner = Some(0.01);
        races[2].within = None;
        assert_eq!((wrong_winners(&races).seen, wrong_winners(&races).trials), (1, 3));
    }

    #[test]
    fn the_minimum_detectable_slowdown_has_no_gap_above_it() {
        let all =
            [trials(0.01, 9, 10), trials(0.02, 3, 10), trials(0.05, 8, 10), trials(0.1, 10, 10)].concat();
        let rates = detection_rates(&all);
        assert_eq!(rates.iter().map(|(_, rate)| rate.seen).collect::<Vec<_>>(), [9, 3, 8, 10]);
        assert_eq!(minimum_detectable(&rates), Some(0.05));
        assert_eq!(minimum_detectable(&detection_rates(&trials(0.1, 1, 10))), None);
    }
}

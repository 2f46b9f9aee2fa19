//! What a machine's verdicts are worth: false alarms and the smallest slowdown that is found.

use super::Verdict;
use super::binomial::clopper_pearson;
use serde::{Deserialize, Serialize};

/// Confidence of the bounds of a rate.
const CONFIDENCE: f64 = 0.95;

/// Share of trials in which a slowdown must be found to count as detectable.
pub const POWER: f64 = 0.8;

/// One comparison whose truth is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// By how much one side was really slowed, as a fraction; 0 for A against A.
    pub slowdown: f64,
    /// What was said about that side.
    pub verdict: Verdict,
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

/// Verdicts on A against A that claim a difference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FalseAlarms {
    /// Either way.
    pub any: Rate,
    /// Of those, `slower`; a sound method is wrong as often one way as the other.
    pub slower: u64,
    /// Of those, `faster`.
    pub faster: u64,
}

/// False alarms among the trials without a slowdown.
#[must_use]
pub fn false_alarms(trials: &[Trial]) -> FalseAlarms {
    let verdicts: Vec<Verdict> =
        trials.iter().filter(|trial| trial.slowdown == 0.0).map(|trial| trial.verdict).collect();
    let count = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count() as u64;
    let (slower, faster) = (count(Verdict::Slower), count(Verdict::Faster));
    FalseAlarms { any: Rate::new(slower + faster, verdicts.len() as u64), slower, faster }
}

/// How often each real slowdown was called `slower`, by rising slowdown.
#[must_use]
pub fn detection_rates(trials: &[Trial]) -> Vec<(f64, Rate)> {
    let mut slowed: Vec<Trial> = trials.iter().filter(|trial| trial.slowdown > 0.0).copied().collect();
    slowed.sort_by(|left, right| left.slowdown.total_cmp(&right.slowdown));
    slowed
        .chunk_by(|left, right| left.slowdown == right.slowdown)
        .filter_map(|group| {
            let found = group.iter().filter(|trial| trial.verdict == Verdict::Slower).count();
            Some((group.first()?.slowdown, Rate::new(found as u64, group.len() as u64)))
        })
        .collect()
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

    fn trials(slowdown: f64, found: usize, all: usize) -> Vec<Trial> {
        (0..all)
            .map(|index| Trial {
                slowdown,
                verdict: if index < found { Verdict::Slower } else { Verdict::Unclear },
            })
            .collect()
    }

    #[test]
    fn no_alarm_in_a_hundred_pairs_still_has_a_bound() {
        let alarms = false_alarms(&trials(0.0, 0, 100));
        assert_eq!((alarms.any.seen, alarms.any.trials, alarms.any.low), (0, 100, 0.0));
        assert!((alarms.any.high - 0.036_217).abs() < 1e-5, "1 - 0.025^(1/100)");
        assert_eq!(false_alarms(&[]).any.share(), None);
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

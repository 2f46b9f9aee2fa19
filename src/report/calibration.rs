//! What calibrating a machine found, in words and as data.

use crate::analysis::calibration::{Rate, Trial, detection_rates, false_alarms, minimum_detectable};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Lag-1 autocorrelation of rounds from which neighbours hang together noticeably.
const NOTICEABLE_LAG: f64 = 0.3;

/// Share of time stolen by other guests from which times suffer noticeably.
const NOTICEABLE_STEAL: f64 = 0.01;

/// What the trials on one machine found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Trials of a strategy against itself.
    pub trials: u64,
    /// Of those, how many were called different.
    pub false_alarms: u64,
    /// Upper Clopper-Pearson bound at 95 % of their rate.
    pub false_alarm_bound: f64,
    /// Of the false alarms, those called slower.
    pub slower: u64,
    /// Those called faster.
    pub faster: u64,
    /// The slowdown that `detected` is about: the smallest that is seen in 80 % of trials, else the
    /// largest tried; 0 where none was tried.
    pub slowdown: f64,
    /// Trials with that slowdown in which it was found.
    pub detected: u64,
    /// All tried slowdowns.
    pub rates: Vec<Detection>,
    /// The smallest slowdown that is seen in 80 % of trials.
    pub minimum_detectable: Option<f64>,
    /// What they were about.
    #[serde(flatten)]
    pub conditions: Conditions,
}

/// What the trials of a calibration were about, and how the machine was meanwhile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// Median lag-1 autocorrelation of the rounds without a slowdown.
    pub autocorrelation: Option<f64>,
    /// Share of the processors' time that other guests took.
    pub steal: f64,
    /// Differences inside it do not matter, as a fraction.
    pub margin: f64,
    /// Seconds that a trial may take.
    pub budget_seconds: f64,
    /// Cell.
    pub cell: String,
    /// Strategy.
    pub strategy: String,
    /// Hash of the machine.
    pub host: String,
    /// Day.
    pub date: String,
}

/// How often one slowdown was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// As a fraction.
    pub slowdown: f64,
    /// Trials.
    pub trials: u64,
    /// In how many it was found.
    pub detected: u64,
    /// Clopper-Pearson bounds at 95 % of the rate.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Calibration {
    /// The outcome of `trials`.
    #[must_use]
    pub fn new(conditions: Conditions, trials: &[Trial]) -> Self {
        let alarms = false_alarms(trials);
        let rates = detection_rates(trials);
        let minimum = minimum_detectable(&rates);
        let of = |slowdown: f64| rates.iter().find(|(tried, _)| *tried == slowdown);
        let told = minimum.and_then(of).or(rates.last());
        Self {
            trials: alarms.any.trials,
            false_alarms: alarms.any.seen,
            false_alarm_bound: alarms.any.high,
            slower: alarms.slower,
            faster: alarms.faster,
            slowdown: told.map_or(0.0, |(slowdown, _)| *slowdown),
            detected: told.map_or(0, |(_, rate)| rate.seen),
            rates: rates.iter().map(|(slowdown, rate)| Detection::new(*slowdown, *rate)).collect(),
            minimum_detectable: minimum,
            conditions,
        }
    }

    /// One sentence for the reports of runs.
    #[must_use]
    pub fn sentence(&self) -> String {
        let seconds = self.conditions.budget_seconds;
        let seen = self.minimum_detectable.map_or_else(
            || "no slowdown that was tried is seen in 80 % of trials".to_owned(),
            |slowdown| {
                format!("a slowdown of {} is seen in 80 % of trials of {seconds} s", percent(slowdown))
            },
        );
        format!(
            "Calibrated on {}: {} of {} comparisons of a strategy with itself were called different (at most \
             {} of all, at 95 %); {seen}.",
            self.conditions.date,
            self.false_alarms,
            self.trials,
            percent(self.false_alarm_bound)
        )
    }

    /// Everything, for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} in {}, margin {}\n\n",
            self.conditions.strategy,
            self.conditions.cell,
            percent(self.conditions.margin)
        );
        let _ = writeln!(
            text,
            "against itself: {} of {} trials called different ({} slower, {} faster); at most {} of all, at 95 %",
            self.false_alarms,
            self.trials,
            self.slower,
            self.faster,
            percent(self.false_alarm_bound)
        );
        for rate in &self.rates {
            let _ = writeln!(
                text,
                "slowed by {}: found in {} of {} trials ({} to {} of all, at 95 %)",
                percent(rate.slowdown),
                rate.detected,
                rate.trials,
                percent(rate.low),
                percent(rate.high)
            );
        }
        let _ = writeln!(text, "\n{}", self.sentence());
        if let Some(lag) = self.conditions.autocorrelation {
            let note = if lag.abs() > NOTICEABLE_LAG {
                "neighbouring rounds hang together"
            } else {
                "none to speak of"
            };
            let _ = writeln!(text, "Lag-1 autocorrelation of rounds: {lag:.2} ({note}).");
        }
        let note = if self.conditions.steal > NOTICEABLE_STEAL {
            "other guests disturb this machine"
        } else {
            "quiet"
        };
        let _ = writeln!(text, "Time stolen by other guests: {} ({note}).", percent(self.conditions.steal));
        text
    }
}

impl Detection {
    fn new(slowdown: f64, rate: Rate) -> Self {
        Self { slowdown, trials: rate.trials, detected: rate.seen, low: rate.low, high: rate.high }
    }
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 1000.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Verdict;

    fn conditions() -> Conditions {
        Conditions {
            autocorrelation: Some(0.5),
            steal: 0.02,
            margin: 0.02,
            budget_seconds: 10.0,
            cell: "ext4|dense|1MiB|warm|new|none".to_owned(),
            strategy: "read-write-256k".to_owned(),
            host: "0".to_owned(),
            date: "2026-01-02".to_owned(),
        }
    }

    #[test]
    fn the_smallest_slowdown_that_is_seen_is_told() {
        let trial = |slowdown, verdict| Trial { slowdown, verdict };
        let mut trials = vec![trial(0.0, Verdict::Same); 19];
        trials.push(trial(0.0, Verdict::Faster));
        trials.extend([trial(0.02, Verdict::Unclear); 10]);
        trials.extend([trial(0.05, Verdict::Slower); 10]);
        let found = Calibration::new(conditions(), &trials);
        assert_eq!((found.trials, found.false_alarms, found.faster), (20, 1, 1));
        assert_eq!((found.slowdown, found.detected, found.minimum_detectable), (0.05, 10, Some(0.05)));
        let text = found.text();
        assert!(text.contains("slowed by 2 %: found in 0 of 10"), "{text}");
        assert!(text.contains("hang together") && text.contains("disturb"), "{text}");
    }

    #[test]
    fn what_is_never_seen_is_said() {
        let found = Calibration::new(conditions(), &[Trial { slowdown: 0.01, verdict: Verdict::Same }]);
        assert_eq!((found.slowdown, found.detected, found.minimum_detectable), (0.01, 0, None));
        assert!(found.sentence().contains("no slowdown that was tried"));
    }
}

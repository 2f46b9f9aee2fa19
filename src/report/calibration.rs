//! What calibrating a machine found, in words and as data.

use crate::analysis::calibration::{
    Rate, Trial, detection_rates, false_alarms, minimum_detectable, wrong_winners,
};
use crate::analysis::median;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Share of time stolen by other guests from which times suffer noticeably.
const NOTICEABLE_STEAL: f64 = 0.01;

/// What races of one strategy with itself found on one machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Those that ran and were the same, over all races.
    pub trials: u64,
    /// Of those, how many were called slower or different.
    pub false_alarms: u64,
    /// Upper Clopper-Pearson bound at 95 % of their rate.
    pub false_alarm_bound: f64,
    /// Races that said how near the best their winner is.
    pub decided: u64,
    /// Of those, how many had a winner that was farther off.
    pub wrong_winners: u64,
    /// Upper bound of their rate.
    pub wrong_winner_bound: f64,
    /// Median of how near the best the winner was said to be, as a fraction.
    pub within: Option<f64>,
    /// Median seconds of a race.
    pub seconds: Option<f64>,
    /// The slowdown that `detected` is about: the smallest that is seen in 80 % of races, else the
    /// largest tried; 0 where none was tried.
    pub slowdown: f64,
    /// Races in which that slowdown was found.
    pub detected: u64,
    /// All tried slowdowns.
    pub rates: Vec<Detection>,
    /// The smallest slowdown that is seen in 80 % of races.
    pub minimum_detectable: Option<f64>,
    /// What they were about.
    #[serde(flatten)]
    pub conditions: Conditions,
}

/// What the races of a calibration were about, and how the machine was meanwhile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// Share of the processors' time that other guests took.
    pub steal: f64,
    /// Differences inside it do not matter, as a fraction.
    pub margin: f64,
    /// Seconds that a race may take.
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
        let (alarms, winners) = (false_alarms(trials), wrong_winners(trials));
        let rates = detection_rates(trials);
        let minimum = minimum_detectable(&rates);
        let of = |slowdown: f64| rates.iter().find(|(tried, _)| *tried == slowdown);
        let told = minimum.and_then(of).or(rates.last());
        let middle =
            |value: fn(&Trial) -> Option<f64>| median(&trials.iter().filter_map(value).collect::<Vec<_>>());
        Self {
            trials: alarms.trials,
            false_alarms: alarms.seen,
            false_alarm_bound: alarms.high,
            decided: winners.trials,
            wrong_winners: winners.seen,
            wrong_winner_bound: winners.high,
            within: middle(|trial| trial.within),
            seconds: middle(|trial| Some(trial.seconds)),
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
        let seen = self.minimum_detectable.map_or_else(
            || "no slowdown that was tried is seen in 80 % of them".to_owned(),
            |slowdown| format!("a slowdown of {} is seen in 80 % of them", percent(slowdown)),
        );
        format!(
            "Calibrated on {} by races of {} with itself: {} of {} winners were farther off than was said, {} of \
             {} copies that are the same were called slower (at most {} of all, at 95 %); {seen}.",
            self.conditions.date,
            self.conditions.strategy,
            self.wrong_winners,
            self.decided,
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
            "the same: {} of {} called slower or different; at most {} of all, at 95 %",
            self.false_alarms,
            self.trials,
            percent(self.false_alarm_bound)
        );
        let _ = writeln!(
            text,
            "winner farther off than was said: {} of {} races; at most {} of all, at 95 %",
            self.wrong_winners,
            self.decided,
            percent(self.wrong_winner_bound)
        );
        if let Some((within, seconds)) = self.within.zip(self.seconds) {
            let _ =
                writeln!(text, "said within {} of the best after {seconds:.1} s (medians)", percent(within));
        }
        for rate in &self.rates {
            let _ = writeln!(
                text,
                "slowed by {}: found in {} of {} races ({} to {} of all, at 95 %)",
                percent(rate.slowdown),
                rate.detected,
                rate.trials,
                percent(rate.low),
                percent(rate.high)
            );
        }
        let _ = writeln!(text, "\n{}", self.sentence());
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
    use crate::analysis::calibration::Called;

    fn conditions() -> Conditions {
        Conditions {
            steal: 0.02,
            margin: 0.02,
            budget_seconds: 10.0,
            cell: "ext4|dense|1MiB|warm|new|none".to_owned(),
            strategy: "read-write-256k".to_owned(),
            host: "0".to_owned(),
            date: "2026-01-02".to_owned(),
        }
    }

    fn race(found: [bool; 3]) -> Trial {
        let called = [0.0, 0.02, 0.05].into_iter().zip(found);
        Trial {
            called: called.map(|(slowdown, slower)| Called { slowdown, slower }).collect(),
            within: Some(0.01),
            winner: Some(0.0),
            seconds: 2.0,
        }
    }

    #[test]
    fn the_smallest_slowdown_that_is_seen_is_told() {
        let mut races = vec![race([false, false, true]); 10];
        races[3].called[0].slower = true;
        races[4].winner = Some(0.02);
        let found = Calibration::new(conditions(), &races);
        assert_eq!((found.trials, found.false_alarms), (10, 1));
        assert_eq!((found.decided, found.wrong_winners, found.within), (10, 1, Some(0.01)));
        assert_eq!((found.slowdown, found.detected, found.minimum_detectable), (0.05, 10, Some(0.05)));
        let text = found.text();
        assert!(text.contains("slowed by 2 %: found in 0 of 10"), "{text}");
        assert!(text.contains("farther off than was said: 1 of 10") && text.contains("disturb"), "{text}");
    }

    #[test]
    fn what_is_never_seen_is_said() {
        let found = Calibration::new(conditions(), &[race([false, false, false])]);
        assert_eq!((found.slowdown, found.detected, found.minimum_detectable), (0.05, 0, None));
        assert!(found.sentence().contains("no slowdown that was tried"));
    }
}

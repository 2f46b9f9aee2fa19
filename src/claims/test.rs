//! What a claim asks of a figure, and what an interval says to that: pure functions.

use crate::analysis::Interval;
use crate::analysis::ratio::Difference;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a figure must be. The bounds follow from the published figure, the same way for all
/// claims, before anything is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Test {
    /// An effect was published as a factor above 1. It is upheld at half of its size or more,
    /// half as logarithms go: at least the root of the factor.
    Effect(f64),
    /// Only a direction was published: the ratio is above 1.
    Direction,
    /// Equality was published: the ratio is no further from 1 than the published ones were.
    Same(f64),
    /// A level was published: at least this.
    AtLeast(f64),
    /// A level was published: at most this.
    AtMost(f64),
}

impl Test {
    /// Lowest and highest value for which the claim holds.
    pub fn region(self) -> (f64, f64) {
        match self {
            Self::Effect(published) => (published.sqrt(), f64::INFINITY),
            Self::Direction => (1.0, f64::INFINITY),
            Self::Same(within) => (1.0 / (1.0 + within), 1.0 + within),
            Self::AtLeast(bound) => (bound, f64::INFINITY),
            Self::AtMost(bound) => (f64::NEG_INFINITY, bound),
        }
    }

    /// What an interval of the figure says about the claim.
    pub fn judge(self, interval: Option<Interval>) -> ClaimVerdict {
        let Some(interval) = interval else { return ClaimVerdict::Unclear };
        let (lowest, highest) = self.region();
        if interval.low >= lowest && interval.high <= highest {
            ClaimVerdict::Holds
        } else if interval.high < lowest || interval.low > highest {
            ClaimVerdict::Refuted
        } else {
            ClaimVerdict::Unclear
        }
    }

    /// The smallest alpha at which the interval of ln of the figure lies wholly inside or outside the
    /// region where the claim holds; 1 for a single process.
    #[must_use]
    pub fn p(self, difference: &Difference) -> f64 {
        let (lowest, highest) = self.region();
        let bounds = [lowest, highest].map(f64::ln).into_iter().filter(|bound| bound.is_finite());
        let distance = bounds.map(|bound| (difference.estimate - bound).abs()).fold(f64::INFINITY, f64::min);
        difference.p_within(distance)
    }
}

impl fmt::Display for Test {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.region() {
            (lowest, f64::INFINITY) => write!(formatter, "≥ {lowest:.2}"),
            (f64::NEG_INFINITY, highest) => write!(formatter, "≤ {highest:.2}"),
            (lowest, highest) => write!(formatter, "{lowest:.2} to {highest:.2}"),
        }
    }
}

/// What a claim comes to here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ClaimVerdict {
    /// The whole interval lies where the claim wants it.
    #[serde(rename = "holds")]
    Holds,
    /// None of the interval does: what refutes the claim.
    #[serde(rename = "refuted")]
    Refuted,
    /// It holds for copies that took their faults in one way, and is refuted for the others.
    #[serde(rename = "depends")]
    Depends,
    /// The interval lies across the bound, or there is none.
    #[serde(rename = "can't tell")]
    Unclear,
    /// The claim cannot be tried here.
    #[serde(rename = "not applicable here")]
    NotApplicable,
}

impl ClaimVerdict {
    /// The words in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Refuted => "refuted",
            Self::Depends => "depends",
            Self::Unclear => "can't tell",
            Self::NotApplicable => "not applicable here",
        }
    }
}

impl fmt::Display for ClaimVerdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(test: Test, low: f64, high: f64) -> ClaimVerdict {
        test.judge(Some(Interval { low, high }))
    }

    #[test]
    fn an_effect_is_upheld_at_half_its_size_and_refuted_below() {
        // Four times as fast was published: the bound is twice.
        let test = Test::Effect(4.0);
        assert_eq!(judge(test, 2.0, 9.0), ClaimVerdict::Holds);
        assert_eq!(judge(test, 1.0, 1.99), ClaimVerdict::Refuted);
        assert_eq!(judge(test, 1.9, 2.1), ClaimVerdict::Unclear);
        assert_eq!(test.to_string(), "≥ 2.00");
    }

    #[test]
    fn a_direction_needs_an_interval_without_one() {
        assert_eq!(judge(Test::Direction, 1.001, 1.2), ClaimVerdict::Holds);
        assert_eq!(judge(Test::Direction, 0.8, 0.999), ClaimVerdict::Refuted);
        assert_eq!(judge(Test::Direction, 0.99, 1.01), ClaimVerdict::Unclear);
    }

    #[test]
    fn equality_is_refuted_from_either_side() {
        let test = Test::Same(0.25);
        assert_eq!(judge(test, 0.81, 1.24), ClaimVerdict::Holds);
        assert_eq!(judge(test, 1.26, 1.5), ClaimVerdict::Refuted);
        assert_eq!(judge(test, 0.5, 0.79), ClaimVerdict::Refuted);
        assert_eq!(judge(test, 0.7, 1.0), ClaimVerdict::Unclear);
    }

    #[test]
    fn levels_are_bounds_of_their_own() {
        assert_eq!(judge(Test::AtMost(64.0), 16.0, 16.0), ClaimVerdict::Holds);
        assert_eq!(judge(Test::AtMost(64.0), 256.0, 257.0), ClaimVerdict::Refuted);
        assert_eq!(judge(Test::AtLeast(0.5), 0.9, 1.0), ClaimVerdict::Holds);
        assert_eq!(judge(Test::AtLeast(0.5), 0.0, 0.0), ClaimVerdict::Refuted);
    }

    #[test]
    fn without_an_interval_nothing_can_be_told() {
        assert_eq!(Test::Direction.judge(None), ClaimVerdict::Unclear);
    }

    #[test]
    fn p_and_interval_agree() {
        let seen = Difference {
            estimate: 0.5,
            standard_error: 0.1,
            degrees_of_freedom: 4.0,
            processes: 5,
            bias: 0.0,
        };
        for test in [Test::Direction, Test::Effect(2.0), Test::Same(0.1)] {
            let p = test.p(&seen);
            let judged = |alpha| test.judge(Some(seen.interval(alpha).exp()));
            assert_eq!(judged(p * 0.99), ClaimVerdict::Unclear, "{test:?}");
            assert_ne!(judged(p * 1.01), ClaimVerdict::Unclear, "{test:?}");
        }
        assert_eq!(Test::Direction.p(&Difference { processes: 1, ..seen }), 1.0);
    }
}

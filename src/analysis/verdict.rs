//! Verdicts: where an interval of a ratio lies against a margin.

use super::Interval;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a comparison says, seen from the side that is not the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The whole interval lies beyond the margin on the fast side.
    Faster,
    /// The whole interval lies beyond the margin on the slow side.
    Slower,
    /// The whole interval lies inside the margin: a statement, not the lack of one.
    Same,
    /// Anything else.
    Unclear,
}

impl Verdict {
    /// The word in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Same => "same",
            Self::Unclear => "unclear",
        }
    }

    /// Whether more rounds could not change the word.
    #[must_use]
    pub fn is_decided(self) -> bool {
        self != Self::Unclear
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

/// How small a difference does not matter. Kept as a logarithm, so that a margin of 2 % reaches
/// from 1 / 1.02 to 1.02 and neither direction is alarmed about more easily.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Margin(f64);

impl Margin {
    /// A margin as a fraction, 0.02 for 2 %; none if it is negative or not finite.
    #[must_use]
    pub fn from_fraction(fraction: f64) -> Option<Self> {
        (fraction.is_finite() && fraction >= 0.0).then(|| Self(fraction.ln_1p()))
    }

    /// In logarithms of ratios.
    #[must_use]
    pub fn ln(self) -> f64 {
        self.0
    }

    /// As a fraction.
    #[must_use]
    pub fn fraction(self) -> f64 {
        self.0.exp_m1()
    }

    /// The verdict on an interval of the logarithm of base time over other time.
    #[must_use]
    pub fn judge(self, ln_ratio: Option<Interval>) -> Verdict {
        let Some(Interval { low, high }) = ln_ratio else {
            return Verdict::Unclear;
        };
        if !(low.is_finite() && high.is_finite() && low <= high) {
            Verdict::Unclear
        } else if low > self.0 {
            Verdict::Faster
        } else if high < -self.0 {
            Verdict::Slower
        } else if -self.0 <= low && high <= self.0 {
            Verdict::Same
        } else {
            Verdict::Unclear
        }
    }
}

impl Default for Margin {
    fn default() -> Self {
        Self(0.02_f64.ln_1p())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn judge(low: f64, high: f64) -> Verdict {
        Margin::default().judge(Some(Interval { low: low.ln(), high: high.ln() }))
    }

    #[test]
    fn the_four_words() {
        assert_eq!(judge(1.03, 1.08), Verdict::Faster);
        assert_eq!(judge(0.90, 0.97), Verdict::Slower);
        assert_eq!(judge(0.99, 1.01), Verdict::Same);
        assert_eq!(judge(0.97, 1.01), Verdict::Unclear);
        assert_eq!(judge(1.01, 1.05), Verdict::Unclear);
    }

    #[test]
    fn nothing_that_is_not_a_number_looks_sure() {
        let margin = Margin::default();
        assert_eq!(margin.judge(None), Verdict::Unclear);
        for broken in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(margin.judge(Some(Interval { low: broken, high: 1.0 })), Verdict::Unclear);
            assert_eq!(margin.judge(Some(Interval { low: 0.0, high: broken })), Verdict::Unclear);
        }
        assert_eq!(Margin::from_fraction(-0.01), None);
        assert_eq!(Margin::from_fraction(f64::NAN), None);
    }

    proptest! {
        #[test]
        fn swapping_the_sides_mirrors_the_verdict(low in -1.0..1.0_f64, width in 0.0..1.0_f64) {
            let margin = Margin::default();
            let mirrored = match margin.judge(Some(Interval { low, high: low + width })) {
                Verdict::Faster => Verdict::Slower,
                Verdict::Slower => Verdict::Faster,
                other => other,
            };
            prop_assert_eq!(margin.judge(Some(Interval { low: -low - width, high: -low })), mirrored);
        }
    }
}

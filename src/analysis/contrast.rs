//! Two sides against each other with the process as the unit.
//!
//! Few processes tell little about their own spread: with two a side, Student's t asks for a
//! difference of thirty standard errors once a table of comparisons is corrected for. But the
//! spread of a ratio within rounds is not wholly unknown either: it is at least what the rounds
//! explain, and beyond that processes of one build differ by about [`TYPICAL_SPREAD`]. This
//! prior counts as [`PRIOR_FREEDOM`] degrees of freedom beside those of the data (a moderated t,
//! Smyth 2004), unless the data contradict it; then they stand alone.
//!
//! Of 1000 simulated tables of 32 rows with three processes a side and no difference, 0.1 %,
//! 4.2 %, 5.0 % and 1.0 % held a false `slower` where processes differed by 1, 2, 3 and 6 %.

use super::hierarchy::{explained, mean, squares};
use super::pairing::ProcessEstimate;
use super::student::{critical, two_sided};
use super::{Interval, Margin};
use statrs::function::beta::beta_reg;

/// Standard deviation of ln ratios between processes, beyond what their rounds explain. Ten
/// processes each of five mechanisms on two file systems and two sizes showed none in twelve of
/// sixteen cases, 0.5 % and 0.9 % in two, just under 2 % in two.
pub const TYPICAL_SPREAD: f64 = 0.005;

/// What [`TYPICAL_SPREAD`] is worth against seen processes.
pub const PRIOR_FREEDOM: f64 = 8.0;

/// A prior is given up where spreads as wide as the seen one were rarer than this.
const CONTRADICTION: f64 = 0.05;

/// An estimate of ln(base time / new time), its standard error, and how well that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    /// The estimate.
    pub ln_ratio: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom of the error.
    pub freedom: f64,
}

/// What is known about the spread between processes before seeing any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prior {
    /// Ratios of the same round.
    Rounds,
    /// Nothing: raw times, which follow the machine's mood.
    Nothing,
}

impl Contrast {
    /// Processes measured apart: those of `new` less those of `base`, with a common spread.
    #[must_use]
    pub fn between(base: &[ProcessEstimate], new: &[ProcessEstimate], prior: Prior) -> Option<Self> {
        let ln_ratio = mean(new)? - mean(base)?;
        let freedom = (base.len() + new.len() - 2) as f64;
        let rounds = f64::midpoint(explained(base), explained(new));
        let (variance, freedom) = prior.moderate(squares(base) + squares(new), freedom, rounds)?;
        let error = (variance * (1.0 / base.len() as f64 + 1.0 / new.len() as f64)).sqrt();
        Self { ln_ratio, error, freedom }.checked()
    }

    /// Processes measured in pairs, each already the difference of its two sides.
    #[must_use]
    pub fn of_pairs(pairs: &[ProcessEstimate], prior: Prior) -> Option<Self> {
        let ln_ratio = mean(pairs)?;
        let freedom = (pairs.len() - 1) as f64;
        let (variance, freedom) = prior.moderate(squares(pairs), freedom, explained(pairs))?;
        Self { ln_ratio, error: (variance / pairs.len() as f64).sqrt(), freedom }.checked()
    }

    /// Interval that misses with probability `error`.
    #[must_use]
    pub fn interval(self, error: f64) -> Option<Interval> {
        let reach = critical(error, self.freedom) * self.error;
        reach.is_finite().then_some(Interval { low: self.ln_ratio - reach, high: self.ln_ratio + reach })
    }

    /// p of the hypothesis that the truth lies inside the margin: the smallest error for which
    /// [`Self::interval`] lies wholly beyond it.
    #[must_use]
    pub fn p_beyond(self, margin: Margin) -> f64 {
        let beyond = self.ln_ratio.abs() - margin.ln();
        if beyond > 0.0 { two_sided(beyond / self.error, self.freedom) } else { 1.0 }
    }

    fn checked(self) -> Option<Self> {
        (self.ln_ratio.is_finite() && self.error.is_finite() && self.error > 0.0).then_some(self)
    }
}

impl Prior {
    /// Variance and its degrees of freedom from a sum of squares, if there are any.
    fn moderate(self, squares: f64, freedom: f64, rounds: f64) -> Option<(f64, f64)> {
        let own = (freedom > 0.0).then(|| (squares / freedom, freedom));
        if self == Self::Nothing {
            return own;
        }
        let expected = TYPICAL_SPREAD.powi(2) + rounds;
        let contradicted = own.is_some_and(|(variance, freedom)| {
            // Upper tail of F(freedom, PRIOR_FREEDOM) at variance / expected.
            let share = PRIOR_FREEDOM / (PRIOR_FREEDOM + freedom * variance / expected);
            beta_reg(PRIOR_FREEDOM / 2.0, freedom / 2.0, share.clamp(0.0, 1.0)) < CONTRADICTION
        });
        if contradicted {
            return own;
        }
        let all = PRIOR_FREEDOM + freedom;
        Some(((PRIOR_FREEDOM * expected + squares) / all, all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn processes(medians: &[f64], error: f64) -> Vec<ProcessEstimate> {
        medians
            .iter()
            .map(|median| ProcessEstimate { process: 0, median: *median, error, count: 20 })
            .collect()
    }

    #[test]
    fn without_a_prior_it_is_the_textbook_t() {
        // Student's sleep data (1908), paired: t = 4.0621 with 9 degrees of freedom, p = 0.002833.
        let pairs = processes(&[1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4], 0.0);
        let contrast = Contrast::of_pairs(&pairs, Prior::Nothing).unwrap();
        assert!((contrast.ln_ratio / contrast.error - 4.0621).abs() < 1e-4);
        let margin = Margin::from_fraction(0.0).unwrap();
        assert!((contrast.p_beyond(margin) - 0.002_833).abs() < 1e-6);
        let interval = contrast.interval(0.05).unwrap();
        assert!((interval.low - 0.7001).abs() < 1e-4 && (interval.high - 2.4599).abs() < 1e-4);
    }

    #[test]
    fn one_process_a_side_leans_on_the_prior_alone() {
        let contrast =
            Contrast::between(&processes(&[0.0], 0.0), &processes(&[-0.1], 0.0), Prior::Rounds).unwrap();
        assert_eq!(contrast.freedom, PRIOR_FREEDOM);
        assert!((contrast.error - TYPICAL_SPREAD * 2.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(Contrast::between(&processes(&[0.0], 0.0), &processes(&[1.0], 0.0), Prior::Nothing), None);
        assert_eq!(Contrast::between(&[], &processes(&[1.0], 0.0), Prior::Rounds), None);
    }

    #[test]
    fn a_contradicted_prior_is_given_up() {
        let wide = processes(&[0.0, 0.1, -0.1], 0.001);
        let contrast = Contrast::between(&wide, &wide, Prior::Rounds).unwrap();
        assert_eq!(contrast.freedom, 4.0);
        assert!(contrast.error > 0.08);
    }

    #[test]
    fn p_and_interval_agree() {
        let base = processes(&[0.0, 0.004, -0.003], 0.002);
        let new = processes(&[-0.05, -0.045, -0.052], 0.002);
        let contrast = Contrast::between(&base, &new, Prior::Rounds).unwrap();
        let p = contrast.p_beyond(Margin::default());
        let edge = contrast.interval(p).unwrap().high;
        assert!((edge + Margin::default().ln()).abs() < 1e-9, "{edge}");
    }
}

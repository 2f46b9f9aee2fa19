//! What arms of one cell lend each other: how far processes differ.

use super::{Processes, mean, spread};
use crate::analysis::pairs::neighbours;
use crate::analysis::series::Series;
use statrs::function::gamma::digamma;

/// What is learnt from other arms counts as one more process at least and as eight at most.
const PRIOR_FREEDOM: (f64, f64) = (1.0, 8.0);

/// What is known of the spread between processes before looking at an arm's own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prior {
    /// Variance of what one process says.
    pub variance: f64,
    /// How many degrees of freedom that is worth; none for knowing nothing.
    pub degrees_of_freedom: f64,
}

impl Prior {
    /// Learnt from all arms of a cell, each by its processes: the variance that is typical, and how
    /// alike the arms are in it (Smyth 2004, section 6.2). Arms that are pairs with one common base
    /// all repeat that base's part; pairs of neighbours (first with second, second with third) do not.
    #[must_use]
    pub fn fit<'a>(arms: impl IntoIterator<Item = &'a [Vec<f64>]>) -> Self {
        let seen: Vec<(f64, f64)> = arms
            .into_iter()
            .filter_map(|arm| Processes::new(arm).between())
            .filter(|(_, degrees_of_freedom)| *degrees_of_freedom > 0.1)
            .collect();
        let mut sorted: Vec<f64> = seen.iter().map(|(variance, _)| *variance).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let Some(typical) = sorted.get(sorted.len() / 2).copied() else { return Self::default() };
        if typical <= 0.0 {
            return Self { variance: 0.0, degrees_of_freedom: PRIOR_FREEDOM.0 };
        }
        let logarithms: Vec<f64> = seen
            .iter()
            .map(|(variance, degrees_of_freedom)| {
                variance.max(1e-5 * typical).ln() - digamma(degrees_of_freedom / 2.0)
                    + (degrees_of_freedom / 2.0).ln()
            })
            .collect();
        let centre = mean(&logarithms);
        let by_chance = mean(
            &seen
                .iter()
                .map(|(_, degrees_of_freedom)| trigamma(degrees_of_freedom / 2.0))
                .collect::<Vec<_>>(),
        );
        let unlike = spread(&logarithms).unwrap_or(f64::INFINITY) - by_chance;
        let degrees_of_freedom = freedom_of(unlike);
        Self {
            variance: (centre + digamma(degrees_of_freedom / 2.0) - (degrees_of_freedom / 2.0).ln()).exp(),
            degrees_of_freedom,
        }
    }

    /// Of the arms of a cell, from those that are next to each other.
    #[must_use]
    pub fn of_arms<'a>(arms: impl IntoIterator<Item = &'a Series>) -> Self {
        let neighbours: Vec<_> = neighbours(&arms.into_iter().collect::<Vec<_>>()).collect();
        Self::fit(neighbours.iter().map(Vec::as_slice))
    }

    pub(super) fn moderate(self, seen: Option<(f64, f64)>) -> Option<(f64, f64)> {
        let (variance, degrees_of_freedom) = seen.unwrap_or_default();
        let all = self.degrees_of_freedom + degrees_of_freedom;
        (all > 0.0)
            .then(|| ((self.degrees_of_freedom * self.variance + degrees_of_freedom * variance) / all, all))
    }
}

/// The degrees of freedom whose logarithmic variance spreads by `unlike`, within limits.
fn freedom_of(unlike: f64) -> f64 {
    let (mut low, mut high) = PRIOR_FREEDOM;
    for _ in 0..30 {
        let middle = f64::midpoint(low, high);
        if trigamma(middle / 2.0) > unlike { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Derivative of [`digamma`], for positive values (Abramowitz and Stegun 6.4.6 and 6.4.12).
pub(super) fn trigamma(value: f64) -> f64 {
    if value < 8.0 {
        return trigamma(value + 1.0) + value.powi(-2);
    }
    let inverse = 1.0 / value;
    let square = inverse * inverse;
    inverse + square / 2.0 + inverse * square * (1.0 / 6.0 - square * (1.0 / 30.0 - square / 42.0))
}

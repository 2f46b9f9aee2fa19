//! Stopping when decided, without paying for it in false verdicts.
//!
//! Whoever looks at an interval after every few rounds and stops at the first that says
//! something is wrong far more often than the interval claims. Here the error is spent over
//! planned looks (Lan and DeMets 1983), and what is shown at each look is a repeated confidence
//! interval (Jennison and Turnbull 1989): all of a comparison's intervals together hold the
//! true median with the confidence asked for, so that stopping at any of them is safe.
//!
//! Around the true median each round's sign is a fair coin whatever the noise is, so the chance
//! that any look misses is that of a random walk and can be counted exactly. The error spent
//! after look i is error × i / (i + 1): half of it at the first look, and never all of it
//! however often a run is prolonged. What a look cannot use, because ranks are whole numbers,
//! is left to the next.

use super::Interval;
use super::binomial::{fair_cumulative, fair_mass};
use super::interval::interval_at;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Rounds at the first look; each later look has twice as many.
pub const FIRST_LOOK: usize = 12;

/// Chances below this are not followed further.
const NEGLIGIBLE: f64 = 1e-16;

/// The plan of looks for one comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Looks {
    error: f64,
}

impl Looks {
    /// For one of `comparisons` in a table of which all shall hold but for `error`
    /// (Bonferroni, as fits intervals).
    #[must_use]
    pub fn new(error: f64, comparisons: usize) -> Self {
        Self { error: error / comparisons.max(1) as f64 }
    }

    /// Rounds at the first planned look after `rounds`.
    #[must_use]
    pub fn next_after(rounds: usize) -> usize {
        let mut look = FIRST_LOOK;
        while look <= rounds {
            look *= 2;
        }
        look
    }

    /// Rank of the interval after `rounds`, of which every planned look before was taken, and
    /// this one whether it was planned or the budget's end; none where no rank is safe enough.
    #[must_use]
    pub fn rank(self, rounds: usize) -> Option<usize> {
        thread_local! {
            /// The strategies of a table have as many rounds, and a rank of many is long to count.
            static KNOWN: RefCell<BTreeMap<(usize, u64), Option<usize>>> = const { RefCell::new(BTreeMap::new()) };
        }
        let key = (rounds, self.error.to_bits());
        let known = KNOWN.with_borrow(|known| known.get(&key).copied());
        known.unwrap_or_else(|| {
            let rank = self.counted_rank(rounds);
            KNOWN.with_borrow_mut(|known| known.insert(key, rank));
            rank
        })
    }

    fn counted_rank(self, rounds: usize) -> Option<usize> {
        let mut looks = Vec::new();
        let mut look = FIRST_LOOK;
        while look < rounds {
            looks.push(look);
            look *= 2;
        }
        looks.push(rounds);
        repeated_ranks(&looks, self.error).pop().flatten()
    }

    /// Interval of the median of `values` (one a round, in the order of measuring) that may be
    /// looked at, and stopped at, after each planned look.
    #[must_use]
    pub fn interval(self, values: &[f64]) -> Option<Interval> {
        interval_at(values, self.rank(values.len())?)
    }
}

/// For looks after so many rounds, in rising order, the ranks whose intervals all hold the
/// median but for `error`.
#[must_use]
pub fn repeated_ranks(looks: &[usize], error: f64) -> Vec<Option<usize>> {
    let mut walk = Walk { first: 0, chances: vec![1.0] };
    let mut rounds = 0;
    let mut missed = 0.0;
    let mut ranks = Vec::with_capacity(looks.len());
    for (index, &look) in looks.iter().enumerate() {
        walk.step(look.saturating_sub(rounds));
        rounds = look;
        let spent = error * (index + 1) as f64 / (index + 2) as f64;
        let mut rank = 0;
        while 2 * (rank + 1) <= rounds && missed + 2.0 * walk.at_most(rank) <= spent {
            rank += 1;
        }
        if rank > 0 {
            missed += 2.0 * walk.at_most(rank - 1);
            walk.absorb(rank, rounds);
        }
        ranks.push((rank > 0).then_some(rank));
    }
    ranks
}

/// The number of values below the true median, as chances of those paths that no interval has
/// missed so far; `chances[0]` belongs to `first`.
struct Walk {
    first: usize,
    chances: Vec<f64>,
}

impl Walk {
    fn step(&mut self, tosses: usize) {
        let lowest = (0..=tosses).find(|heads| fair_cumulative(*heads, tosses) > NEGLIGIBLE).unwrap_or(0);
        let coin: Vec<f64> = (lowest..=tosses - lowest).map(|heads| fair_mass(heads, tosses)).collect();
        let mut next = vec![0.0; self.chances.len() + coin.len() - 1];
        for (offset, chance) in self.chances.iter().enumerate() {
            for (slot, share) in next.iter_mut().skip(offset).zip(&coin) {
                *slot += chance * share;
            }
        }
        self.first += lowest;
        self.chances = next;
    }

    fn at_most(&self, count: usize) -> f64 {
        self.chances.iter().take((count + 1).saturating_sub(self.first)).sum()
    }

    /// Removes the paths that an interval of this rank misses.
    fn absorb(&mut self, rank: usize, rounds: usize) {
        for (offset, chance) in self.chances.iter_mut().enumerate() {
            let below = self.first + offset;
            if below < rank || rounds - below < rank {
                *chance = 0.0;
            }
        }
    }
}

#[cfg(test)]
mod tests;

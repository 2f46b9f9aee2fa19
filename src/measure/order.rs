use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// The order of strategies in each round: a random permutation, rotated by one place a round
/// until each strategy had each place, then a new one.
///
/// A fixed order would let a periodic stall (a timer, writeback) hit the same strategy again and
/// again.
#[derive(Debug)]
pub struct Orders {
    random: ChaCha8Rng,
    order: Vec<usize>,
    left: usize,
}

impl Orders {
    /// Orders of `count` things.
    #[must_use]
    pub fn new(count: usize, seed: u64) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed), order: (0..count).collect(), left: 0 }
    }

    /// The order of the next round.
    pub fn next_order(&mut self) -> &[usize] {
        if self.left == 0 {
            self.order.shuffle(&mut self.random);
            self.left = self.order.len();
        } else {
            self.order.rotate_left(1);
        }
        self.left = self.left.saturating_sub(1);
        &self.order
    }

    /// `copies` or up to a fifth more: the same for all in a round, another in the next.
    pub fn jitter(&mut self, copies: u64) -> u64 {
        copies + self.random.random_range(0..=copies / 5)
    }

    /// A coin.
    pub fn coin(&mut self) -> bool {
        self.random.random()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_as_many_rounds_as_things_each_has_each_place_once() {
        let mut orders = Orders::new(5, 1);
        for _ in 0..10 {
            let rounds: Vec<Vec<usize>> = (0..5).map(|_| orders.next_order().to_vec()).collect();
            for place in 0..5 {
                let mut there: Vec<usize> = rounds.iter().map(|round| round[place]).collect();
                there.sort_unstable();
                assert_eq!(there, [0, 1, 2, 3, 4]);
            }
        }
    }

    #[test]
    fn a_seed_gives_the_same_orders_and_another_other_ones() {
        let orders = |seed| -> Vec<Vec<usize>> {
            let mut orders = Orders::new(6, seed);
            (0..12).map(|_| orders.next_order().to_vec()).collect()
        };
        assert_eq!(orders(1), orders(1));
        assert_ne!(orders(1), orders(2));
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        let mut orders = Orders::new(1, 3);
        let copies: Vec<u64> = (0..200).map(|_| orders.jitter(20)).collect();
        assert_eq!((copies.iter().min(), copies.iter().max()), (Some(&20), Some(&24)));
        assert_eq!(orders.jitter(1), 1);
    }
}

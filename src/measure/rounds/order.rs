use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use sha2::{Digest, Sha256};

/// What chance decides in one round: the order of strategies, which arm of a pair is first, and how
/// many copies make a value. A new permutation in every round keeps who runs apart from who ran
/// before, and a periodic stall (a timer, writeback) from hitting the same strategy again and again.
#[derive(Debug)]
pub struct Order {
    random: ChaCha8Rng,
}

impl Order {
    /// That of a round of a process in a cell; the same again for the same words, so that a run that
    /// was ended goes on as it would have.
    pub fn new(seed: u64, cell: &str, process: u32, round: u32) -> Self {
        let words = format!("{seed}|{process}|{round}|{cell}");
        Self { random: ChaCha8Rng::from_seed(Sha256::digest(words).into()) }
    }

    /// The numbers below `count`, shuffled.
    pub fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        order.shuffle(&mut self.random);
        order
    }

    /// `copies` or up to a fifth more: the same for all in a round, another in the next.
    pub fn jitter(&mut self, copies: u64) -> u64 {
        copies + self.random.random_range(0..=copies / 5)
    }

    pub fn coin(&mut self) -> bool {
        self.random.random()
    }
}

/// A seed that no other run has.
pub fn new_order_seed() -> u64 {
    // JSON readers that hold numbers as doubles keep 53 bits.
    rand::random::<u64>() >> 11
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_round_has_its_order_again_and_another_round_has_another() {
        let order = |seed, cell, process, round| Order::new(seed, cell, process, round).shuffled(8);
        assert_eq!(order(1, "a", 2, 3), order(1, "a", 2, 3));
        for other in [order(2, "a", 2, 3), order(1, "b", 2, 3), order(1, "a", 3, 3), order(1, "a", 2, 4)] {
            assert_ne!(order(1, "a", 2, 3), other);
        }
    }

    #[test]
    fn nobody_has_the_same_predecessor_more_often_than_chance_allows() {
        const STRATEGIES: usize = 94;
        const ROUNDS: u32 = 24;
        let mut pairs = BTreeMap::new();
        for round in 0..ROUNDS {
            for pair in Order::new(1, "a", 1, round).shuffled(STRATEGIES).windows(2) {
                *pairs.entry((pair[0], pair[1])).or_insert(0) += 1;
            }
        }
        // Each of 8742 pairs comes 24 / 94 times in the mean: seven times has a chance of 1 in 10^7.
        let most = pairs.values().max().unwrap();
        assert!(*most < 7, "{most}");
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        let mut order = Order::new(3, "a", 1, 0);
        let copies: Vec<u64> = (0..200).map(|_| order.jitter(20)).collect();
        assert_eq!((copies.iter().min(), copies.iter().max()), (Some(&20), Some(&24)));
        assert_eq!(order.jitter(1), 1);
    }
}

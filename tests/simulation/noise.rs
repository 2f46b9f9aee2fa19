//! What happens to the times of copies.

use rand::{RngExt, rngs::ChaCha8Rng};

/// A standard normal value (Box and Muller).
pub(crate) fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (radius, angle): (f64, f64) = (1.0 - random.random::<f64>(), random.random());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

/// A value with mean 0 and standard deviation 1 that leans to the slow side: an exponential on a
/// normal one, as seen of copies.
pub(crate) fn skewed(random: &mut ChaCha8Rng) -> f64 {
    let tail = -(1.0 - random.random::<f64>()).ln() - 1.0;
    0.6 * normal(random) + 0.8 * tail
}

/// Noise of one round.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    Normal,
    Skewed,
    /// One copy in twenty takes 30 % longer.
    Outliers,
    /// What was left of a record's copies without their strategy and round.
    Recorded(&'static [f64]),
    /// Each round keeps this share of what the one before had.
    Neighbours(f64),
}

/// The noise of one arm in one process.
pub(crate) struct Noise {
    shape: Shape,
    spread: f64,
    last: Option<f64>,
}

impl Noise {
    pub(crate) fn new(shape: Shape, spread: f64) -> Self {
        Self { shape, spread, last: None }
    }

    pub(crate) fn next(&mut self, random: &mut ChaCha8Rng) -> f64 {
        match self.shape {
            Shape::Normal => self.spread * normal(random),
            Shape::Skewed => self.spread * skewed(random),
            Shape::Outliers => {
                let slow = if random.random_bool(0.05) { 1.3_f64.ln() } else { 0.0 };
                self.spread * normal(random) + slow
            }
            Shape::Recorded(left) => self.spread * left[random.random_range(0..left.len())],
            Shape::Neighbours(keep) => {
                let fresh = normal(random);
                let value = match self.last {
                    Some(last) => keep * last + (1.0 - keep * keep).sqrt() * fresh,
                    None => fresh,
                };
                self.last = Some(value);
                self.spread * value
            }
        }
    }
}

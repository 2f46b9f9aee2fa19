//! What is counted beside time.

mod usage;

pub use usage::{Difference, Observation};

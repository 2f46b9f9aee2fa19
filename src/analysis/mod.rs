//! Judgements about records: pure functions from samples to estimates, intervals and verdicts.
//!
//! Ratios are base time over other time, so that more than 1 is faster. They are handled as
//! natural logarithms, in which faster and slower are mirror images, and leave this module as
//! plain ratios. They come about in four steps: [`pairs`] of one round, their [`ratio`] with an
//! interval, [verdicts](table) on many ratios at once, and in a [`race`] the answer to who is fastest.

pub mod binomial;
pub mod calibration;
pub mod change_point;
pub mod comparison;
pub mod digest;
#[cfg(test)]
pub(crate) mod example;
pub mod history;
mod holding;
pub mod host;
pub mod interval;
pub mod kernels;
pub mod kind;
pub mod pairs;
pub mod processor_time;
pub mod race;
pub mod ratio;
pub mod remarks;
pub mod series;
pub mod student;
pub mod summary;
pub mod table;
pub mod verdict;

pub use comparison::{Options, Row, compare, compare_arms, compare_strategies, confirmed_slower};
pub use digest::{Digest, Digests};
pub use interval::{Interval, median};
pub use kind::Kind;
pub use series::Measurements;
pub use summary::{Summary, summarise};
pub use verdict::{Margin, Verdict};

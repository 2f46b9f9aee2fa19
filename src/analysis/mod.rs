//! Judgements about records: pure functions from samples to estimates, intervals and verdicts.
//!
//! Ratios are base time over other time, so that more than 1 is faster. They are handled as
//! natural logarithms, in which faster and slower are mirror images, and leave this module as
//! plain ratios. Where the data cannot carry an interval there is none, and the verdict is
//! [`Verdict::Unclear`].

pub mod autocorrelation;
pub mod binomial;
pub mod discovery;
pub mod interval;
pub mod looks;
pub mod student;
pub mod verdict;

pub use interval::{Interval, median};
pub use verdict::{Margin, Verdict};

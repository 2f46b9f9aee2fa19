//! How often the estimator and the race are right, on made-up copies of which the truth is known.
//!
//! A few seconds by default. `COPYBENCH_SIMULATIONS=20 cargo test --release --test simulation --
//! --nocapture` repeats everything twenty times as often and prints the tables in METHOD.md.

#![allow(clippy::unwrap_used, reason = "tests")]

mod coverage;
mod noise;
mod race;
mod recorded;

/// How often to repeat what is repeated `usual` times by default.
fn repetitions(usual: usize) -> usize {
    let times = std::env::var("COPYBENCH_SIMULATIONS").ok().and_then(|value| value.parse().ok());
    (usual as f64 * times.unwrap_or(1.0)).ceil() as usize
}

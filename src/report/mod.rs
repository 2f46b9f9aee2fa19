//! What a record says, as text and Markdown for people and as data for charts and services.

pub mod calibration;
pub mod chart;
pub mod comparison;
pub mod conditions;
mod escape;
pub mod export;
pub mod fastest;
pub mod generated_part;
pub mod grid;
pub mod history;
pub mod index;
pub mod kernels;
pub mod race;
pub mod repeats;
pub mod set_up;
pub mod table;

use crate::analysis::Margin;
use crate::analysis::kernels::INSTRUCTIONS_MARGIN;
use crate::record::{Clock, RunLine, is_limit};

/// The strategy that ratios are taken against: the loop that GNU cp falls back to.
pub const BASE: &str = "read-write-256k";

/// Default margin within which two strategies count as the same.
pub const MARGIN: f64 = 0.02;

/// The margin for runs of one clock where the user names none: counts repeat far better than times.
#[must_use]
pub fn usual_margin<'a>(runs: impl IntoIterator<Item = &'a RunLine>) -> Margin {
    let counted = runs.into_iter().all(|run| run.clock == Clock::Instructions);
    Margin::from_fraction(if counted { INSTRUCTIONS_MARGIN } else { MARGIN }).unwrap_or_default()
}

/// Name of the family of `strategy`; `limit` for physical limits, `unknown` for what this build
/// does not have.
fn family_of(strategy: &str) -> &'static str {
    let unknown = if is_limit(strategy) { "limit" } else { "unknown" };
    crate::strategy::family_of(strategy).map_or(unknown, |family| family.name)
}

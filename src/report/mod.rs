//! What a record says, as text and Markdown for people and as data for charts and services.

pub mod calibration;
pub mod chart;
pub mod comparison;
pub mod export;
pub mod fastest;
pub(crate) mod grid;
pub mod history;
pub mod index;
pub mod kernels;
pub mod race;
pub mod repeats;
pub mod set_up;
pub mod splice;
pub mod table;

use crate::analysis::Margin;
use crate::analysis::kernels::INSTRUCTIONS_MARGIN;
use crate::record::{Clock, RunLine};

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

/// A family of strategies as reports name it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Family {
    /// Key.
    pub name: String,
    /// The mechanism in one sentence.
    pub summary: String,
    /// Its strategies in their order.
    #[serde(skip)]
    pub strategies: Vec<Strategy>,
}

/// A strategy as reports name it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Strategy {
    /// Key.
    pub name: String,
    /// Key of its family.
    pub family: String,
    /// What it does, in one sentence.
    pub summary: String,
    /// What happens to holes.
    pub holes: String,
}

/// Name of the family of `strategy`; `limit` for physical limits, `unknown` for what this build
/// does not have.
fn family_of(families: &[Family], strategy: &str) -> String {
    if crate::analysis::kind::is_limit(strategy) {
        return "limit".to_owned();
    }
    let has = |family: &&Family| family.strategies.iter().any(|known| known.name == strategy);
    families.iter().find(has).map_or_else(|| "unknown".to_owned(), |family| family.name.clone())
}

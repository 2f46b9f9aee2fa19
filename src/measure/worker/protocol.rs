//! What one process asks of another that measures for it: JSON Lines over its standard streams.

use crate::record::{Commit, Copies, Refused};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Version of the protocol. Another one is refused, never guessed at.
pub const PROTOCOL: u32 = 2;

/// A question, one a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Request {
    /// Which protocol, and who is there?
    Hello {
        /// Of the one who asks.
        protocol: u32,
    },
    /// Turn to a cell.
    Cell {
        /// The source, by a path under which the answering process can open it.
        source: PathBuf,
        /// Directory for targets.
        to: PathBuf,
        /// Name of the layout.
        layout: String,
        /// Cache state.
        cache: String,
        dst: String,
        /// End of the copy.
        end: String,
        /// `kept` or `fresh`.
        setup: String,
    },
    /// Make copies by one strategy, one after the other.
    Block {
        /// Its name; physical limits begin with `limit-`.
        strategy: String,
        /// How many are timed.
        copies: u64,
        /// Whether it is a single copy without times that is compared byte for byte and observed
        /// by what costs time.
        verify: bool,
        /// A delay inside the clock, as a share of each copy's time: 0.05 makes it 5 % slower.
        #[serde(default)]
        slowdown: f64,
    },
}

/// An answer, one a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "re", rename_all = "lowercase")]
pub enum Reply {
    Hello {
        /// Of the one who answers.
        protocol: u32,
        /// What it was built from.
        commit: Commit,
        /// Strategies that it has.
        strategies: Vec<String>,
    },
    /// To `Cell`.
    Ready,
    Block(Copies),
    /// The strategy cannot do it here.
    Refused {
        #[serde(flatten)]
        why: Refused,
        /// Whether the copy was wrong, rather than refused.
        wrong: bool,
    },
    /// The question could not be answered.
    Failed {
        message: String,
    },
}

impl Reply {
    /// That something cannot be done, by no fault of a copy.
    pub fn refused(reason: &(impl ToString + ?Sized)) -> Self {
        Self::Refused { why: Refused::because(reason), wrong: false }
    }
}

use crate::cache::CacheError;
use crate::fixture::FixtureError;
use crate::strategy::CopyError;
use crate::sys::errno::Refused;
use crate::verify::Mismatch;
use std::io;

/// Why there is no outcome.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The target or the clockwork around the copy failed.
    #[error("{act}: {source}")]
    Prepare {
        /// What was being done.
        act: &'static str,
        /// Why it failed.
        source: io::Error,
    },
    /// The source is not what it was and could not be made anew.
    #[error("the source: {0}")]
    Source(#[from] FixtureError),
    /// The cache state could not be established.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The strategy refused or failed.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// The strategy reported a wrong number of bytes.
    #[error("it reported {reported} bytes of {expected}")]
    Count {
        /// Bytes that it said it copied.
        reported: u64,
        /// Length of the source.
        expected: u64,
    },
    /// The copy is not the source.
    #[error("the copy is wrong: {0}")]
    Mismatch(#[from] Mismatch),
}

impl From<Refused> for TrialError {
    fn from(refused: Refused) -> Self {
        Self::Prepare { act: refused.call, source: refused.errno.into() }
    }
}

impl TrialError {
    /// Whether the copy was wrong, rather than refused.
    #[must_use]
    pub fn is_wrong_copy(&self) -> bool {
        matches!(self, Self::Count { .. } | Self::Mismatch(_))
    }
}

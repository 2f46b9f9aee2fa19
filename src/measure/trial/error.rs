use crate::cache::CacheError;
use crate::fixture::FixtureError;
use crate::strategy::CopyError;
use crate::sys::errno::Refused;
use crate::verify::Mismatch;
use std::io;

/// Why there is no outcome.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    #[error("{act}: {source}")]
    Prepare { act: &'static str, source: io::Error },
    #[error("the source: {0}")]
    Source(#[from] FixtureError),
    /// The cache state could not be established.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The strategy refused or failed.
    #[error(transparent)]
    Copy(#[from] CopyError),
    #[error("it reported {reported} bytes of {expected}")]
    Count { reported: u64, expected: u64 },
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
    pub fn is_wrong_copy(&self) -> bool {
        matches!(self, Self::Count { .. } | Self::Mismatch(_))
    }
}

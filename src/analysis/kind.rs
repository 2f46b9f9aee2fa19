//! What a copy did to the data, by observation. Kinds are ranked apart.

use serde::{Deserialize, Serialize};

/// Less than this may be missing for reasons of the file system's own.
const NOTICEABLE: u64 = 64 << 10;

/// What became of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Every byte was written again.
    Copied,
    /// Extents are shared with the source; nothing was copied.
    Reflinked,
    /// Holes stayed holes, so less was copied.
    Holes,
    /// Not a strategy: what the machine can do at best.
    Limit,
}

impl Kind {
    /// The word in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Copied => "copied",
            Self::Reflinked => "reflinked",
            Self::Holes => "holes",
            Self::Limit => "limit",
        }
    }

    /// The kind of a copy, by what its target has of the source's extents and of blocks.
    #[must_use]
    pub fn of_copy(bytes: u64, shared: Option<u64>, allocated: Option<u64>) -> Self {
        if shared.is_some_and(|shared| shared > 0) {
            Self::Reflinked
        } else if is_smaller(bytes, allocated) {
            Self::Holes
        } else {
            Self::Copied
        }
    }
}

/// The fastest that the machine can copy memory.
pub const PHYSICAL_LIMIT: &str = "limit-copy";

/// Whether less is allocated to the target than its length, by more than 64 KiB and by more
/// than a sixteenth.
pub(super) fn is_smaller(bytes: u64, allocated: Option<u64>) -> bool {
    let missing = allocated.map_or(0, |allocated| bytes.saturating_sub(allocated));
    missing > NOTICEABLE && missing > bytes / 16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::example::{Example, sample};

    fn kind(strategy: &str, shared: u64, allocated: u64) -> Kind {
        let mut line = sample("c", strategy, 1, 0.0);
        line.copies.bytes = 4 << 20;
        line.copies.shared_bytes = Some(shared);
        line.copies.allocated_bytes = Some(allocated);
        let all = Example::default().with(line).measurements();
        all.get("c", strategy, "this").unwrap().kind(strategy)
    }

    #[test]
    fn kinds_follow_what_was_observed() {
        assert_eq!(kind("ficlone", 4 << 20, 4 << 20), Kind::Reflinked);
        assert_eq!(kind("copy-file-range", 0, 2 << 20), Kind::Holes);
        assert_eq!(kind("copy-file-range", 0, (4 << 20) - (256 << 10)), Kind::Copied);
        assert_eq!(kind("mmap-write", 0, 4 << 20), Kind::Copied);
        assert_eq!(kind("limit-memcpy", 0, 0), Kind::Limit);
    }
}

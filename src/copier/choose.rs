//! Which mechanisms may copy, in what order.

use super::fastest::FASTEST;
use super::row::Row;
use super::{Request, When};
use crate::strategy::{self, Sharing, Strategy};
use crate::sys::file_system::FileSystem;

/// Families that the table ranks. All copy data and stay in the page cache; none maps a file, so
/// none can die of one that shrinks. Threads, pipelines and io_uring are left out: how they fare
/// depends on processors that happen to be idle, and containers forbid the last.
pub const CANDIDATES: &[&str] = &["read-write", "copy-file-range", "sendfile", "splice"];

/// Copies whatever can be read, and is what is left when nothing else works.
const LAST: &str = "read-write-1m";

/// The same for files that are copied sooner than a buffer of that size is set up.
const LAST_OF_SMALL: &str = "read-write-64k";
const SMALL: u64 = 1 << 20;

/// What the choice depends on besides the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traits {
    /// Of the target, where something is known of it.
    pub(super) file_system: Option<&'static FileSystem>,
    /// Bytes to copy, as far as the source's size tells.
    pub(super) size: u64,
    /// Whether the source says how long it is.
    pub(super) has_size: bool,
}

/// The mechanisms for a request, in order; clones come first and stand apart as they take the
/// whole span or nothing of it.
#[derive(Debug, Default)]
pub(super) struct Chain {
    pub(super) clone: Option<&'static Strategy>,
    pub(super) copies: Vec<&'static Strategy>,
}

impl Chain {
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.clone.iter().chain(&self.copies).map(|strategy| strategy.name).collect()
    }
}

pub(super) fn choose(request: &Request<'_>, facts: Traits) -> Chain {
    if let Some(strategy) = request.strategy {
        return Chain { clone: None, copies: vec![strategy] };
    }
    let may_share = request.reflink != When::Never && request.holes() == When::Auto;
    let clone = if request.part.is_whole() { "ficlone" } else { "ficlonerange" };
    let clone = strategy::find(clone).filter(|_| may_share);
    if request.reflink == When::Always {
        return Chain { clone, copies: Vec::new() };
    }
    // What has no size may have content, which only reading finds.
    if !facts.has_size {
        return Chain { clone: None, copies: find(&[LAST]) };
    }
    if request.holes() == When::Always {
        return Chain { clone: None, copies: find(&["sparse-zero-scan-4k", LAST]) };
    }
    let mut names = Vec::new();
    // Where extents can be shared or a server can copy, this call does it and no ranking of copies
    // applies. Elsewhere it is one copy among others.
    if may_share && facts.file_system.is_none_or(|known| known.may_share) {
        names.push("copy-file-range");
    }
    for name in ranked(facts).iter().filter(|name| may_share || !shares(name)) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    names.push(if facts.size < SMALL { LAST_OF_SMALL } else { LAST });
    Chain { clone, copies: find(&names) }
}

/// Whether a copy by the strategy of that name may share extents.
pub(super) fn shares(name: &str) -> bool {
    strategy::find(name).is_some_and(|strategy| strategy.sharing != Sharing::Never)
}

/// Names of the row that fits. Of smaller files than were measured nothing is known; a loop is
/// cheapest to begin.
fn ranked(facts: Traits) -> &'static [&'static str] {
    let Some(known) = facts.file_system else { return &[] };
    let fits = |row: &&Row| row.file_system == known.name && row.size <= facts.size;
    FASTEST.iter().rfind(fits).map_or(&[], |row| row.order)
}

fn find(names: &[&str]) -> Vec<&'static Strategy> {
    names.iter().filter_map(|name| strategy::find(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Part;
    use super::*;
    use std::path::Path;

    fn names(reflink: When, sparse: Option<When>, file_system: &'static str) -> Vec<&'static str> {
        let request = Request {
            source: Path::new("a"),
            target: Path::new("b"),
            strategy: None,
            reflink,
            sparse,
            part: Part::Whole,
            verify: false,
            sync: false,
        };
        let file_system = FileSystem::named(file_system);
        choose(&request, Traits { file_system, size: 1 << 28, has_size: true }).names()
    }

    #[test]
    fn every_row_names_strategies_that_exist_and_are_safe() {
        for row in FASTEST {
            for name in row.order {
                let family = strategy::family_of(name).unwrap_or_else(|| panic!("{name} does not exist"));
                assert!(CANDIDATES.contains(&family.name), "{name}");
            }
        }
    }

    #[test]
    fn rows_of_a_file_system_ascend() {
        let ascend = |pair: &[Row]| pair[0].file_system != pair[1].file_system || pair[0].size < pair[1].size;
        assert!(FASTEST.windows(2).all(ascend));
    }

    #[test]
    fn nothing_that_may_share_is_chosen_where_sharing_is_forbidden() {
        for file_system in ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "other"] {
            for (reflink, sparse) in
                [(When::Never, None), (When::Auto, Some(When::Never)), (When::Auto, Some(When::Always))]
            {
                let names = names(reflink, sparse, file_system);
                assert!(!names.is_empty() && !names.iter().any(|name| shares(name)), "{names:?}");
            }
        }
    }

    #[test]
    fn a_clone_comes_first_and_read_write_last() {
        for file_system in ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "other"] {
            let names = names(When::Auto, None, file_system);
            assert_eq!(names.first(), Some(&"ficlone"));
            assert_eq!(names.last(), Some(&LAST));
        }
        assert_eq!(names(When::Always, None, "xfs"), ["ficlone"]);
    }
}

//! Which mechanisms may copy, in what order.

use super::fastest::{FASTEST, THREADED};
use super::row::Row;
use super::{CopyRequest, Part, When};
use crate::strategy::{self, Sharing, Span, Strategy};
use crate::sys::file_system::FileSystem;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

/// Families of one thread that the table ranks. All copy data and stay in the page cache; none maps a
/// file, so none can die of one that shrinks. io_uring is left out, as containers forbid it.
const FAMILIES: &[&str] = &["read-write", "copy-file-range", "sendfile", "splice"];

/// The same of several threads.
const WITH_THREADS: &[&str] = &[
    "threads-2-pread-pwrite",
    "threads-4-pread-pwrite",
    "threads-2-turns-256k",
    "threads-2-turns-512k",
    "threads-4-turns-256k",
    "threads-2-turns-allocated",
    "threads-2-turns-splice",
];

/// Whether the table may rank it.
#[must_use]
pub fn is_candidate(strategy: &Strategy) -> bool {
    let in_family = || strategy::family_of(strategy.name).is_some_and(|of| FAMILIES.contains(&of.name));
    WITH_THREADS.contains(&strategy.name) || strategy.threads == 1 && in_family()
}

/// Copies whatever can be read, and is what is left when nothing else works.
const LAST: &str = "read-write-1m";

/// The same for files that are copied about as soon as a buffer of that size is set up: each of its pages
/// faults once.
const LAST_OF_SMALL: &str = "read-write-64k";
const SMALL: u64 = 4 << 20;

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
    /// One of them at least is of one thread.
    pub(super) copies: Vec<&'static Strategy>,
    /// What is shorter is copied by one thread.
    pub(super) threads_from: u64,
}

impl Chain {
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.clone.iter().chain(&self.copies).map(|strategy| strategy.name).collect()
    }
}

pub(super) fn choose(request: &CopyRequest<'_>, facts: Traits) -> Chain {
    if let Some(strategy) = request.strategy {
        return Chain { copies: vec![strategy], ..Chain::default() };
    }
    let may_share = request.reflink != When::Never && request.holes() == When::Auto;
    let clone = if request.part.is_whole() { "ficlone" } else { "ficlonerange" };
    let clone = strategy::find(clone).filter(|_| may_share);
    if request.reflink == When::Always {
        return Chain { clone, ..Chain::default() };
    }
    // What has no size may have content, which only reading finds.
    if !facts.has_size {
        return Chain { copies: find(&[LAST]), ..Chain::default() };
    }
    if request.holes() == When::Always {
        return Chain { copies: find(&["sparse-zero-scan-4k", LAST]), ..Chain::default() };
    }
    let mut names = Vec::new();
    // Where extents can be shared or a server can copy, this call does it and no ranking of copies
    // applies. Elsewhere it is one copy among others.
    if may_share && facts.file_system.is_none_or(|known| known.may_share) {
        names.push("copy-file-range");
    }
    let (threaded, threads_from) = with_threads(request, facts);
    names.extend(threaded);
    for name in ranked(FASTEST, facts).iter().filter(|name| may_share || !shares(name)) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    names.push(if facts.size < SMALL { LAST_OF_SMALL } else { LAST });
    Chain { clone, copies: find(&names), threads_from }
}

/// Names of those with several threads that are worth it, and from what length on.
fn with_threads(request: &CopyRequest<'_>, facts: Traits) -> (Vec<&'static str>, u64) {
    // Where the source ends sooner than its size says, threads have written behind its end. That can be
    // cut off, unless something of the target stands there.
    let has_end = matches!(request.part, Part::Whole | Part::Range(Span { length: Some(_), .. }));
    let names = ranked(THREADED, facts);
    if names.is_empty() || !has_end {
        return (Vec::new(), 0);
    }
    // Asked for here only, as it reads files: the affinity mask, and the control group's quota.
    let most = request.threads.or_else(|| available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let fits = |name: &&str| strategy::find(name).is_some_and(|strategy| strategy.threads <= most);
    let rows = rows(THREADED, facts).rev();
    let from = rows.take_while(|row| row.order.iter().any(fits)).last().map_or(0, |row| row.size);
    (names.iter().copied().filter(fits).collect(), from)
}

/// Whether a copy by the strategy of that name may share extents.
pub(super) fn shares(name: &str) -> bool {
    strategy::find(name).is_some_and(|strategy| strategy.sharing != Sharing::Never)
}

/// Names of the row that fits. Of smaller files than were measured nothing is known; a loop is
/// cheapest to begin.
fn ranked(table: &'static [Row], facts: Traits) -> &'static [&'static str] {
    rows(table, facts).next_back().map_or(&[], |row| row.order)
}

/// Rows of the file system, up to the size.
fn rows(table: &'static [Row], facts: Traits) -> impl DoubleEndedIterator<Item = &'static Row> {
    let name = facts.file_system.map(|known| known.name);
    table.iter().filter(move |row| Some(row.file_system) == name && row.size <= facts.size)
}

fn find(names: &[&str]) -> Vec<&'static Strategy> {
    names.iter().filter_map(|name| strategy::find(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Part;
    use super::*;
    use std::path::Path;

    fn request(reflink: When, sparse: Option<When>, threads: usize, part: Part) -> CopyRequest<'static> {
        CopyRequest {
            source: Path::new("a"),
            target: Path::new("b"),
            strategy: None,
            reflink,
            sparse,
            threads: NonZeroUsize::new(threads),
            part,
            verify: false,
            sync: false,
        }
    }

    fn names(reflink: When, sparse: Option<When>, file_system: &'static str) -> Vec<&'static str> {
        let request = request(reflink, sparse, 64, Part::Whole);
        let file_system = FileSystem::named(file_system);
        choose(&request, Traits { file_system, size: 1 << 28, has_size: true }).names()
    }

    #[test]
    fn every_row_names_strategies_that_exist_and_are_safe() {
        for (table, threads) in [(FASTEST, 1..=1), (THREADED, 2..=64)] {
            for name in table.iter().flat_map(|row| row.order) {
                let strategy = strategy::find(name).unwrap_or_else(|| panic!("{name} does not exist"));
                assert!(is_candidate(strategy) && threads.contains(&strategy.threads), "{name}");
            }
        }
    }

    #[test]
    fn candidates_exist_and_copy() {
        for name in WITH_THREADS {
            let strategy = strategy::find(name).unwrap_or_else(|| panic!("{name} does not exist"));
            assert!(strategy.threads > 1 && strategy.sharing == Sharing::Never, "{name}");
        }
    }

    #[test]
    fn no_more_threads_are_chosen_than_may_be_and_none_for_a_range_without_an_end() {
        let whole = (Part::Whole, 64);
        let end = Part::Range(Span { length: Some(1 << 30), ..Span::WHOLE });
        let open = Part::Range(Span { source: 4096, ..Span::WHOLE });
        let mut most_of_all = 0;
        for row in THREADED {
            let file_system = FileSystem::named(row.file_system);
            for (part, allowed) in [whole, (Part::Whole, 1), (Part::Whole, 2), (end, 64), (open, 1)] {
                let threads = if part == open { 64 } else { allowed };
                let request = request(When::Never, None, threads, part);
                let chain = choose(&request, Traits { file_system, size: row.size, has_size: true });
                let most = chain.copies.iter().map(|strategy| strategy.threads).max().unwrap();
                assert!(most <= allowed, "{part:?} {allowed}: {:?}", chain.names());
                assert!(most == 1 || chain.threads_from <= row.size);
                assert_eq!(chain.copies.last().unwrap().threads, 1);
                most_of_all = most_of_all.max(most);
            }
        }
        assert!(most_of_all > 1, "no row has threads");
    }

    #[test]
    fn rows_of_a_file_system_ascend() {
        let ascend = |pair: &[Row]| pair[0].file_system != pair[1].file_system || pair[0].size < pair[1].size;
        assert!(FASTEST.windows(2).all(ascend) && THREADED.windows(2).all(ascend));
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

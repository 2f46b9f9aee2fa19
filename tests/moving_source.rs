//! Sources whose size is not the length of what a copy reads: one that shrinks or grows under the
//! copy, and files of procfs and sysfs. Every strategy ends, with a prefix that is right.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot begin has failed")]

mod common;

use copybench::strategy::{CopyError, Span, Strategy, all};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

const SHORT: usize = (1 << 20) + 77;
const LONG: usize = 4 << 20;

fn sample() -> Vec<u8> {
    (0..LONG).map(|index| (index * 31 % 251) as u8).collect()
}

fn file() -> File {
    let (place, _) = common::places();
    tempfile::tempfile_in(place.path()).unwrap()
}

fn strategies() -> impl Iterator<Item = &'static Strategy> {
    all().map(|(_, strategy)| strategy).filter(|strategy| !strategy.takes_paths())
}

/// Copies while another thread does `change`, a little later each time.
fn copy_meanwhile(
    strategy: &Strategy,
    source: &File,
    round: u64,
    change: impl FnOnce() + Send,
) -> (Result<u64, CopyError>, Vec<u8>) {
    let target = file();
    let outcome = thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_micros(round * 250));
            change();
        });
        strategy.copy(source, &target, Span::WHOLE)
    });
    let mut found = vec![0; target.metadata().unwrap().len() as usize];
    target.read_exact_at(&mut found, 0).unwrap();
    (outcome, found)
}

#[test]
fn a_source_that_shrinks_ends_every_copy_with_a_prefix() {
    let sample = sample();
    for strategy in strategies() {
        for round in 0..8 {
            let source = file();
            source.write_all_at(&sample, 0).unwrap();
            let (outcome, found) =
                copy_meanwhile(strategy, &source, round, || source.set_len(SHORT as u64).unwrap());
            let copied = outcome.as_ref().map_or_else(|error| error.copied, |copied| *copied) as usize;
            assert!(outcome.is_err() || found.len() == copied, "{}: {outcome:?}", strategy.name);
            assert!(found.len() >= copied, "{}: {outcome:?}", strategy.name);
            // A read that meets the cut may find zeros beyond it.
            let prefix = copied.min(SHORT);
            assert!(found[..prefix] == sample[..prefix], "{}: {outcome:?}", strategy.name);
        }
    }
}

#[test]
fn a_source_that_grows_ends_every_copy_with_a_prefix() {
    let sample = sample();
    for strategy in strategies() {
        for round in 0..4 {
            let source = file();
            source.write_all_at(&sample[..SHORT], 0).unwrap();
            let (outcome, found) = copy_meanwhile(strategy, &source, round, || {
                for start in (SHORT..LONG).step_by(100_000) {
                    let end = LONG.min(start + 100_000);
                    source.write_all_at(&sample[start..end], start as u64).unwrap();
                }
            });
            let copied = outcome.as_ref().map_or_else(|error| error.copied, |copied| *copied) as usize;
            assert!(outcome.is_err() || (SHORT..=LONG).contains(&copied), "{}: {outcome:?}", strategy.name);
            assert!(outcome.is_err() || found.len() == copied, "{}: {outcome:?}", strategy.name);
            assert!(found[..copied] == sample[..copied], "{}: {outcome:?}", strategy.name);
        }
    }
}

#[test]
fn a_file_without_a_true_size_is_copied_whole_or_refused() {
    let paths = ["/proc/version", "/proc/filesystems", "/sys/kernel/mm/transparent_hugepage/enabled"];
    for path in paths.into_iter().filter(|path| Path::new(path).exists()) {
        let expected = std::fs::read(path).unwrap();
        for strategy in strategies() {
            let target = file();
            if let Ok(copied) = strategy.copy(&File::open(path).unwrap(), &target, Span::WHOLE) {
                let mut found = vec![0; target.metadata().unwrap().len() as usize];
                target.read_exact_at(&mut found, 0).unwrap();
                assert!(found == expected, "{} of {path}", strategy.name);
                assert_eq!(copied, expected.len() as u64);
            }
        }
    }
}

//! The order of a trial's steps, told by a clock and a strategy that look around when called.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use copybench::cache::{CacheError, CacheState};
use copybench::fixture::{Layout, Source};
use copybench::measure::{Cell, Clock, Inspection, Stage, TrialError};
use copybench::record::FileSystems;
use copybench::strategy::{CopyError, DstMode, Holes, Method, Strategy, Task};
use copybench::sys::cachestat::residency;
use copybench::sys::page_size;
use std::cell::RefCell;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::{Mutex, MutexGuard, PoisonError};

const LENGTH: u64 = 1 << 20;

thread_local! {
    static STEPS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn note(step: impl Into<String>) {
    STEPS.with_borrow_mut(|steps| steps.push(step.into()));
}

/// Reads 100, 130, 160, … and notes each reading.
struct Scripted {
    next: RefCell<u64>,
}

impl Clock for Scripted {
    fn now(&self) -> u64 {
        note("clock");
        let now = *self.next.borrow();
        *self.next.borrow_mut() += 30;
        now
    }
}

/// Notes what it finds, and copies.
fn copy(Task { source, target, .. }: Task<'_>) -> Result<u64, CopyError> {
    let meta = target.metadata().unwrap();
    note(format!("target {} bytes, {} names", meta.len(), meta.nlink()));
    let cached = residency(source, LENGTH).unwrap().cached;
    note(format!("source warm {}", cached * page_size() as u64 == LENGTH));
    note(format!("source cold {}", cached == 0));
    let mode = rustix::fs::fcntl_getfl(target).unwrap();
    note(format!("target open for both {}", mode.contains(rustix::fs::OFlags::RDWR)));
    let mut bytes = vec![0; LENGTH as usize];
    source.read_exact_at(&mut bytes, 0).unwrap();
    let mut before = vec![0; LENGTH as usize];
    let held = target.read_at(&mut before, 0).unwrap();
    note(format!("target holds the source already {}", before[..held] == bytes[..]));
    target.write_all_at(&bytes, 0).unwrap();
    note("copied");
    Ok(LENGTH)
}

static NOTING: Strategy = Strategy {
    name: "noting",
    summary: "notes what it finds and copies",
    holes: Holes::Filled,
    method: Method::Handles(copy),
    ..Strategy::BASE
};

/// Open files are counted for the whole process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(cache: CacheState, dst: DstMode) -> Result<(Vec<String>, u64), TrialError> {
    let _alone = alone();
    let (from, to) = common::places();
    let source = Source::generate(&from, Layout::find("dense").unwrap(), LENGTH, 1).unwrap();
    let fs = FileSystems { source: from.file_system().to_owned(), target: to.file_system().to_owned() };
    let cell = Cell { cache, dst, ..Cell::usual(fs, "dense", LENGTH) };
    STEPS.with_borrow_mut(Vec::clear);
    let clock = Scripted { next: RefCell::new(100) };
    let before = open_files();
    let stage = Stage::new(&source, &to);
    let outcome = stage.trial(&NOTING, &cell, &clock, Inspection::Verify);
    drop(stage);
    assert_eq!(open_files(), before, "the target is gone with the trial");
    let outcome = outcome?;
    assert!(outcome.verified && outcome.bytes == LENGTH);
    Ok((STEPS.with_borrow(Clone::clone), outcome.elapsed))
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn the_clock_runs_around_the_copy_alone() {
    let (steps, elapsed) = run(CacheState::Warm, DstMode::New).unwrap();
    assert_eq!(
        steps,
        [
            "clock",
            "target 0 bytes, 0 names",
            "source warm true",
            "source cold false",
            "target open for both true",
            "target holds the source already false",
            "copied",
            "clock"
        ]
    );
    assert_eq!(elapsed, 30, "the difference of two readings, nothing between them");
}

#[test]
fn an_overwritten_target_is_as_long_and_holds_other_bytes() {
    let (steps, _) = run(CacheState::Warm, DstMode::Overwrite).unwrap();
    assert!(steps.contains(&format!("target {LENGTH} bytes, 0 names")), "{steps:?}");
    assert!(steps.contains(&"target holds the source already false".to_owned()), "{steps:?}");
}

#[test]
fn a_cold_source_is_cold_when_the_clock_starts_or_there_is_no_trial() {
    let (from, _) = common::places();
    let cold = run(CacheState::Cold, DstMode::New);
    if from.file_system() == "tmpfs" {
        // It keeps its files in the page cache, so there is no cold state to be had.
        assert!(matches!(cold, Err(TrialError::Cache(CacheError::NotConfirmed { .. }))), "{cold:?}");
    } else {
        let (steps, _) = cold.unwrap();
        assert!(steps.contains(&"source cold true".to_owned()), "{steps:?}");
    }
}

#[test]
fn a_source_that_a_copy_changed_is_made_anew() {
    let _alone = alone();
    let (from, _) = common::places();
    let source = Source::generate(&from, Layout::find("sparse").unwrap(), LENGTH, 1).unwrap();
    // What a copy must never do, through the one door that is left.
    let writable =
        File::options().write(true).open(format!("/proc/self/fd/{}", source.file().as_raw_fd())).unwrap();
    writable.write_all_at(b"changed", 5000).unwrap();
    source.renew().unwrap();
    let mut bytes = [1; 7];
    source.file().read_exact_at(&mut bytes, 5000).unwrap();
    assert_eq!(bytes, [0; 7]);
}

#[test]
fn what_costs_time_to_count_is_counted_where_no_clock_runs() {
    let _alone = alone();
    let (from, to) = common::places();
    let source = Source::generate(&from, Layout::find("dense").unwrap(), LENGTH, 1).unwrap();
    let fs = FileSystems { source: from.file_system().to_owned(), target: to.file_system().to_owned() };
    let cell = Cell::usual(fs, "dense", LENGTH);
    let stage = Stage::new(&source, &to);
    let clock = Scripted { next: RefCell::new(100) };
    let timed = stage.trial(&NOTING, &cell, &clock, Inspection::Extents).unwrap();
    let observed = stage.observed_trial(&NOTING, &cell).unwrap();
    assert_eq!((timed.elapsed, observed.elapsed), (30, 0));
    assert!(observed.verified && !timed.verified);
    assert!(timed.count("minor_faults").is_some(), "{timed:?}");
    assert_eq!(observed.count("minor_faults"), None, "what observers cost is not the copy's");
    for key in ["calls.total", "peak_private_bytes", "source_cached_bytes"] {
        assert_eq!(timed.count(key), None, "{key}");
    }
    assert_eq!(observed.count("target_cached_bytes"), Some(LENGTH));
    assert_eq!(timed.allocated_bytes, Some(LENGTH));
    assert_eq!(observed.allocated_bytes, Some(LENGTH));
}

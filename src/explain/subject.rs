//! One strategy on one file: timed without a tracer, then traced once.

use super::account::account;
use super::child::CHILD;
use super::explanation::{
    Calls, Explanation, Extents, Faults, Held, Mapping, Mappings, Memory, PageCache, SetUp, Times,
};
use super::trace::{self, Total, Trace, totals};
use crate::cache::{CacheState, establish};
use crate::fixture::{Layout, Place, PrivateDirectory};
use crate::measure::{Answer as _, End, Reply, Request, Setup, StageError, Worker};
use crate::observe::call_of;
use crate::record::{Copies, Counters};
use crate::strategy::{COPY_LIMIT, DstMode, Strategy, family_of};
use crate::sys::cachestat::residency;
use crate::sys::child::THIS;
use crate::sys::page_size;
use anyhow::Context;
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

/// Fewest and most copies that are timed, and the time that they should take together, in
/// nanoseconds: shorter ones do not tell user mode from the kernel's.
const COPIES: std::ops::RangeInclusive<u64> = 7..=200;
const TOGETHER: u64 = 100_000_000;
/// Copies that are observed until one shows the peak of its private memory, which a short copy on
/// a busy machine hides.
const ATTEMPTS: u32 = 5;
/// Seed of the generated source.
const SEED: u64 = 1;
/// What a file system keeps for its own tables.
const RESERVE: u64 = 8 << 20;

/// What is to be explained.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub strategy: &'static Strategy,
    pub layout: &'static Layout,
    /// Length of the source in bytes.
    pub size: u64,
    /// Where source and target are made.
    pub place: &'a Place,
}

/// Why a strategy could not be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    #[error("{strategy} does not work here: {reason}")]
    Refused { strategy: &'static str, reason: String },
    #[error("measuring {strategy}: {message}")]
    Failed { strategy: &'static str, message: String },
}

/// The files of one explanation.
struct Files {
    /// Removed with all that is in it at the end.
    _directory: PrivateDirectory,
    source: PathBuf,
    target: PathBuf,
}

impl Subject<'_> {
    /// Looks at the copy from all sides. What needs tracing or perf, where that is not permitted, is left
    /// out and says why. Errors: [`ExplainError`] where the strategy does not work here; [`StageError`]
    /// where there is no room; others of making the files.
    pub fn explain(&self) -> anyhow::Result<Explanation> {
        let files = self.files()?;
        let fresh = self.measure(&files, Setup::Fresh)?;
        let measured = self.measure(&files, Setup::Kept)?;
        let source = File::open(&files.source).context("open the source")?;
        let with_set_up = self.trace(&files, Setup::Fresh)?;
        std::fs::remove_file(&files.target).context("remove the copy")?;
        establish(&source, self.size, CacheState::Warm)?;
        let before = Held { source: self.cached(&source).0, target: Some(0), target_dirty: None };
        let traced = self.trace(&files, Setup::Kept)?;
        let after = self.held(&source, &files)?;
        let calls = calls(traced.as_ref(), &measured.observed);
        let mappings = mappings(traced.as_ref());
        let mut explanation = Explanation {
            strategy: self.strategy.name,
            family: family_of(self.strategy.name).map_or("", |family| family.name),
            summary: self.strategy.summary,
            fs: self.place.file_system().to_owned(),
            layout: self.layout.name,
            size: self.size,
            faults: faults(traced.as_ref().ok(), &measured.timed, &mappings),
            set_up: SetUp {
                calls: beyond(with_set_up.as_ref().ok(), &calls),
                elapsed_ns: fresh.time.elapsed_ns.saturating_sub(measured.time.elapsed_ns),
            },
            calls,
            mappings,
            memory: memory(&fresh.observed),
            page_cache: PageCache { before, after },
            extents: measured.extents,
            time: measured.time,
            account: String::new(),
        };
        explanation.account = account(&explanation);
        Ok(explanation)
    }

    fn files(&self) -> anyhow::Result<Files> {
        let needed = self.layout.disk_space(self.size) + 2 * self.size + RESERVE;
        let free = self.place.free_space()?;
        if free < needed {
            let directory = self.place.path().to_owned();
            let (layout, size) = (self.layout.name, self.size);
            return Err(StageError::Space { directory, layout, size, needed, free }.into());
        }
        let directory = self.place.private()?;
        // As the kernel writes it into maps.
        let path = directory.path().canonicalize().context("the private directory")?;
        let files = Files { _directory: directory, source: path.join("source"), target: path.join("target") };
        let mut options = File::options();
        let source = options.read(true).write(true).create_new(true).open(&files.source);
        let source = source.with_context(|| format!("create {}", files.source.display()))?;
        let made = self.layout.make(&source, self.size, SEED);
        made.with_context(|| format!("make a {} file in {}", self.layout.name, self.place.path().display()))?;
        Ok(files)
    }

    fn measure(&self, files: &Files, setup: Setup) -> anyhow::Result<Measured> {
        let mut worker = Worker::default();
        let cell = Request::Cell {
            source: files.source.clone(),
            to: self.place.path().to_owned(),
            layout: self.layout.name.to_owned(),
            cache: CacheState::Warm.name().to_owned(),
            dst: DstMode::New.name().to_owned(),
            end: End::None.name().to_owned(),
            setup: setup.name().to_owned(),
        };
        if let Reply::Failed { message } = worker.answer(&cell) {
            return Err(self.failed(message).into());
        }
        let mut measured = Measured::default();
        for _ in 0..ATTEMPTS {
            let seen = self.block(&mut worker, self.strategy.name, 1, true)?;
            measured.extents =
                Extents { shared_bytes: seen.shared_bytes, allocated_bytes: seen.allocated_bytes };
            measured.observed = seen.counters.unwrap_or_default();
            if measured.observed.contains_key(PEAK) || self.strategy.takes_paths() {
                break;
            }
        }
        let first = median(self.block(&mut worker, self.strategy.name, 3, false)?.elapsed);
        let copies = (TOGETHER / first.max(1)).clamp(*COPIES.start(), *COPIES.end());
        let timed = self.block(&mut worker, self.strategy.name, copies, false)?;
        let limit = self.block(&mut worker, COPY_LIMIT, *COPIES.start(), false)?;
        let counter = |key: &str| timed.counter(key).unwrap_or(0);
        measured.time = Times {
            copies,
            user_ns: counter("user_ns"),
            system_ns: counter("system_ns"),
            faults: counter("minor_faults") + counter("major_faults"),
            elapsed_ns: median(timed.elapsed),
            memory_copy_ns: median(limit.elapsed),
        };
        measured.timed = timed.counters.unwrap_or_default();
        Ok(measured)
    }

    fn block(
        &self,
        worker: &mut Worker,
        name: &str,
        copies: u64,
        verify: bool,
    ) -> Result<Copies, ExplainError> {
        let request = Request::Block { strategy: name.to_owned(), copies, verify, slowdown: 0.0 };
        match worker.answer(&request) {
            Reply::Block(copies) => Ok(copies),
            Reply::Refused { why, .. } => {
                Err(ExplainError::Refused { strategy: self.strategy.name, reason: why.reason })
            }
            other => Err(self.failed(match other {
                Reply::Failed { message } => message,
                other => format!("unexpected answer {other:?}"),
            })),
        }
    }

    fn failed(&self, message: String) -> ExplainError {
        ExplainError::Failed { strategy: self.strategy.name, message }
    }

    fn trace(&self, files: &Files, setup: Setup) -> anyhow::Result<Result<Trace, trace::Error>> {
        let run = |command: &mut Command| {
            command.args([CHILD, self.strategy.name, setup.name()]).args([&files.source, &files.target]);
        };
        let mut command = Command::new(THIS);
        run(&mut command);
        let traced = trace::record(&mut command, &[files.source.clone(), files.target.clone()]);
        if traced.is_err() && !files.target.exists() {
            // The page cache after the copy is still to be told.
            let mut command = Command::new(THIS);
            run(&mut command);
            let status = command.status().context("start a child that copies, by /proc/self/exe")?;
            anyhow::ensure!(status.success(), "the child that copies: {status}");
        }
        if let Ok(Trace { status: Some(status), output, .. }) = &traced {
            anyhow::ensure!(status.success(), "the traced child that copies: {status} {output}");
        }
        Ok(traced)
    }

    fn held(&self, source: &File, files: &Files) -> anyhow::Result<Held> {
        let target = File::open(&files.target).context("open the copy")?;
        let (cached, dirty) = self.cached(&target);
        Ok(Held { source: self.cached(source).0, target: cached, target_dirty: dirty })
    }

    /// Bytes of the file in the page cache, and those of them that wait to be written.
    fn cached(&self, file: &File) -> (Option<u64>, Option<u64>) {
        let found = residency(file, self.size).ok();
        let bytes = |pages: u64| (pages * page_size() as u64).min(self.size);
        (found.map(|found| bytes(found.cached)), found.and_then(|found| found.dirty).map(bytes))
    }
}

const PEAK: &str = "peak_private_bytes";

#[derive(Default)]
struct Measured {
    /// Counters of a copy that was not timed.
    observed: Counters,
    /// Means of counters of the timed copies.
    timed: Counters,
    extents: Extents,
    time: Times,
}

fn median(mut times: Vec<u64>) -> u64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or(0)
}

/// Calls as traced; where that is not permitted, as perf counted them, which knows no bytes.
fn calls(traced: Result<&Trace, &trace::Error>, observed: &Counters) -> Calls {
    let error = match traced {
        Ok(trace) => return Calls { totals: totals(&trace.calls), refused: None },
        Err(error) => error,
    };
    let counted = observed.iter().filter_map(|(key, calls)| {
        let name = call_of(key)?;
        Some(Total { name: name.to_owned(), calls: *calls, errors: 0, bytes: None })
    });
    Calls { totals: counted.collect(), refused: Some(error.to_string()) }
}

/// Calls that a copy made beyond those of a copy with a kept workspace.
fn beyond(fresh: Option<&Trace>, kept: &Calls) -> Vec<Total> {
    let Some(fresh) = fresh.filter(|_| kept.refused.is_none()) else { return Vec::new() };
    let kept =
        |name: &str| kept.totals.iter().find(|total| total.name == name).map_or(0, |total| total.calls);
    let more = totals(&fresh.calls).into_iter().filter_map(|total| {
        let calls = total.calls.checked_sub(kept(&total.name)).filter(|calls| *calls > 0)?;
        Some(Total { calls, errors: 0, bytes: None, ..total })
    });
    more.collect()
}

fn mappings(traced: Result<&Trace, &trace::Error>) -> Mappings {
    match traced {
        Err(error) => Mappings { refused: Some(error.to_string()), ..Mappings::default() },
        Ok(trace) => Mappings {
            live: trace
                .mappings
                .iter()
                .map(|snapshot| Mapping {
                    at: snapshot.at,
                    line: snapshot.mapping.region.line.clone(),
                    fields: snapshot.mapping.region.fields(),
                    memory: snapshot.mapping.usage,
                })
                .collect(),
            left_out: trace.mappings_left_out,
            refused: None,
        },
    }
}

fn faults(traced: Option<&Trace>, counters: &Counters, mappings: &Mappings) -> Faults {
    let counter = |key: &str| counters.get(key).copied().unwrap_or(0);
    let alone = traced.filter(|trace| !trace.calls.iter().any(|call| call.name == "execve"));
    let (minor, major) = alone.map_or((counter("minor_faults"), counter("major_faults")), |trace| {
        let Trace { before, after, .. } = trace;
        (after.minor_faults - before.minor_faults, after.major_faults - before.major_faults)
    });
    let mapped: u64 = mappings.live.iter().map(|mapping| mapping.memory.rss / page_size() as u64).sum();
    let complete = alone.is_some() && mappings.left_out == 0 && mapped > 0;
    let pages_mapped = complete.then_some(mapped);
    let all = minor + major;
    let pages_per_fault = pages_mapped.filter(|_| all > 0).map(|pages| pages as f64 / all as f64);
    Faults { minor, major, pages_mapped, pages_per_fault }
}

fn memory(observed: &Counters) -> Memory {
    let peak = observed.get(PEAK).copied();
    let refused = peak.is_none().then(|| {
        "the copy was over, or in another process, before it could be looked at; a larger --size helps"
            .to_owned()
    });
    Memory { peak_private_bytes: peak, refused }
}

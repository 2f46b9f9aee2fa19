pub(super) mod clock;
pub(super) mod error;
mod exiting;
pub(super) mod limit;
pub(super) mod sequence;
pub(super) mod stage;
pub(super) mod target;

use super::cell::{Cell, End, Setup};
use crate::cache;
use crate::fixture::{Place, Source};
use crate::observe::{Copied, Counts, OBSERVERS, Observer, Schedule, Watch};
use crate::strategy::{Cause, CopyError, DstMode, Holes, Method, Strategy, Task};
use crate::verify::{Promise, verify};
use clock::{Clock, NoClock};
use error::TrialError;
use stage::Stage;
use std::borrow::Borrow;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use target::Target;

/// How closely a trial looks at the copy that it timed. All of it is outside the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Inspection {
    /// The byte count only.
    Count,
    /// Also shared extents and allocated blocks.
    Extents,
    /// Also every byte and hole.
    Verify,
}

#[derive(Clone, Debug)]
pub struct Outcome {
    /// Time of the copy, in the clock's unit; zero in an observed trial, which has no clock.
    pub elapsed: u64,
    /// Bytes that the strategy reported.
    pub bytes: u64,
    /// What observers told of the copy, but for what has a field of its own.
    pub counts: Counts,
    /// Bytes in extents that another file uses too, where it was looked at and the file system
    /// tells.
    pub shared_bytes: Option<u64>,
    /// Bytes allocated to the target, where it was looked at.
    pub allocated_bytes: Option<u64>,
    /// Whether every byte was compared.
    pub verified: bool,
}

impl Outcome {
    /// The counter `key`, where an observer told it.
    pub fn count(&self, key: &str) -> Option<u64> {
        self.counts.iter().find(|(name, _)| *name == key).map(|(_, count)| *count)
    }
}

impl<S: Borrow<Source>, P: Borrow<Place>> Stage<S, P> {
    /// One copy of the whole source: prepare, confirm the cache state, time, observe, look.
    pub fn trial(
        &self,
        strategy: &Strategy,
        cell: &Cell,
        clock: &dyn Clock,
        inspection: Inspection,
    ) -> Result<Outcome, TrialError> {
        let last = inspection >= Inspection::Extents;
        let observers = OBSERVERS.iter().copied().filter(|observer| match observer.schedule {
            Schedule::Every => true,
            Schedule::Last => last,
            Schedule::Apart => false,
        });
        self.attempt(strategy, cell, clock, observers, inspection == Inspection::Verify)
    }

    /// One copy without a clock, verified, with all observers that a timed copy cannot have. Errors: as
    /// [`Stage::trial`]. An observer that is refused leaves its counters out; see
    /// [`Plan::remarks`](super::Plan::remarks).
    pub fn observed_trial(&self, strategy: &Strategy, cell: &Cell) -> Result<Outcome, TrialError> {
        // What others cost would be counted as the copy's by those that see every copy.
        let observers = OBSERVERS.iter().copied().filter(|observer| observer.schedule != Schedule::Every);
        let outcome = self.attempt(strategy, cell, &NoClock, observers, true);
        exiting::wait_for_exiting_threads();
        outcome
    }

    fn attempt(
        &self,
        strategy: &Strategy,
        cell: &Cell,
        clock: &dyn Clock,
        observers: impl Iterator<Item = &'static Observer>,
        verified: bool,
    ) -> Result<Outcome, TrialError> {
        self.source().renew()?;
        let target = self.prepare(strategy, cell)?;
        cache::establish(self.source().file(), self.source().size(), cell.cache)?;
        if cell.setup == Setup::Fresh {
            self.workspace.clear();
        }
        let from = self.path_of_source(strategy);
        let mut watch = Watch::prepare(observers);
        watch.begin();
        let started = clock.now();
        let copied = self.copy(strategy, &from, &target, cell.end);
        let elapsed = clock.now().saturating_sub(started);
        watch.end();
        let bytes = copied?;
        if bytes != self.source().size() {
            return Err(TrialError::Count { reported: bytes, expected: self.source().size() });
        }
        let copy = target.open()?;
        let mut counts = watch.counts(&Copied { source: self.source().file(), target: &copy, bytes }).counts;
        let shared_bytes = take(&mut counts, "shared_bytes");
        let allocated_bytes = take(&mut counts, "allocated_bytes");
        if verified {
            verify(self.source().file(), &copy, bytes, promise(strategy, cell.dst))?;
        }
        self.remove(target, cell.dst)?;
        Ok(Outcome { elapsed, bytes, counts, shared_bytes, allocated_bytes, verified })
    }

    fn prepare(&self, strategy: &Strategy, cell: &Cell) -> Result<Target, TrialError> {
        if strategy.takes_paths() {
            let path = self.private_path()?;
            target::named(&path, self.source(), cell.dst, cell.cache)?;
            return Ok(Target::Named(path));
        }
        let kept = self.kept.take();
        target::unnamed(self.place(), self.source(), cell.dst, cell.cache, kept).map(Target::Unnamed)
    }

    /// What a strategy that takes paths is told of the source. A program of the user's may take what leads to
    /// the open file for the symbolic link that it is.
    fn path_of_source(&self, strategy: &Strategy) -> PathBuf {
        match strategy.method {
            Method::Handles(_) => PathBuf::new(),
            Method::Paths(_) => self.source().path(),
            Method::Command(_) => self.source().name().unwrap_or_else(|| self.source().path()),
        }
    }

    /// The clock region: nothing here but the copy and the end that the cell asks for. No target is longer
    /// than its source.
    fn copy(&self, strategy: &Strategy, from: &Path, target: &Target, end: End) -> Result<u64, CopyError> {
        match target {
            Target::Named(path) => {
                let needs = Cause::NeedsPaths { strategy: strategy.name };
                let copied = strategy.copy_paths(from, path);
                let bytes = copied.unwrap_or_else(|| Err(CopyError::at(0, needs)))?;
                if end == End::Fdatasync {
                    let file = File::open(path).map_err(|error| io_error("open", bytes, &error))?;
                    sync(&file, bytes)?;
                }
                Ok(bytes)
            }
            Target::Unnamed(file) => {
                let bytes = strategy.copy_over(Task::whole(self.source().file(), file, &self.workspace))?;
                if end == End::Fdatasync {
                    sync(file, bytes)?;
                }
                Ok(bytes)
            }
        }
    }

    fn remove(&self, target: Target, mode: DstMode) -> Result<(), TrialError> {
        match target {
            Target::Unnamed(file) if mode == DstMode::Overwrite => self.kept.set(Some(file)),
            Target::Unnamed(_) => {}
            Target::Named(path) => std::fs::remove_file(path)
                .map_err(|source| TrialError::Prepare { act: "removing the target", source })?,
        }
        Ok(())
    }
}

/// What the strategy promised, as far as this target allows to hold it to that.
fn promise(strategy: &Strategy, mode: DstMode) -> Promise {
    match (strategy.holes, mode) {
        (Holes::Filled, _) => Promise::NoHole,
        (Holes::Kept, _) => Promise::HolesKept,
        (Holes::ByFileSystem, _) => Promise::Nothing,
    }
}

/// Takes out what the record has a key of its own for.
fn take(counts: &mut Counts, key: &str) -> Option<u64> {
    let found = counts.iter().position(|(name, _)| *name == key)?;
    Some(counts.swap_remove(found).1)
}

fn sync(file: &File, bytes: u64) -> Result<(), CopyError> {
    rustix::fs::fdatasync(file).map_err(|errno| CopyError::call("fdatasync", bytes, errno))
}

fn io_error(call: &'static str, bytes: u64, error: &io::Error) -> CopyError {
    CopyError::call(call, bytes, rustix::io::Errno::from_io_error(error).unwrap_or(rustix::io::Errno::IO))
}

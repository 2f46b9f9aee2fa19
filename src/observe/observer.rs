use std::fs::File;
use std::io;

/// One source of counters.
#[derive(Debug)]
pub struct Observer {
    /// Its key in records.
    pub name: &'static str,
    /// What it tells and from where, in one sentence.
    pub summary: &'static str,
    /// Keys of the counters that it yields, which end in `_bytes` and `_ns` where they count those. One that does
    /// not apply to a copy is left out.
    pub counters: &'static [&'static str],
    /// The copies that it can be asked about.
    pub schedule: Schedule,
    /// Makes all ready, so that little is left to do when it begins.
    pub(super) prepare: fn() -> Result<Box<dyn Observation>, Refusal>,
}

/// When an observer may be at work, by what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Around every copy: a few system calls outside the clock.
    Every,
    /// After the last copy of a sample: outside the clock, but not for every copy of many.
    Last,
    /// In a trial of its own, without a clock: it takes time from the copy, or much beside it.
    Apart,
}

/// Why an observer has nothing to tell here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; {hint}")]
pub struct Refusal {
    /// What was refused, and by what.
    pub reason: String,
    /// What the user can do.
    pub hint: String,
}

impl Refusal {
    /// A file below `/proc` or a call that should have worked.
    pub(super) fn unexpected(act: &str, error: &io::Error) -> Self {
        Self { reason: format!("{act}: {error}"), hint: "mount /proc and allow the call".to_owned() }
    }
}

/// What was counted, by key.
pub type Counts = Vec<(&'static str, u64)>;

/// The two files after a copy.
#[derive(Clone, Copy, Debug)]
pub struct Copied<'a> {
    pub source: &'a File,
    pub target: &'a File,
    pub bytes: u64,
}

/// An observer at work on one copy.
pub(super) trait Observation {
    /// Right before the copy. One that cannot begin says so when it is asked what it counted.
    fn begin(&mut self) {}

    /// Right after the copy, before anything else is looked at.
    fn end(&mut self) {}

    /// What there is to tell.
    fn counts(&mut self, copied: &Copied<'_>) -> Result<Counts, Refusal>;
}

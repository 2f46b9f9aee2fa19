use crate::fixture::{Layout, Place, SourceError};
use crate::measure::cell::Cell;
use crate::measure::trial::Inspection;
use crate::measure::trial::clock::WallClock;
use crate::measure::trial::error::TrialError;
use crate::measure::trial::stage::{Stage, generate};
use crate::record::{FileSystems, Refused};
use crate::strategy::{DstMode, Strategy, all};
use crate::sys::page_size;

/// Whether a strategy works between two directories, found by doing it.
#[derive(Debug)]
pub struct Availability {
    pub strategy: &'static Strategy,
    /// Why it does not work here.
    pub refusal: Option<Refused>,
    /// Whether its copy was wrong, rather than refused.
    pub wrong: bool,
}

impl From<&TrialError> for Refused {
    fn from(error: &TrialError) -> Self {
        let TrialError::Copy(copy) = error else { return Self::because(error) };
        let reason = copy.hint().map_or_else(|| error.to_string(), |hint| format!("{error}; {hint}"));
        let errno = copy.errno().and_then(crate::sys::errno::name);
        Self { call: copy.call_name().map(str::to_owned), errno: errno.map(str::to_owned), reason }
    }
}

/// Tries every strategy on a page of random bytes between the two directories.
pub fn availability(from: &Place, to: &Place) -> Result<Vec<Availability>, SourceError> {
    let layout = Layout::dense();
    let source = generate(from, layout, page_size() as u64, 0)?;
    let stage = Stage::new(&source, to);
    let clock = WallClock::new();
    let fs = FileSystems { source: from.file_system().to_owned(), target: to.file_system().to_owned() };
    let usual = Cell::usual(fs, layout.name, source.size());
    Ok(all()
        .map(|(_, strategy)| {
            let dst = strategy.dst.first().copied().unwrap_or(DstMode::New);
            let cell = Cell { dst, ..usual.clone() };
            let tried = stage.trial(strategy, &cell, &clock, Inspection::Verify);
            let error = tried.err();
            let wrong = error.as_ref().is_some_and(TrialError::is_wrong_copy);
            Availability { strategy, refusal: error.as_ref().map(Refused::from), wrong }
        })
        .collect())
}

use super::cell::Cell;
use super::clock::WallClock;
use super::stage::Stage;
use super::trial::{Look, TrialError};
use crate::fixture::{Layout, Place, Source, SourceError};
use crate::record::FileSystems;
use crate::strategy::{DstMode, Strategy, all};
use crate::sys::page_size;

/// Whether a strategy works between two directories, found by doing it.
#[derive(Debug)]
pub struct Availability {
    /// The strategy.
    pub strategy: &'static Strategy,
    /// Why it does not work here.
    pub refusal: Option<Refused>,
}

/// A refusal in words and, where a system call refused, by its name and errno.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Sentence for a reader.
    pub reason: String,
    /// The system call.
    pub call: Option<&'static str>,
    /// Its errno by name.
    pub errno: Option<&'static str>,
}

impl Refused {
    /// What an error says about why there is no outcome.
    #[must_use]
    pub fn from_error(error: &TrialError) -> Self {
        let (call, errno) = match error {
            TrialError::Copy(copy) => (copy.call_name(), copy.errno()),
            _ => (None, None),
        };
        let cure = match error {
            TrialError::Copy(copy) => copy.cure(),
            _ => None,
        };
        let reason = cure.map_or_else(|| error.to_string(), |cure| format!("{error}; {cure}"));
        Self { reason, call, errno: errno.and_then(crate::sys::errno::name) }
    }
}

/// Tries every strategy on a page of random bytes between the two directories.
///
/// # Errors
/// Where the page itself cannot be made.
pub fn availability(from: &Place, to: &Place) -> Result<Vec<Availability>, SourceError> {
    let layout = Layout::dense();
    let source = Source::generate(from, layout, page_size() as u64, 0)?;
    let stage = Stage::new(&source, to);
    let clock = WallClock::new();
    let fs = FileSystems { source: from.file_system().to_owned(), target: to.file_system().to_owned() };
    let usual = Cell::usual(fs, layout.name, source.size());
    Ok(all()
        .map(|(_, strategy)| {
            let dst = strategy.dst.first().copied().unwrap_or(DstMode::New);
            let cell = Cell { dst, ..usual.clone() };
            let tried = stage.trial(strategy, &cell, &clock, Look::Verify);
            Availability { strategy, refusal: tried.err().map(|error| Refused::from_error(&error)) }
        })
        .collect())
}

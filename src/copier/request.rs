use super::CopierError;
use crate::strategy::{Holes, Sharing, Span, Strategy};
use std::num::NonZeroUsize;
use std::path::Path;

/// What to copy, where to, and what is allowed on the way.
#[derive(Clone, Copy, Debug)]
pub struct CopyRequest<'a> {
    /// The file to copy.
    pub source: &'a Path,
    /// Where to.
    pub target: &'a Path,
    /// The one mechanism to use; without it they are chosen, and follow each other after an
    /// error that the next one may get past.
    pub strategy: Option<&'static Strategy>,
    /// Whether extents may be shared instead of copied.
    pub reflink: When,
    /// Whether holes are kept. Where this is not said, a named strategy treats holes its own way.
    pub sparse: Option<When>,
    /// Most threads that copy at once; without it as many as the process may run at once.
    pub threads: Option<NonZeroUsize>,
    /// The part to copy. A range is written in place and leaves the rest of the target alone.
    pub part: Part,
    /// Force the copy to the disk and compare it with the source, before the target is replaced.
    pub verify: bool,
    /// Force the copy, and the name of a new target, to the disk. Without it that is done for copies that
    /// replace a target, before they do.
    pub sync: bool,
}

/// How far an option goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Where it can be had.
    Auto,
    /// In any case, or fail.
    Always,
    /// In no case.
    Never,
}

impl When {
    /// The words of the command line.
    pub const WORDS: [&'static str; 3] = ["auto", "always", "never"];

    /// What a word of [`Self::WORDS`] stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "auto" => Some(Self::Auto),
            "always" => Some(Self::Always),
            "never" => Some(Self::Never),
            _ => None,
        }
    }
}

/// All of the source, or a range of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The target will be what the source is.
    Whole,
    /// Bytes of the target are replaced or added, others stay.
    Range(Span),
}

impl Part {
    pub(super) fn span(self) -> Span {
        match self {
            Self::Whole => Span::WHOLE,
            Self::Range(span) => span,
        }
    }

    pub(super) fn is_whole(self) -> bool {
        self == Self::Whole
    }
}

/// Refuses the first option that was asked for.
pub(super) fn refuse(options: &[(bool, &str)]) -> Result<(), CopierError> {
    match options.iter().find(|(asked, _)| *asked) {
        Some((_, problem)) => Err(CopierError::Options((*problem).to_owned())),
        None => Ok(()),
    }
}

impl CopyRequest<'_> {
    /// Whether to copy data alone, and what counts as data.
    pub(super) fn holes(&self) -> When {
        self.sparse.unwrap_or(if self.strategy.is_some() { When::Never } else { When::Auto })
    }

    /// Refuses options that contradict each other.
    pub(super) fn check(&self) -> Result<(), CopierError> {
        if self.reflink == When::Always && !matches!(self.sparse, None | Some(When::Auto)) {
            return Err(CopierError::Options("--reflink=always goes with --sparse=auto only".to_owned()));
        }
        self.strategy.map_or(Ok(()), |strategy| self.check_strategy(strategy))
    }

    fn check_strategy(&self, strategy: &Strategy) -> Result<(), CopierError> {
        let name = strategy.name;
        let refuse = |reason: &str| Err(CopierError::Options(format!("--strategy {name}: {reason}")));
        if self.threads.is_some_and(|most| strategy.threads > most.get()) {
            return refuse("it takes more threads than --threads allows");
        }
        match (self.reflink, self.sparse) {
            (When::Never, _) if strategy.sharing != Sharing::Never => {
                refuse("it may share extents, which --reflink=never forbids")
            }
            (When::Always, _) if strategy.sharing != Sharing::Always => {
                refuse("it is no clone, which --reflink=always asks for")
            }
            (_, Some(When::Always)) if name != "sparse-zero-scan-4k" => {
                refuse("it does not look for zeros, which --sparse=always asks for")
            }
            (_, Some(When::Never)) if strategy.holes != Holes::Filled => {
                refuse("it may keep holes, which --sparse=never forbids")
            }
            _ if strategy.takes_paths() && (!self.part.is_whole() || self.sparse == Some(When::Auto)) => {
                refuse("it copies whole files between paths, no ranges")
            }
            _ => Ok(()),
        }
    }

    /// Refuses what a source that is a pipe or a device cannot give.
    pub(super) fn check_stream(&self) -> Result<(), CopierError> {
        refuse(&[
            (self.verify, "--verify: what a pipe or a device gave cannot be read again"),
            (self.reflink == When::Always, "--reflink=always: a pipe or a device has no extents"),
            (self.part.span().source > 0, "--src-offset: a pipe or a device is read as a stream"),
            (
                self.strategy.is_some(),
                "--strategy: a pipe or a device is read as a stream, which is no strategy",
            ),
        ])
    }

    /// Refuses a range that reaches beyond the source, before anything of it is written.
    pub(super) fn check_range(&self, size: u64) -> Result<(), CopierError> {
        let Part::Range(span) = self.part else { return Ok(()) };
        let most = i64::MAX as u64;
        let end = |start: u64| start.checked_add(span.length.unwrap_or(0)).filter(|end| *end <= most);
        let (Some(end), Some(_)) = (end(span.source), end(span.target)) else {
            return Err(CopierError::Options("the range ends beyond any file's length".to_owned()));
        };
        // A size of 0 may be that of a file of procfs, which has content all the same.
        if size > 0 && end > size {
            return Err(CopierError::Short { path: self.source.to_owned(), end, length: size });
        }
        Ok(())
    }
}

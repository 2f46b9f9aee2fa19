use crate::strategy::CopyError;
use std::fmt;

/// What happened during a copy, as it happens. Displayed, it is a line of `copybench copy --debug`.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The mechanisms that may be used, in that order.
    Chosen(&'a [&'static str]),
    /// How the target is written.
    Target {
        /// The way.
        written: Written,
        /// Why it is not unnamed until complete.
        reason: Option<String>,
    },
    /// Bytes of the source are in the target now.
    Copied {
        /// Offset in the source.
        start: u64,
        /// End of the bytes.
        end: u64,
        /// The mechanism.
        by: &'static str,
    },
    /// A hole of the source is one of the target.
    Hole {
        /// Offset in the source.
        start: u64,
        /// End of the hole.
        end: u64,
    },
    /// Another mechanism goes on.
    Changed {
        /// Offset in the source.
        at: u64,
        /// What gave up.
        from: &'static str,
        /// What goes on.
        to: &'static str,
        /// Why.
        reason: Reason<'a>,
    },
    /// Times that the target's file system does not keep, or set-ID bits that it does.
    NotKept {
        /// Which of them.
        what: &'static str,
        /// What the system said.
        reason: String,
    },
    /// The copy is complete.
    Done(Summary),
}

/// Where a copy is while it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// In a file without a name, which gets the target's when it is complete.
    Unnamed,
    /// In a file with a temporary name, which gets the target's when it is complete.
    Temporary,
    /// In a file that was made under the target's name, and goes after an error.
    Made,
    /// In the target.
    InPlace,
    /// Into a pipe or a device.
    Stream,
}

impl Written {
    fn words(self) -> &'static str {
        match self {
            Self::Unnamed => "unnamed until complete",
            Self::Temporary => "under a temporary name until complete",
            Self::Made => "made under its name",
            Self::InPlace => "written in place",
            Self::Stream => "written as a stream",
        }
    }
}

/// Why another mechanism goes on.
#[derive(Debug)]
pub enum Reason<'a> {
    /// An error.
    Failed(&'a CopyError),
    /// It took the end of what a size or a count promised for the end of the source.
    MoreToRead,
}

/// What GNU cp's `--debug` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Whether it was left to the file system or a server to copy.
    pub offload: &'static str,
    /// Whether extents were shared.
    pub reflink: &'static str,
    /// How holes were looked for.
    pub sparse: &'static str,
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chosen(names) => write!(f, "chosen {}", names.join(" ")),
            Self::Target { written, reason: None } => write!(f, "target {}", written.words()),
            Self::Target { written, reason: Some(reason) } => {
                write!(f, "target {}: {reason}", written.words())
            }
            Self::Copied { start, end, by } => write!(f, "copied {start}..{end} by {by}"),
            Self::Hole { start, end } => write!(f, "hole {start}..{end}"),
            Self::Changed { at, from, to, reason } => {
                write!(f, "changed at {at} from {from} to {to}: {reason}")
            }
            Self::NotKept { what, reason } => write!(f, "{what} not kept: {reason}"),
            Self::Done(Summary { offload, reflink, sparse }) => {
                write!(f, "copy offload: {offload}, reflink: {reflink}, sparse detection: {sparse}")
            }
        }
    }
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "{}", error.cause),
            Self::MoreToRead => f.write_str("it stopped where more can be read"),
        }
    }
}

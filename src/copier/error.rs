use crate::strategy::CopyError;
use crate::sys::errno::describe;
use crate::verify::Mismatch;
use rustix::io::Errno;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopierError {
    /// Options that contradict each other or the files.
    #[error("{0}")]
    Options(String),
    /// The source is something that is not copied.
    #[error("the source {} is {kind}, which is not copied", path.display())]
    Kind {
        /// The source.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The target is something that is not written to.
    #[error("the target {} is {kind}", path.display())]
    Target {
        /// The target.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The target is the source.
    #[error("{} is the source itself; nothing was copied", .0.display())]
    Same(PathBuf),
    /// The source has fewer bytes than were asked for.
    #[error("the range ends at {end}, but the source {} is {length} bytes long", path.display())]
    Short {
        /// The source.
        path: PathBuf,
        /// End of the range.
        end: u64,
        /// Length of the source.
        length: u64,
    },
    /// A system call around the copy refused.
    #[error("{act} {}: {}", path.display(), describe(*errno))]
    Call {
        /// What was being done.
        act: &'static str,
        /// To which file.
        path: PathBuf,
        /// The refusal.
        errno: Errno,
    },
    /// The copy itself failed, and no other mechanism may go on.
    #[error("copying by {strategy} failed {cause}")]
    Copy {
        /// The mechanism that failed.
        strategy: &'static str,
        /// Where and why.
        cause: CopyError,
    },
    /// The copy is not what was copied.
    #[error("the copy was found to be wrong: {0}")]
    Wrong(#[from] Mismatch),
}

impl CopierError {
    /// An errno with what was being done to which file.
    pub(super) fn call<E: Into<io::Error>>(act: &'static str, path: &Path) -> impl FnOnce(E) -> Self {
        move |error| {
            let error = error.into();
            let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
            Self::Call { act, path: path.to_owned(), errno }
        }
    }
}

/// Whether it tells of data that cannot be read or stored. That stays what it is whichever call meets it;
/// all else may be the refusal of one call, by a kernel, a file system, a sandbox or a server.
pub(super) fn is_of_the_disk(errno: Errno) -> bool {
    matches!(errno, Errno::IO | Errno::NOSPC | Errno::DQUOT | Errno::ROFS)
}

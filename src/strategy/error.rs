use crate::sys::errno::describe;
use rustix::io::Errno;

/// Why a copy ended early, and how far it had come.
#[derive(Debug, thiserror::Error)]
#[error("after {copied} bytes: {cause}")]
pub struct CopyError {
    /// Bytes, counted from the start of the range, that are known to stand in the target. Another
    /// mechanism may go on from there.
    pub copied: u64,
    /// What went wrong.
    pub cause: Cause,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// A system call refused.
    #[error("{call}: {}", describe(*errno))]
    Call {
        /// Name of the call.
        call: &'static str,
        /// Its errno.
        errno: Errno,
    },
    /// The source ended inside the range asked for.
    #[error("the source ended before the range did")]
    SourceEnded,
    /// The source got shorter while it was mapped.
    #[error("the source shrank while it was mapped")]
    SourceShrank,
    /// The source holds more than its size says, as files of procfs and sysfs do.
    #[error("the source's size is not the length of its content, which this mechanism goes by")]
    SizeLies,
    /// A page of the mapped target got no block: the file system is full or the file shrank.
    #[error("no block for a page of the mapped target: the file system is full or the target shrank")]
    TargetFault,
    /// A library or program reported something that is not an errno.
    #[error("{program}: {message}")]
    Program {
        /// Who reported it.
        program: &'static str,
        /// What it said.
        message: String,
    },
    /// The strategy copies whole files, not ranges.
    #[error("it copies whole files, not ranges")]
    WholeOnly,
    /// The strategy takes paths, not open files.
    #[error("{strategy} copies between paths, not between open files or ranges")]
    NeedsPaths {
        /// Name of the strategy.
        strategy: &'static str,
    },
}

impl CopyError {
    /// An error after `copied` bytes.
    #[must_use]
    pub fn at(copied: u64, cause: Cause) -> Self {
        Self { copied, cause }
    }

    /// A refused system call after `copied` bytes.
    #[must_use]
    pub fn call(call: &'static str, copied: u64, errno: Errno) -> Self {
        Self::at(copied, Cause::Call { call, errno })
    }

    /// Name of the system call that refused.
    #[must_use]
    pub fn call_name(&self) -> Option<&'static str> {
        match self.cause {
            Cause::Call { call, .. } => Some(call),
            _ => None,
        }
    }

    /// What a user can do about it, where that is known.
    #[must_use]
    pub fn cure(&self) -> Option<&'static str> {
        match self.cause {
            Cause::Call { call, errno } => super::cure::cure(call, errno),
            _ => None,
        }
    }

    /// The errno behind it, where there is one.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        match self.cause {
            Cause::Call { errno, .. } => Some(errno),
            _ => None,
        }
    }
}

/// Names the call that an errno came from.
pub(super) trait During<T> {
    /// `call` is the system call's name.
    fn during(self, call: &'static str) -> Result<T, Cause>;
}

impl<T> During<T> for Result<T, Errno> {
    fn during(self, call: &'static str) -> Result<T, Cause> {
        self.map_err(|errno| Cause::Call { call, errno })
    }
}

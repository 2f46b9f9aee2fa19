use crate::sys::errno::describe;
use rustix::io::Errno;

/// Why a copy ended early, and how far it had come.
#[derive(Debug, thiserror::Error)]
#[error("after {copied} bytes: {cause}")]
pub struct CopyError {
    /// Bytes, counted from the start of the range, that are known to stand in the target. Another
    /// mechanism may go on from there.
    pub copied: u64,
    pub cause: Cause,
}

#[derive(Debug, thiserror::Error)]
pub enum Cause {
    #[error("{call}: {}", describe(*errno))]
    Call { call: &'static str, errno: Errno },
    #[error("the source ended before the range did")]
    SourceEnded,
    #[error("the source shrank while it was mapped")]
    SourceShrank,
    #[error("the source's size is not the length of its content, which this mechanism goes by")]
    SizeLies,
    #[error("no block for a page of the mapped target: the file system is full or the target shrank")]
    TargetFault,
    #[error("{program}: {message}")]
    Program { program: &'static str, message: String },
    #[error("it copies whole files, not ranges")]
    WholeOnly,
    #[error("{strategy} copies between paths, not between open files or ranges")]
    NeedsPaths { strategy: &'static str },
}

impl CopyError {
    /// An error after `copied` bytes.
    pub fn at(copied: u64, cause: Cause) -> Self {
        Self { copied, cause }
    }

    /// A refused system call after `copied` bytes.
    pub fn call(call: &'static str, copied: u64, errno: Errno) -> Self {
        Self::at(copied, Cause::Call { call, errno })
    }

    /// Name of the system call that refused.
    pub fn call_name(&self) -> Option<&'static str> {
        match self.cause {
            Cause::Call { call, .. } => Some(call),
            _ => None,
        }
    }

    /// What a user can do about it, where that is known.
    pub fn hint(&self) -> Option<&'static str> {
        match self.cause {
            Cause::Call { call, errno } => super::hint::hint(call, errno),
            _ => None,
        }
    }

    /// The errno behind it, where there is one.
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

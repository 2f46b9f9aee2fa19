use super::protocol::{PROTOCOL, Reply, Request};
use super::{Answer, Worker};
use crate::record::{Commit, Copies};
use crate::strategy::command_lines;
use crate::sys::child::{Child, NoAnswer, THIS};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Tells a process that measures for another of the commands that it may be asked for.
const COMMANDS: &str = "COPYBENCH_COMMANDS";

/// Characters of an answer that are shown.
const MOST_SAID: usize = 300;

/// One side of a comparison.
pub enum Arm {
    Here(Box<dyn Answer>),
    /// Another one that speaks the protocol.
    Apart(PathBuf, Child<Request, Reply>),
}

/// Why a process gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ArmError {
    #[error("starting {}: {source}", executable.display())]
    Start { executable: PathBuf, source: std::io::Error },
    #[error("{} {why}; it must be a copybench that speaks protocol {PROTOCOL}", executable.display())]
    Silent { executable: PathBuf, why: NoAnswer },
    #[error("{} is no copybench that speaks protocol {PROTOCOL}: {message}", executable.display())]
    Foreign { executable: PathBuf, message: String },
    #[error("{} gave an answer that cannot be true: {lie}", executable.display())]
    Untrue { executable: PathBuf, lie: Lie },
}

/// What is not believed of copies by another process.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lie {
    #[error("{given} times of {asked} copies")]
    Count { given: usize, asked: u64 },
    #[error("a copy that took no time")]
    NoTime,
    #[error("copies that took longer than the {} ms in which it gave them", .0.as_millis())]
    TooMuchTime(Duration),
    #[error("{given} bytes copied of {asked}")]
    Bytes { given: u64, asked: u64 },
}

/// What copies were asked for, and how long the answer took.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub copies: u64,
    /// Whether it was one that is observed, of which older builds tell the time too.
    pub observed: bool,
    /// Bytes of each.
    pub size: u64,
    pub within: Duration,
}

impl Asked {
    fn check(self, given: &Copies) -> Result<(), Lie> {
        let count = given.elapsed.len();
        if count as u64 != self.copies && !(self.observed && count == 0) {
            return Err(Lie::Count { given: count, asked: self.copies });
        }
        if given.elapsed.contains(&0) {
            return Err(Lie::NoTime);
        }
        let total = given.elapsed.iter().try_fold(0, |sum: u64, time| sum.checked_add(*time));
        if total.is_none_or(|total| u128::from(total) > self.within.as_nanos()) {
            return Err(Lie::TooMuchTime(self.within));
        }
        if given.bytes != self.size {
            return Err(Lie::Bytes { given: given.bytes, asked: self.size });
        }
        Ok(())
    }
}

impl Arm {
    pub fn here() -> Self {
        Self::Here(Box::<Worker>::default())
    }

    /// Another process of this executable.
    pub fn this() -> Result<Self, ArmError> {
        Ok(Self::start(Path::new(THIS))?.0)
    }

    /// Starts `executable worker`, makes sure that it speaks the protocol, and asks what it was built
    /// from.
    pub fn start(executable: &Path) -> Result<(Self, Commit), ArmError> {
        let mut command = Command::new(executable);
        command.arg("worker").stderr(Stdio::null());
        match command_lines() {
            "" => command.env_remove(COMMANDS),
            lines => command.env(COMMANDS, lines),
        };
        let started = Child::start(&mut command);
        let executable = executable.to_owned();
        let mut arm = match started {
            Ok(child) => Self::Apart(executable.clone(), child),
            Err(source) => return Err(ArmError::Start { executable, source }),
        };
        match arm.ask(&Request::Hello { protocol: PROTOCOL }, Duration::from_secs(10))? {
            Reply::Hello { protocol: PROTOCOL, commit, .. } => Ok((arm, commit)),
            other => {
                let message = format!("{other:?}").chars().take(MOST_SAID).collect();
                Err(ArmError::Foreign { executable, message })
            }
        }
    }

    /// Makes sure that what another process says of copies can be true. What this process measured itself
    /// needs none of that, and a guest's clock counts instructions.
    pub fn believe(&self, copies: &Copies, asked: Asked) -> Result<(), ArmError> {
        match self {
            Self::Here(_) => Ok(()),
            Self::Apart(executable, _) => {
                asked.check(copies).map_err(|lie| ArmError::Untrue { executable: executable.clone(), lie })
            }
        }
    }

    /// The answer to one request, waited for at most `limit`.
    pub fn ask(&mut self, request: &Request, limit: Duration) -> Result<Reply, ArmError> {
        match self {
            Self::Here(worker) => Ok(worker.answer(request)),
            Self::Apart(executable, child) => child.ask(request, limit).map_err(|why| {
                let executable = executable.clone();
                match why {
                    NoAnswer::Other(message) => ArmError::Foreign { executable, message },
                    why => ArmError::Silent { executable, why },
                }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_true_is_believed() {
        let asked = Asked { copies: 2, observed: false, size: 100, within: Duration::from_nanos(50) };
        let check = |elapsed: &[u64], bytes| {
            asked.check(&Copies { elapsed: elapsed.to_vec(), bytes, ..Copies::default() })
        };
        assert_eq!(check(&[20, 30], 100), Ok(()));
        assert_eq!(check(&[20], 100), Err(Lie::Count { given: 1, asked: 2 }));
        assert_eq!(check(&[], 100), Err(Lie::Count { given: 0, asked: 2 }));
        assert_eq!(check(&[1; 3], 100), Err(Lie::Count { given: 3, asked: 2 }));
        assert_eq!(check(&[0, 30], 100), Err(Lie::NoTime));
        for elapsed in [[20, 31], [u64::MAX, 1], [u64::MAX, u64::MAX]] {
            assert_eq!(check(&elapsed, 100), Err(Lie::TooMuchTime(asked.within)));
        }
        for bytes in [0, 99, u64::MAX] {
            assert_eq!(check(&[20, 30], bytes), Err(Lie::Bytes { given: bytes, asked: 100 }));
        }
        let observed = Asked { copies: 1, observed: true, ..asked };
        let none = Copies { bytes: 100, ..Copies::default() };
        assert_eq!(observed.check(&none), Ok(()));
    }
}

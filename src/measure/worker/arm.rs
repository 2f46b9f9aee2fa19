use super::protocol::{PROTOCOL, Reply, Request};
use super::{Answer, Worker};
use crate::record::Commit;
use crate::strategy::command_lines;
use crate::sys::child::{Child, NoAnswer, THIS};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Tells a process that measures for another of the commands that it may be asked for.
const COMMANDS: &str = "COPYBENCH_COMMANDS";

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
            other => Err(ArmError::Foreign { executable, message: format!("{other:?}") }),
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

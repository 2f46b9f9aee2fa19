use super::protocol::{PROTOCOL, Reply, Request};
use super::worker::Worker;
use crate::record::Commit;
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// One side of a comparison: this process, or another executable.
pub enum Arm {
    /// This process.
    Here(Box<Worker>),
    /// A process of its own that speaks the protocol.
    Apart(Apart),
}

/// Another process; killed when dropped.
pub struct Apart {
    executable: PathBuf,
    child: Child,
    input: Option<ChildStdin>,
    replies: Receiver<String>,
}

/// Why a process gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ArmError {
    /// It could not be started.
    #[error("starting {}: {source}", executable.display())]
    Start {
        /// The executable.
        executable: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It ended.
    #[error("{} ended in the middle of a run ({status}); it must be a copybench that speaks protocol {PROTOCOL}", executable.display())]
    Ended {
        /// The executable.
        executable: PathBuf,
        /// How.
        status: String,
    },
    /// It did not answer.
    #[error("{} did not answer within {} s", executable.display(), limit.as_secs())]
    Hung {
        /// The executable.
        executable: PathBuf,
        /// How long it was waited for.
        limit: Duration,
    },
    /// It answered something else.
    #[error("{} is no copybench that speaks protocol {PROTOCOL}: {message}", executable.display())]
    Foreign {
        /// The executable.
        executable: PathBuf,
        /// What it said.
        message: String,
    },
}

impl Arm {
    /// This process.
    #[must_use]
    pub fn here() -> Self {
        Self::Here(Box::default())
    }

    /// Starts `executable worker`, makes sure that it speaks the protocol, and asks what it was built
    /// from.
    ///
    /// # Errors
    /// See [`ArmError`].
    pub fn start(executable: &Path) -> Result<(Self, Commit), ArmError> {
        let mut child = Command::new(executable)
            .arg("worker")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // So that what a foreign executable started ends with it.
            .process_group(0)
            .spawn()
            .map_err(|source| ArmError::Start { executable: executable.to_owned(), source })?;
        let (sender, replies) = channel();
        let output = child.stdout.take();
        let read = move || {
            for line in
                output.into_iter().flat_map(|output| BufReader::new(output).lines()).map_while(Result::ok)
            {
                if sender.send(line).is_err() {
                    break;
                }
            }
        };
        if let Err(source) = std::thread::Builder::new().name("replies".to_owned()).spawn(read) {
            let _ = child.kill();
            let _ = child.wait();
            return Err(ArmError::Start { executable: executable.to_owned(), source });
        }
        let input = child.stdin.take();
        let mut arm = Self::Apart(Apart { executable: executable.to_owned(), child, input, replies });
        match arm.ask(&Request::Hello { protocol: PROTOCOL }, Duration::from_secs(10))? {
            Reply::Hello { protocol: PROTOCOL, commit, .. } => Ok((arm, commit)),
            other => {
                Err(ArmError::Foreign { executable: executable.to_owned(), message: format!("{other:?}") })
            }
        }
    }

    /// The answer to one request, waited for at most `limit`.
    ///
    /// # Errors
    /// See [`ArmError`]; this process always answers.
    pub fn ask(&mut self, request: &Request, limit: Duration) -> Result<Reply, ArmError> {
        match self {
            Self::Here(worker) => Ok(worker.answer(request)),
            Self::Apart(apart) => apart.ask(request, limit),
        }
    }
}

impl Apart {
    fn ask(&mut self, request: &Request, limit: Duration) -> Result<Reply, ArmError> {
        let executable = || self.executable.clone();
        let mut line = serde_json::to_vec(request).unwrap_or_default();
        line.push(b'\n');
        // Where it has ended, waiting for the answer tells how.
        let _ = self.input.as_mut().map(|input| input.write_all(&line));
        match self.replies.recv_timeout(limit) {
            Ok(line) => serde_json::from_str(&line).map_err(|error| ArmError::Foreign {
                executable: executable(),
                message: format!("{error} in {line:.80}"),
            }),
            Err(RecvTimeoutError::Timeout) => Err(ArmError::Hung { executable: executable(), limit }),
            Err(RecvTimeoutError::Disconnected) => {
                let status =
                    self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(ArmError::Ended { executable: executable(), status })
            }
        }
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        // The end of its input ends it, with its private directory removed; a kill is for those
        // that do not listen.
        self.input = None;
        let patience = Duration::from_secs(5);
        if !matches!(self.replies.recv_timeout(patience), Err(RecvTimeoutError::Disconnected)) {
            let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
            let _ = group.map(|group| kill_process_group(group, Signal::KILL));
        }
        let _ = self.child.wait();
    }
}

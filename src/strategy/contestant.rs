//! A program of the user's that stays and is asked for each copy: docs/protocol.md.

use super::program::limit;
use crate::sys::child::Child;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Version of what is asked and answered. Another one is refused, never guessed at.
const PROTOCOL: u32 = 1;

/// The time that it may take to start.
const START: Duration = Duration::from_secs(10);

#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Question {
    Hello { protocol: u32 },
    Copy { id: u64, source: PathBuf, target: PathBuf },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "re", rename_all = "lowercase")]
enum Answer {
    Hello { protocol: u32 },
    Copied { id: u64, bytes: u64 },
    Failed { message: String },
}

/// The program, which is started when it is first asked, and again after it failed to answer.
#[derive(Debug, Default)]
pub(super) struct Contestant {
    session: Mutex<Option<Session>>,
}

#[derive(Debug)]
struct Session {
    child: Child<Question, Answer>,
    asked: u64,
}

impl Contestant {
    /// Has it copy, and gives the bytes that it says. Errors: why it did not, in words.
    pub(super) fn copy(&self, words: &[String], source: &Path, target: &Path) -> Result<u64, String> {
        let mut kept = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let mut session = match kept.take() {
            Some(session) => session,
            None => Session::start(words)?,
        };
        let copied = session.copy(source, target)?;
        // One that could not be understood, or is late, is ended instead.
        *kept = Some(session);
        copied
    }
}

impl Session {
    fn start(words: &[String]) -> Result<Self, String> {
        let [program, arguments @ ..] = words else { return Err("it has no program".to_owned()) };
        let child = Child::start_tied(Command::new(program).args(arguments), Signal::KILL)
            .map_err(|error| format!("it cannot be started: {error}"))?;
        let mut session = Self { child, asked: 0 };
        match session.ask(&Question::Hello { protocol: PROTOCOL }, START)? {
            Answer::Hello { protocol: PROTOCOL } => Ok(session),
            Answer::Hello { protocol } => Err(format!("it speaks protocol {protocol}, not {PROTOCOL}")),
            Answer::Failed { message } => Err(shortened(&message)),
            Answer::Copied { .. } => Err("it said that it has copied before it was asked to".to_owned()),
        }
    }

    /// The outer error is that of one that is asked no more.
    fn copy(&mut self, source: &Path, target: &Path) -> Result<Result<u64, String>, String> {
        self.asked += 1;
        let (source, target) = (source.to_owned(), target.to_owned());
        let limit = limit(&source);
        match self.ask(&Question::Copy { id: self.asked, source, target }, limit)? {
            Answer::Copied { id, bytes } if id == self.asked => Ok(Ok(bytes)),
            Answer::Copied { id, .. } => Err(format!("it answered question {id} instead of {}", self.asked)),
            Answer::Failed { message } => Ok(Err(shortened(&message))),
            Answer::Hello { .. } => Err("it said hello instead of copying".to_owned()),
        }
    }

    fn ask(&mut self, question: &Question, limit: Duration) -> Result<Answer, String> {
        self.child.ask(question, limit).map_err(|why| format!("it {why}"))
    }
}

/// One line, and not much of it.
fn shortened(message: &str) -> String {
    const MOST: usize = 300;
    message.lines().next().unwrap_or("it said nothing").chars().take(MOST).collect()
}

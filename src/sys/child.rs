//! Child processes: those that end with the one who started them, and those that are asked, with a line
//! of JSON for each question and each answer.
//!
//! Who is asked may be any program: one that never reads, never ends its line, answers before it is asked,
//! closes its output or does not end costs no more than the limit of time and a bounded line.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, getpid, getppid, kill_process_group, set_parent_process_death_signal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::marker::PhantomData;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// This very executable, also where its file has been replaced since it was started.
pub const THIS: &str = "/proc/self/exe";

/// Most bytes of an answer: far more than any has, and few enough for a line of a record.
const LONGEST: u64 = 256 << 10;
/// How long a child may take to end when nothing more is asked of it.
const FAREWELL: Duration = Duration::from_secs(5);

/// Has the kernel send `signal` to the child when the thread that starts it ends, however it ends; and
/// puts it into a process group of its own, so that a Ctrl-C at the terminal reaches only its parent.
pub fn tie(command: &mut Command, signal: Signal) -> &mut Command {
    let parent = getpid();
    // SAFETY: between fork and exec only system calls are made, and nothing is allocated.
    unsafe { command.process_group(0).pre_exec(move || end_with(parent, signal)) }
}

fn end_with(parent: Pid, signal: Signal) -> io::Result<()> {
    set_parent_process_death_signal(Some(signal))?;
    // The parent may have ended before the request was made.
    if getppid() == Some(parent) { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
}

/// A child that answers questions over its standard streams. When this is dropped, it has ended, and what
/// it started with it.
#[derive(Debug)]
pub struct Child<Question, Answer> {
    process: std::process::Child,
    input: Option<ChildStdin>,
    answers: Receiver<Vec<u8>>,
    /// What it gets of [`FAREWELL`]: nothing once it failed to answer.
    patience: Duration,
    talk: PhantomData<fn(Question) -> Answer>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    #[error("ended in the middle of its work ({0})")]
    Ended(ExitStatus),
    #[error("did not answer within {} s", .0.as_secs())]
    Late(Duration),
    #[error("closed its output without an answer, and lives on")]
    Closed,
    #[error("spoke without being asked: {0:?}")]
    Unasked(String),
    #[error("{0}")]
    Other(String),
}

impl<Question: Serialize, Answer: DeserializeOwned> Child<Question, Answer> {
    /// Starts it. It gets SIGTERM when the thread that started it ends. Errors: it cannot be started, or no
    /// thread can that reads its answers.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        Self::start_tied(command, Signal::TERM)
    }

    /// The same with another signal.
    pub fn start_tied(command: &mut Command, signal: Signal) -> io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = tie(command, signal).spawn()?;
        let (input, output) = (process.stdin.take(), process.stdout.take());
        // Who does not read must not hold up the one who asks.
        if let Some(input) = &input {
            rustix::io::ioctl_fionbio(input, true)?;
        }
        // Room for one: what nobody asked for waits in the pipe, not in memory.
        let (sender, answers) = sync_channel(1);
        let child = Self { process, input, answers, patience: FAREWELL, talk: PhantomData };
        if let Some(output) = output {
            let name = "answers".to_owned();
            std::thread::Builder::new().name(name).spawn(move || read(BufReader::new(output), &sender))?;
        }
        Ok(child)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks, and waits at most `limit` for the answer.
    pub fn ask(&mut self, question: &Question, limit: Duration) -> Result<Answer, NoAnswer> {
        let mut line = serde_json::to_vec(question).map_err(|error| NoAnswer::Other(error.to_string()))?;
        line.push(b'\n');
        let until = Instant::now() + limit;
        let heard = match self.answers.try_recv() {
            Ok(line) => Err(NoAnswer::Unasked(beginning(&line))),
            Err(_) => self.tell(&line, until).map_err(|_| NoAnswer::Late(limit)),
        };
        let heard = heard.and_then(|()| self.hear_or_not(until, limit));
        self.note(heard)
    }

    /// Writes it all. Errors: the time is over.
    fn tell(&mut self, mut line: &[u8], until: Instant) -> Result<(), TimedOut> {
        let Some(input) = &mut self.input else { return Ok(()) };
        while !line.is_empty() {
            match input.write(line) {
                Ok(written) => line = &line[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let left = until.saturating_duration_since(Instant::now());
                    let left = Timespec::try_from(left).map_err(|_| TimedOut)?;
                    match poll(&mut [PollFd::new(input, PollFlags::OUT)], Some(&left)) {
                        Ok(0) => return Err(TimedOut),
                        Ok(_) | Err(Errno::INTR) => {}
                        Err(_) => return Ok(()),
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Where it has ended, waiting for the answer tells how.
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    /// Waits at most `limit` for what it says by itself.
    pub fn hear(&mut self, limit: Duration) -> Result<Answer, NoAnswer> {
        let heard = self.hear_or_not(Instant::now() + limit, limit);
        self.note(heard)
    }

    /// Who failed to answer is waited for no longer.
    fn note(&mut self, heard: Result<Answer, NoAnswer>) -> Result<Answer, NoAnswer> {
        if heard.is_err() {
            self.patience = Duration::ZERO;
        }
        heard
    }

    fn hear_or_not(&mut self, until: Instant, limit: Duration) -> Result<Answer, NoAnswer> {
        match self.answers.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) if line.len() as u64 > LONGEST => {
                let begin = beginning(&line);
                Err(NoAnswer::Other(format!(
                    "a line of more than {LONGEST} bytes that begins with {begin:?}"
                )))
            }
            Ok(line) => serde_json::from_slice(&line).map_err(|error| {
                let (length, begin) = (line.len(), beginning(&line));
                NoAnswer::Other(format!("{error}, in {length} bytes that begin with {begin:?}"))
            }),
            Err(RecvTimeoutError::Timeout) => Err(NoAnswer::Late(limit)),
            // The output closes a moment before the process is gone; but some close it and live on.
            Err(RecvTimeoutError::Disconnected) => {
                let until = until.min(Instant::now() + FAREWELL);
                Err(self.ended(until).map_or(NoAnswer::Closed, NoAnswer::Ended))
            }
        }
    }

    /// Lets it come to its end, which it does when its input ends. Errors: it is still there after `limit`.
    pub fn finish(mut self, limit: Duration) -> Result<ExitStatus, NoAnswer> {
        self.input = None;
        self.ended(Instant::now() + limit).ok_or(NoAnswer::Late(limit))
    }
}

/// The time for a question is over.
struct TimedOut;

/// What is enough to know a line by.
fn beginning(line: &[u8]) -> String {
    String::from_utf8_lossy(&line[..line.len().min(80)]).trim_end().to_owned()
}

impl<Question, Answer> Child<Question, Answer> {
    fn ended(&mut self, until: Instant) -> Option<ExitStatus> {
        loop {
            match self.process.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < until => sleep(Duration::from_millis(1)),
                _ => return None,
            }
        }
    }
}

impl<Question, Answer> Drop for Child<Question, Answer> {
    fn drop(&mut self) {
        // The end of its input ends it, in order; a kill is for those that do not listen.
        self.input = None;
        let until = Instant::now() + self.patience;
        let is_silent =
            matches!(self.answers.recv_timeout(self.patience), Err(RecvTimeoutError::Disconnected));
        if !is_silent || self.ended(until).is_none() {
            let group = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
            let _ = group.map(|group| kill_process_group(group, Signal::KILL));
        }
        let _ = self.process.wait();
    }
}

/// Hands on line after line until one is too long, which makes the writer fail.
fn read(mut output: impl BufRead, sender: &SyncSender<Vec<u8>>) {
    loop {
        let mut line = Vec::new();
        match output.by_ref().take(LONGEST + 1).read_until(b'\n', &mut line) {
            Ok(1..) if sender.send(line).is_ok() => {}
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn a_child_ends_with_the_thread_that_started_it() {
        let mut command = Command::new("sleep");
        command.arg("60");
        let started = std::thread::spawn(move || tie(&mut command, Signal::KILL).spawn()).join();
        let status = started.unwrap().unwrap().wait().unwrap();
        assert_eq!(status.signal(), Some(libc::SIGKILL));
    }

    fn shell(script: &str) -> Child<u32, u32> {
        Child::start(Command::new("sh").args(["-c", script])).unwrap()
    }

    const SHORT: Duration = Duration::from_millis(200);
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn questions_are_answered_and_the_end_of_them_ends_the_child() {
        let mut child = shell("while read number; do echo $((number + 1)); done; exit 3");
        assert_eq!((child.ask(&1, LONG).unwrap(), child.ask(&41, LONG).unwrap()), (2, 42));
        assert_eq!(child.finish(LONG).unwrap().code(), Some(3));
    }

    #[test]
    fn an_end_is_told_as_it_was() {
        let ended = shell("read number; kill -SEGV $$").ask(&1, LONG);
        assert!(matches!(ended, Err(NoAnswer::Ended(status)) if status.signal() == Some(libc::SIGSEGV)));
    }

    #[test]
    fn neither_silence_nor_a_closed_output_is_waited_for_longer_than_the_limit() {
        assert!(matches!(shell("exec sleep 60").ask(&1, SHORT), Err(NoAnswer::Late(_))));
        assert!(matches!(shell("exec >&-; exec sleep 60").ask(&1, SHORT), Err(NoAnswer::Closed)));
    }

    #[test]
    fn one_that_does_not_read_is_waited_for_no_longer_than_the_limit() {
        let mut child =
            Child::<String, u32>::start(Command::new("sh").args(["-c", "exec sleep 60"])).unwrap();
        // More than a pipe takes.
        assert!(matches!(child.ask(&"a".repeat(1 << 20), SHORT), Err(NoAnswer::Late(_))));
    }

    #[test]
    fn an_answer_to_no_question_is_told_from_one() {
        let mut child = shell("while echo 7; do :; done");
        let unasked = loop {
            if let Err(why) = child.ask(&1, LONG) {
                break why;
            }
        };
        assert!(matches!(unasked, NoAnswer::Unasked(said) if said == "7"));
    }

    #[test]
    fn a_line_without_an_end_is_read_to_the_limit_and_no_further() {
        let mut child = shell("exec cat /dev/zero");
        assert!(matches!(child.ask(&1, LONG), Err(NoAnswer::Other(said)) if said.len() < 300));
    }

    #[test]
    fn what_nobody_asked_for_does_not_fill_the_memory() {
        let mut child = shell("while echo 7; do :; done");
        assert_eq!(child.ask(&1, LONG).unwrap(), 7);
        drop(child);
    }
}

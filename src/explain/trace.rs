//! One traced copy: each system call in order, the mappings while they live, and what the process
//! used between the marks (`crate::sys::marker`). Nothing here is timed: tracing costs far more
//! than what it looks at.

mod call;
mod state;

pub use call::{Call, Total, totals};
pub use state::State;

use super::smaps::{self, Backed};
use crate::sys::marker::{self, Mark};
use crate::sys::ptrace::{Stop, Tracee};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

/// A copy that unmaps more often is told by its first mappings; the rest is counted.
const SNAPSHOTS: usize = 16;

/// What a traced process did between the marks.
#[derive(Clone, Debug)]
pub struct Trace {
    /// System calls of all its threads and children, in the order of their entry.
    pub calls: Vec<Call>,
    /// Its mappings as they were found just before they went, or at the end of the copy.
    pub mappings: Vec<Snapshot>,
    /// Calls of `munmap` that were not looked at, after the first ones.
    pub mappings_left_out: u64,
    /// Process state at the first begin mark.
    pub before: State,
    /// Process state at the last end mark.
    pub after: State,
    /// What it wrote to its standard output; more than a pipe holds (64 KiB) would block it.
    pub output: String,
    /// How it ended.
    pub status: Option<ExitStatus>,
}

#[derive(Clone, Debug)]
pub struct Snapshot {
    /// `munmap`, or `end` for what still lived at the end of the copy.
    pub at: &'static str,
    pub mapping: Backed,
}

/// Why a trace could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "tracing is not permitted here (ptrace: {0}); in a container, start it with \
         --cap-add=SYS_PTRACE or a seccomp profile that allows ptrace; elsewhere see \
         /proc/sys/kernel/yama/ptrace_scope, where 3 forbids it"
    )]
    NotPermitted(io::Error),
    #[error("tracing needs Linux 5.3 or newer (ptrace: {0})")]
    TooOld(Errno),
    #[error("start {program}: {error}")]
    Start { program: String, error: io::Error },
    #[error("trace: {0}")]
    Tracer(Errno),
    #[error("read /proc/{task}: {error}")]
    Proc { task: i32, error: io::Error },
    #[error("the traced process set no marks around its copy ({0}): {1}")]
    NoMarks(String, String),
}

/// Runs `command` and records what it does between its marks. Mappings are those it makes there, and those
/// of the files `watched` (canonical paths). Errors: see [`Error`]. That the process itself failed is no
/// error: see [`Trace::status`].
pub fn record(command: &mut Command, watched: &[PathBuf]) -> Result<Trace, Error> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut tracee = Tracee::spawn(command).map_err(|error| start_error(command, error))?;
    let mut recorder = Recorder { watched, ..Recorder::default() };
    while let Some(stop) = tracee.resume().map_err(tracer_error)? {
        recorder.take(stop).map_err(|(task, error)| Error::Proc { task, error })?;
    }
    let mut output = String::new();
    if let Some(mut stdout) = tracee.take_stdout() {
        // Output that is not text is of no use here, and none is not an error.
        let _ = stdout.read_to_string(&mut output);
    }
    recorder.finish(tracee.status(), output)
}

#[derive(Default)]
struct Recorder<'watched> {
    watched: &'watched [PathBuf],
    inside: bool,
    calls: Vec<Call>,
    /// Index in `calls` of the call that a task is in.
    open: BTreeMap<i32, usize>,
    /// Addresses that were mapped between the marks.
    made: Vec<Range<u64>>,
    mappings: Vec<Snapshot>,
    mappings_left_out: u64,
    before: Option<State>,
    after: Option<State>,
}

type TaskError = (i32, io::Error);

impl Recorder<'_> {
    fn take(&mut self, stop: Stop) -> Result<(), TaskError> {
        match stop {
            Stop::Entry { task, number, arguments } => match marker::recognise(number, &arguments) {
                Some(mark) => self.mark(task, mark).map_err(|error| (task, error)),
                None if self.inside => {
                    let call = Call::new(task, number, arguments);
                    if call.name == "munmap" {
                        self.before_unmap(&call).map_err(|error| (task, error))?;
                    }
                    self.open.insert(task, self.calls.len());
                    self.calls.push(call);
                    Ok(())
                }
                None => Ok(()),
            },
            Stop::Exit { task, returned } => {
                if let Some(call) = self.open.remove(&task).and_then(|index| self.calls.get_mut(index)) {
                    call.returned = Some(returned);
                    self.made.extend(call.mapped());
                }
                Ok(())
            }
        }
    }

    fn mark(&mut self, task: i32, mark: Mark) -> io::Result<()> {
        self.inside = mark == Mark::Begin;
        match mark {
            Mark::Begin if self.before.is_none() => self.before = Some(State::read(task)?),
            Mark::Begin => {}
            Mark::End => {
                self.after = Some(State::read(task)?);
                let live = smaps::read(task)?.into_iter().filter(|backed| self.concerns(backed));
                let live: Vec<_> = live.map(|mapping| Snapshot { at: "end", mapping }).collect();
                self.mappings.extend(live);
            }
        }
        Ok(())
    }

    fn before_unmap(&mut self, call: &Call) -> io::Result<()> {
        if self.mappings.len() >= SNAPSHOTS {
            self.mappings_left_out += 1;
            return Ok(());
        }
        let range = call.range();
        let going = smaps::read(call.task)?
            .into_iter()
            .filter(|backed| backed.region.overlaps(&range) && self.concerns(backed));
        let going: Vec<_> = going.map(|mapping| Snapshot { at: "munmap", mapping }).collect();
        self.mappings.extend(going);
        // The kernel may give the addresses away again for memory that is not of the copy.
        self.made.retain(|made| made.start < range.start || made.end > range.end);
        Ok(())
    }

    fn concerns(&self, backed: &Backed) -> bool {
        let region = &backed.region;
        self.made.iter().any(|range| region.overlaps(range))
            || self.watched.iter().any(|path| region.is_of(path))
    }

    fn finish(self, status: Option<ExitStatus>, output: String) -> Result<Trace, Error> {
        let (Some(before), Some(after)) = (self.before, self.after) else {
            let ended = status.map_or_else(|| "ended".to_owned(), |status| status.to_string());
            return Err(Error::NoMarks(ended, output));
        };
        Ok(Trace {
            calls: self.calls,
            mappings: self.mappings,
            mappings_left_out: self.mappings_left_out,
            before,
            after,
            output,
            status,
        })
    }
}

fn start_error(command: &Command, error: io::Error) -> Error {
    match Errno::from_io_error(&error) {
        Some(Errno::PERM | Errno::NOSYS) => Error::NotPermitted(error),
        _ => Error::Start { program: command.get_program().to_string_lossy().into_owned(), error },
    }
}

fn tracer_error(errno: Errno) -> Error {
    match errno {
        Errno::IO | Errno::INVAL => Error::TooOld(errno),
        _ => Error::Tracer(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_to_trace_comes_with_the_cure() {
        let refused = start_error(&Command::new("copy"), Errno::PERM.into());
        assert!(matches!(refused, Error::NotPermitted(_)), "{refused}");
        assert!(refused.to_string().contains("--cap-add=SYS_PTRACE"), "{refused}");
        let missing = start_error(&Command::new("copy"), Errno::NOENT.into());
        assert!(matches!(&missing, Error::Start { program, .. } if program == "copy"), "{missing}");
    }
}

//! The other side: what this program does in a process of its own.

use crate::outcome::Outcome;
use crate::{full_target, moving_rounds};
use copybench::strategy::{CopyError, Method, Span, Strategy, Task, Workspace, find};
use copybench::sys::file_size_signal;
use copybench::sys::marker::{Mark, set};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{PTracer, Resource, Rlimit, set_ptracer, setrlimit};
use rustix::thread::{Gid, Uid, set_thread_gid, set_thread_uid};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

/// A user and a group without privileges.
const NOBODY: u32 = 65534;
/// Exit code of a copy that ended as an error, for when nothing can be written.
pub(crate) const FAILED: i32 = 3;

/// `helper JOB WORD…`.
pub(crate) fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(2).collect();
    let (job, words) = words.split_first().expect("a job");
    // As the command does, so that a limit is an errno.
    file_size_signal::ignore().expect("SIGXFSZ ignored");
    match job.as_str() {
        "copy" => copy(words),
        "moving" => moving_rounds::main(words),
        "full" => full_target::fill_and_copy(words),
        other => panic!("no job is called {other:?}"),
    }
}

/// The strategy between two paths, opened where it takes open files.
pub(crate) fn copy_paths(
    strategy: &Strategy,
    source: &Path,
    target: &Path,
    span: Span,
    prepared: impl FnOnce(),
) -> Result<u64, CopyError> {
    let copy = match strategy.method {
        Method::Paths(copy) => Box::new(move || copy(source, target)) as Box<dyn FnOnce() -> _>,
        Method::Command(_) => unreachable!("it has no commands"),
        Method::Handles(_) => {
            let source = File::open(source).expect("the source");
            let target = File::options().read(true).write(true).create(true).truncate(false).open(target);
            let target = target.expect("the target");
            Box::new(move || {
                let workspace = Workspace::new();
                strategy.copy(Task { source: &source, target: &target, span, workspace: &workspace })
            })
        }
    };
    prepared();
    set(Mark::Begin);
    let outcome = copy();
    set(Mark::End);
    outcome
}

/// `STRATEGY SOURCE TARGET [--spend-pipes] [--wait] [--limit=BYTES] [--span=FROM,TO,LENGTH]`
fn copy(words: &[String]) -> ExitCode {
    let [strategy, source, target, options @ ..] = words else { panic!("too few words: {words:?}") };
    let strategy = find(strategy).expect("a strategy");
    let mut span = Span::WHOLE;
    let mut preparations: Vec<fn()> = Vec::new();
    for option in options {
        match option.split_once('=').unwrap_or((option, "")) {
            ("--spend-pipes", _) => preparations.push(spend_pipes),
            ("--wait", _) => preparations.push(wait_for_tracer),
            ("--limit", bytes) => limit(bytes.parse().expect("bytes")),
            ("--span", numbers) => span = parse_span(numbers),
            other => panic!("no option is called {other:?}"),
        }
    }
    let prepared = || preparations.iter().for_each(|prepare| prepare());
    let outcome = Outcome::new(copy_paths(strategy, Path::new(source), Path::new(target), span, prepared));
    // Under a fault of write, the exit code has to do.
    let _ = std::io::stdout().write_all(outcome.line().as_bytes());
    match outcome {
        Outcome::Copied(_) => ExitCode::SUCCESS,
        Outcome::Failed { .. } => ExitCode::from(FAILED as u8),
    }
}

/// Says that all is prepared and waits until there is something to read, by a call that no
/// strategy makes.
fn wait_for_tracer() {
    // Kernels without Yama have nothing to permit.
    let _ = set_ptracer(PTracer::Any);
    println!("ready");
    let input = std::io::stdin();
    poll(&mut [PollFd::new(&input, PollFlags::IN)], None).expect("standard input");
}

/// No file may grow beyond `bytes`.
fn limit(bytes: u64) {
    setrlimit(Resource::Fsize, Rlimit { current: Some(bytes), maximum: Some(bytes) }).expect("RLIMIT_FSIZE");
}

/// Becomes a user without privileges and takes pipes, as large as may be, until that user's share of
/// pages is spent: later pipes have two pages.
fn spend_pipes() {
    set_thread_gid(Gid::from_raw(NOBODY)).expect("another group");
    set_thread_uid(Uid::from_raw(NOBODY)).expect("another user");
    let mut pipes = Vec::new();
    loop {
        let (read, write) = rustix::pipe::pipe().expect("a pipe");
        let size = rustix::pipe::fcntl_getpipe_size(&write).expect("its size");
        if size <= 2 * copybench::sys::page_size() {
            break;
        }
        // Refused beyond the share; it has its first pages then.
        let _ = rustix::pipe::fcntl_setpipe_size(&write, 1 << 20);
        pipes.push((read, write));
    }
    // Held until the process ends.
    std::mem::forget(pipes);
}

fn parse_span(numbers: &str) -> Span {
    let numbers: Vec<u64> = numbers.split(',').map(|number| number.parse().expect("a number")).collect();
    Span { source: numbers[0], target: numbers[1], length: numbers.get(2).copied() }
}

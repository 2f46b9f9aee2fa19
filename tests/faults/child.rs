//! A process under a time limit.

use libtest_mimic::Failed;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// After this, a copy that needs milliseconds has no end.
pub(crate) const LIMIT: Duration = Duration::from_secs(300);

/// How a process ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub code: i32,
    pub output: String,
    pub errors: String,
}

/// This program as the helper for `job`.
pub(crate) fn helper(job: &str, words: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.args(["helper", job]).args(words);
    command
}

/// A copy of `source` to `target` in a process of its own.
pub(crate) fn copy(strategy: &str, source: &Path, target: &Path) -> Command {
    let mut command = helper("copy", &[strategy]);
    command.arg(source).arg(target);
    command
}

/// Runs a command to its end; a signal and the end of its time are failures.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<Ended, Failed> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    finish(child, limit)
}

/// Waits for a process whose output is piped.
pub(crate) fn finish(mut child: Child, limit: Duration) -> Result<Ended, Failed> {
    let output = child.stdout.take().map(drain);
    let errors = child.stderr.take().map(drain);
    let in_time = wait(&child, limit)?;
    if !in_time {
        child.kill()?;
    }
    let status = child.wait()?;
    let text =
        |thread: Option<JoinHandle<String>>| thread.and_then(|thread| thread.join().ok()).unwrap_or_default();
    let (output, errors) = (text(output), text(errors));
    if !in_time {
        return Err(format!("no end after {limit:?}; it said {output:?} {errors:?}").into());
    }
    match status.code() {
        Some(code) => Ok(Ended { code, output, errors }),
        None => Err(format!("killed by signal {:?}; it said {output:?} {errors:?}", status.signal()).into()),
    }
}

fn drain(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was said before an error is all there is to tell.
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Whether the process ended in time.
fn wait(child: &Child, limit: Duration) -> Result<bool, Failed> {
    let pid = Pid::from_child(child);
    let handle = pidfd_open(pid, PidfdFlags::empty())?;
    let limit = Timespec::try_from(limit)?;
    loop {
        match poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&limit)) {
            Err(rustix::io::Errno::INTR) => {}
            other => return Ok(other? > 0),
        }
    }
}

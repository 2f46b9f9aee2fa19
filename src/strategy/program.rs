//! Runs a program to its end, within a time, and leaves none of its children.

use crate::sys::process_stat::field;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::AsFd;
use rustix::process::{
    Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal, test_kill_process_group,
};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The process groups of programs that are running.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// What is kept of the end of what a program says on standard error.
const KEPT: usize = 4096;

/// Why a program did not copy.
#[derive(Debug)]
pub(super) enum Failure {
    /// It cannot be started.
    Start(io::Error),
    /// It failed, with the last line of what it said.
    Status(ExitStatus, String),
    Other(String),
}

/// The time that a copy of `source` may take: ten seconds, and one for each 10 MB.
pub(super) fn limit(source: &Path) -> Duration {
    let length = std::fs::metadata(source).map_or(0, |file| file.len());
    Duration::from_secs(10 + length / 10_000_000)
}

/// Runs it in a process group of its own. What is left of that after its end, or after `limit`, is ended.
pub(super) fn run(command: &mut Command, limit: Duration) -> Result<(), Failure> {
    let until = Instant::now() + limit;
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    // Held while it starts, so that no signal ends this process in between.
    let mut groups = running();
    let mut child = command.spawn().map_err(Failure::Start)?;
    let group = Pid::from_child(&child);
    groups.push(group);
    drop(groups);
    let mut said = Said { from: child.stderr.take(), kept: VecDeque::new() };
    let ended = wait(&child, &mut said, until);
    if !matches!(ended, Ok(true)) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    // From here on its number may be another's.
    running().retain(|running| *running != group);
    let status = child.wait().map_err(|error| Failure::Other(error.to_string()))?;
    if !ended? {
        return Err(Failure::Other(format!("it did not end within {} s", limit.as_secs())));
    }
    let is_left = test_kill_process_group(group).is_ok() && end_what_is_left(group);
    if !status.success() {
        return Err(Failure::Status(status, said.last_line()));
    }
    if is_left {
        return Err(Failure::Other("it left a process behind, which was ended".to_owned()));
    }
    Ok(())
}

/// Ends the programs that are running, before this process ends. None can be started any more.
pub fn end_programs() {
    let groups = running();
    for group in groups.iter() {
        let _ = kill_process_group(*group, Signal::KILL);
    }
    std::mem::forget(groups);
}

fn running() -> MutexGuard<'static, Vec<Pid>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for its end, which it leaves to be reaped; whether that came in time.
fn wait(child: &Child, said: &mut Said, until: Instant) -> Result<bool, Failure> {
    let failed = |errno: rustix::io::Errno| Failure::Other(crate::sys::errno::describe(errno));
    let process = pidfd_open(Pid::from_child(child), PidfdFlags::empty())
        .map_err(|errno| Failure::Other(format!("pidfd_open: {}", crate::sys::errno::describe(errno))))?;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(|_| Failure::Other("no such time".to_owned()))?;
        let mut fds = vec![PollFd::new(&process, PollFlags::IN)];
        fds.extend(said.from.as_ref().map(|from| PollFd::new(from, PollFlags::IN)));
        match poll(&mut fds, Some(&timeout)) {
            Ok(0) => return Ok(false),
            Err(rustix::io::Errno::INTR) => continue,
            other => other.map_err(failed)?,
        };
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        if ready.get(1) == Some(&true) {
            said.hear();
        }
        if ready[0] {
            said.rest();
            return Ok(true);
        }
        if left.is_zero() {
            return Ok(false);
        }
    }
}

/// What a program says on standard error.
struct Said {
    from: Option<ChildStderr>,
    kept: VecDeque<u8>,
}

impl Said {
    /// Reads what is there; something is.
    fn hear(&mut self) {
        let mut buffer = [0; KEPT];
        let read = self.from.as_mut().map(|from| from.read(&mut buffer));
        match read {
            Some(Ok(length @ 1..)) => {
                self.kept.extend(&buffer[..length]);
                self.kept.drain(..self.kept.len().saturating_sub(KEPT));
            }
            Some(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
            _ => self.from = None,
        }
    }

    /// Reads what stands in the pipe, and no more: others may hold its other end.
    fn rest(&mut self) {
        const MOST: usize = 16;
        for _ in 0..MOST {
            let Some(from) = &self.from else { return };
            let mut fds = [PollFd::from_borrowed_fd(from.as_fd(), PollFlags::IN)];
            match poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
                Ok(1..) => self.hear(),
                _ => return,
            }
        }
    }

    fn last_line(&mut self) -> String {
        let text = String::from_utf8_lossy(self.kept.make_contiguous()).into_owned();
        let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
        last.unwrap_or("it said nothing").to_owned()
    }
}

/// Ends the processes of a group whose leader has ended; whether there were any. One that has ended too,
/// and that nobody has waited for, is none.
fn end_what_is_left(group: Pid) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return false };
    let numbers = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    // Not by getsid(2): within a PID namespace entered from outside, the session has no number, and is 0.
    let Ok(own) = std::fs::read_to_string("/proc/self/stat") else { return false };
    let mut any = false;
    for pid in numbers.filter_map(Pid::from_raw) {
        // Held, so that the number stays its own while it is looked at.
        let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { continue };
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
        if stat.is_ok_and(|stat| is_of(&stat, group) && session(&stat) == session(&own)) {
            any = true;
            let _ = pidfd_send_signal(process, Signal::KILL);
        }
    }
    any
}

fn session(stat: &str) -> Option<&str> {
    field(stat, 6)
}

fn is_of(stat: &str, group: Pid) -> bool {
    let lives = field(stat, 3).is_some_and(|state| !matches!(state, "Z" | "X"));
    lives && field(stat, 5).and_then(|group| group.parse().ok()) == Some(group.as_raw_nonzero().get())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Result<(), Failure> {
        run(Command::new("sh").args(["-c", script]), limit)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_failure_tells_its_status_and_the_last_line() {
        let failure = shell("for i in $(seq 20000); do echo $i; done >&2; echo why >&2; exit 7", LONG);
        let Err(Failure::Status(status, said)) = failure else { panic!("{failure:?}") };
        assert_eq!((status.code(), said.as_str()), (Some(7), "why"));
    }

    #[test]
    fn it_is_waited_for_until_the_limit_whatever_it_closes() {
        for script in ["exec sleep 60", "exec 2>&-; exec sleep 60", "sleep 60 & wait"] {
            let failure = shell(script, Duration::from_millis(200));
            assert!(
                matches!(&failure, Err(Failure::Other(why)) if why.contains("did not end")),
                "{failure:?}"
            );
        }
    }

    #[test]
    fn what_it_leaves_behind_is_ended_and_told() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let script = format!("sleep 60 & echo $! >{}", file.path().display());
        let failure = shell(&script, LONG);
        assert!(
            matches!(&failure, Err(Failure::Other(why)) if why.contains("left a process")),
            "{failure:?}"
        );
        let mut pid = String::new();
        file.read_to_string(&mut pid).unwrap();
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        assert!(!is_of(&stat, Pid::from_raw(1).unwrap()), "{stat}");
    }

    #[test]
    fn a_child_that_was_waited_for_is_not_left_behind() {
        assert!(shell("sleep 0.01 & wait", LONG).is_ok());
        assert!(shell("true", LONG).is_ok());
    }

    #[test]
    fn groups_are_read_beside_any_name() {
        let of = |stat| is_of(stat, Pid::from_raw(77).unwrap());
        assert!(of("98 (a) (b) S 1 77 5"));
        assert!(!of("98 (a) Z 1 77 5"));
        assert!(!of("98 (a 77) S 1 78 77"));
    }
}

//! strace on a copy: which system calls it makes, and one of them answered otherwise.

use crate::child::{self, Ended, LIMIT};
use crate::common;
use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A call that is answered without being made.
#[derive(Clone, Debug)]
pub(crate) struct Injection {
    pub call: String,
    /// `error=EIO`, `retval=0`.
    pub answer: String,
    /// Which of each thread's calls: `1`, or `1+` for all.
    pub when: String,
    /// Whether threads that the copy starts are spared.
    pub first_thread_alone: bool,
}

/// A copy under strace.
pub(crate) struct Traced {
    pub ended: Ended,
    /// How often a thread made each call, at most.
    pub calls: BTreeMap<String, usize>,
    /// Whether the injection came to pass.
    pub injected: bool,
}

/// Why nothing can be traced here, if so.
pub(crate) fn why_not() -> Option<String> {
    if let Some(reason) = common::tools::missing(&["strace"]) {
        return Some(reason);
    }
    let probe = Command::new("strace").args(["-qq", "-e", "trace=none", "true"]).output();
    match probe {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("strace: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Some(format!("strace: {error}")),
    }
}

/// Runs a copy of the helper with strace attached just before it begins, so that only its own
/// calls count. `log` is written to.
pub(crate) fn run(
    command: &mut Command,
    log: &Path,
    injection: Option<&Injection>,
) -> Result<Traced, Failed> {
    let piped = command.arg("--wait").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut copy = piped.spawn()?;
    let stdout = copy.stdout.as_mut().ok_or("no pipe")?;
    let mut ready = [0; 6];
    std::io::Read::read_exact(stdout, &mut ready)?;
    let strace = attach(&copy, log, injection);
    let mut strace = match strace {
        Ok(strace) => strace,
        Err(error) => {
            copy.kill()?;
            copy.wait()?;
            return Err(error);
        }
    };
    copy.stdin.as_mut().ok_or("no pipe")?.write_all(b"\n")?;
    let ended = child::finish(copy, LIMIT);
    strace.wait()?;
    let text = std::fs::read_to_string(log)?;
    Ok(Traced { ended: ended?, calls: calls(&text), injected: text.contains("(INJECTED)") })
}

/// Begins to trace `copy` and returns once it is traced.
fn attach(copy: &Child, log: &Path, injection: Option<&Injection>) -> Result<Child, Failed> {
    let mut strace = Command::new("strace");
    strace.args(["-s", "0", "-e", "signal=none", "-p", &copy.id().to_string(), "-o"]).arg(log);
    if !injection.is_some_and(|injection| injection.first_thread_alone) {
        strace.arg("-f");
    }
    if let Some(Injection { call, answer, when, .. }) = injection {
        strace.args(["-e", &format!("trace={call},getppid")]);
        strace.args(["-e", &format!("inject={call}:{answer}:when={when}")]);
    }
    let mut strace = strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut said = String::new();
    let mut errors = BufReader::new(strace.stderr.take().ok_or("no pipe")?);
    while !said.contains("attached") {
        if errors.read_line(&mut said)? == 0 {
            strace.wait()?;
            return Err(format!("strace: {said}").into());
        }
    }
    // It goes on talking about threads, into a pipe that has to stay open.
    strace.stderr = Some(errors.into_inner());
    Ok(strace)
}

/// Calls between the two marks, which the first thread sets; each line begins with a thread's id.
fn calls(log: &str) -> BTreeMap<String, usize> {
    let lines = log.lines().filter_map(|line| line.split_once(' '));
    let begun =
        lines.map(|(thread, call)| (thread, call.trim_start())).filter(|(_, call)| !call.starts_with("<..."));
    let named = begun.filter_map(|(thread, call)| Some((thread, call.split_once('(')?.0)));
    let named = named.filter(|(_, name)| name.chars().all(|c| c.is_alphanumeric() || c == '_'));
    let inside = named.skip_while(|(_, name)| *name != "getppid").skip(1);
    let mut counts = BTreeMap::<(&str, &str), usize>::new();
    for one in inside.take_while(|(_, name)| *name != "getppid") {
        *counts.entry(one).or_default() += 1;
    }
    let mut most = BTreeMap::<String, usize>::new();
    for ((_, name), count) in counts {
        let most = most.entry(name.to_owned()).or_default();
        *most = count.max(*most);
    }
    most
}

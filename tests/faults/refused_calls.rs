//! Every system call that a copy makes, answered with an errno at its first and its last time: the
//! bytes are all right, or the copy ends with an error that names call and errno.

use crate::outcome::Outcome;
use crate::trace::{self, Injection};
use crate::{LENGTH, Suite, all_faults, another_program, child, common, helper, matrix, sample};
use copybench::strategy::Strategy;
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeSet;
use std::path::Path;

/// What copiers have been seen to stumble over.
const ERRNOS: [&str; 17] = [
    "EIO",
    "ENOSPC",
    "EINVAL",
    "ENOSYS",
    "EPERM",
    "EXDEV",
    "EOPNOTSUPP",
    "EBADF",
    "ETXTBSY",
    "EACCES",
    "ENOTTY",
    "ENOENT",
    "EFBIG",
    "EOVERFLOW",
    "EDQUOT",
    "ENOMEM",
    "EAGAIN",
];

/// Calls of the C library and of Rust's, which no strategy makes itself, and calls that only give
/// back what was taken.
const NOT_OURS: [&str; 18] = [
    "brk",
    "close",
    "exit",
    "futex",
    "getrandom",
    "gettid",
    "mprotect",
    "munmap",
    "poll",
    "prctl",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "sched_getaffinity",
    "sched_yield",
    "set_robust_list",
    "sigaltstack",
];

/// Calls that move or allocate data: a signal may interrupt them, and they are repeated then.
const INTERRUPTIBLE: [&str; 19] = [
    "read",
    "write",
    "pread64",
    "pwrite64",
    "readv",
    "writev",
    "preadv",
    "pwritev",
    "preadv2",
    "pwritev2",
    "sendfile",
    "copy_file_range",
    "splice",
    "vmsplice",
    "fallocate",
    "ftruncate",
    "ioctl",
    "io_uring_enter",
    "io_getevents",
];

/// Calls for which 0 says that nothing was moved; again and again, a loop has to notice.
const MOVING: [&str; 12] = [
    "read",
    "write",
    "pread64",
    "pwrite64",
    "writev",
    "pwritev",
    "pwritev2",
    "sendfile",
    "copy_file_range",
    "splice",
    "vmsplice",
    "preadv2",
];

pub(crate) fn tests(suite: &Suite) -> Vec<Trial> {
    let untraceable = trace::why_not();
    let why_not = |strategy: &Strategy| another_program(strategy).or_else(|| untraceable.clone());
    suite.each("refused calls", why_not, |strategy| {
        let directory = tempfile::tempdir_in(common::places().0.path())?;
        std::fs::write(directory.path().join("source"), sample())?;
        survives(strategy, directory.path())
    })
}

fn survives(strategy: &'static Strategy, directory: &Path) -> Result<(), Failed> {
    let (outcome, clean) = copy(strategy, directory, None)?;
    if outcome != Some(Outcome::Copied(LENGTH as u64)) {
        return Err(format!("under strace alone: {outcome:?}").into());
    }
    let calls = clean.calls.into_iter().filter(|(call, _)| !NOT_OURS.contains(&call.as_str()));
    for (number, (call, count)) in calls.enumerate() {
        for (position, when) in BTreeSet::from([1, count]).into_iter().enumerate() {
            let inject = |answer| injection(&call, answer, &when.to_string());
            let start = strategy.name.len() + 5 * number + 2 * position;
            let tried = if all_faults() { ERRNOS.len() } else { 1 };
            let errnos = (0..tried).map(|offset| ERRNOS[(start + offset) % ERRNOS.len()]);
            for errno in errnos.filter(|errno| !is_our_death(&call, errno)) {
                refused(strategy, directory, &inject(format!("error={errno}")), errno)?;
            }
            interrupted(strategy, directory, &inject("error=EINTR".to_owned()))?;
        }
        if MOVING.contains(&call.as_str()) {
            let nothing = injection(&call, "retval=0".to_owned(), "1+");
            copy(strategy, directory, Some(&nothing)).map_err(|wrong| at(&nothing, &wrong))?;
        }
    }
    Ok(())
}

/// A new thread of the standard library ends the process where it is refused the memory of its
/// stack for signals, so mappings are refused to the first thread alone.
fn injection(call: &str, answer: String, when: &str) -> Injection {
    let first_thread_alone = call == "mmap";
    Injection { call: call.to_owned(), answer, when: when.to_owned(), first_thread_alone }
}

/// Before it closes a file, the standard library of a debug build asks by fcntl(2) whether it is
/// open, and ends the process if not.
fn is_our_death(call: &str, errno: &str) -> bool {
    call == "fcntl" && errno == "EBADF"
}

fn at(injection: &Injection, wrong: &Failed) -> Failed {
    let Injection { call, answer, when, .. } = injection;
    format!("{call}:{answer}:when={when}: {}", wrong.message().unwrap_or_default()).into()
}

fn refused(
    strategy: &'static Strategy,
    directory: &Path,
    injection: &Injection,
    errno: &str,
) -> Result<(), Failed> {
    let wrong = |wrong: Failed| at(injection, &wrong);
    let (outcome, traced) = copy(strategy, directory, Some(injection)).map_err(wrong)?;
    match outcome {
        Some(Outcome::Copied(copied)) if copied == LENGTH as u64 => {
            matrix::note("call refused", strategy, "copied");
            Ok(())
        }
        Some(Outcome::Failed { call, what, .. })
            if traced.injected && is_named(&injection.call, &call, &what, errno) =>
        {
            matrix::note("call refused", strategy, "error");
            Ok(())
        }
        other => Err(at(injection, &format!("{other:?}").into())),
    }
}

fn interrupted(strategy: &'static Strategy, directory: &Path, injection: &Injection) -> Result<(), Failed> {
    if INTERRUPTIBLE.contains(&injection.call.as_str()) {
        let wrong = |wrong: Failed| at(injection, &wrong);
        let (outcome, _) = copy(strategy, directory, Some(injection)).map_err(wrong)?;
        let word = match outcome {
            Some(Outcome::Copied(copied)) if copied as usize == LENGTH => "copied",
            // Libraries do not all repeat a call.
            Some(Outcome::Failed { ref call, ref what, .. }) if call.contains("::") && what == "EINTR" => {
                "EINTR"
            }
            other => return Err(at(injection, &format!("{other:?}").into())),
        };
        matrix::note("call interrupted", strategy, word);
        return Ok(());
    }
    refused(strategy, directory, injection, "EINTR")
}

/// Whether an error says which system call it was, as its manual page calls it.
fn is_named(call: &str, named: &str, what: &str, errno: &str) -> bool {
    let stem = match call {
        "pread64" | "pwrite64" => &call[..call.len() - 2],
        "openat" => "open",
        "newfstatat" | "fstat" => "fstat",
        "fadvise64" => "posix_fadvise",
        "fstatfs" => "fstatvfs",
        // A thread's stack is mapped, and the library says EAGAIN for whatever is refused then.
        "clone3" => "clone",
        "io_uring_register" => "io_uring_setup",
        // Memory that a queue needs is a part of setting it up.
        "mmap" if matches!(named, "io_uring_setup" | "io_setup") => named,
        _ => call,
    };
    let library = named.contains("::") || what == "program failed";
    let thread = named == "clone" && ["mmap", "clone3", "mprotect"].contains(&call);
    thread
        || (what == errno || what == "program failed") && (named.starts_with(stem) || library)
        || (errno == "EFAULT" && what == "source shrank")
}

/// One copy to a fresh target, judged.
fn copy(
    strategy: &'static Strategy,
    directory: &Path,
    injection: Option<&Injection>,
) -> Result<(Option<Outcome>, trace::Traced), Failed> {
    let (source, target) = (directory.join("source"), directory.join("target"));
    match std::fs::remove_file(&target) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let mut command = child::copy(strategy.name, &source, &target);
    let traced = trace::run(&mut command, &directory.join("trace"), injection)?;
    let outcome = Outcome::parse(&traced.ended.output);
    match (&outcome, traced.ended.code) {
        (Some(outcome), _) => drop(outcome.judge(sample(), &target)?),
        // The fault was one of write, which the report takes too.
        (None, helper::FAILED) if injection.is_some_and(|injection| injection.call == "write") => {}
        (None, _) => return Err(format!("{:?}", traced.ended).into()),
    }
    Ok((outcome, traced))
}

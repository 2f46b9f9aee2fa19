//! The tracer, held against copies whose calls are known.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use copybench::explain::trace::{Error, Total, Trace, record, totals};
use std::path::Path;
use std::process::Command;

const LENGTH: usize = 1 << 20;

/// A directory with a source, and the helper that copies it there.
fn helper(method: &str) -> (tempfile::TempDir, Command) {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    std::fs::write(directory.path().join("source"), vec![7; LENGTH]).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_copybench"));
    command.args(["lab-child", "copy", method, "faults"]).current_dir(directory.path());
    (directory, command)
}

fn trace(method: &str) -> (tempfile::TempDir, Trace) {
    let (directory, mut command) = helper(method);
    let trace = record(&mut command, &[]).unwrap();
    assert!(trace.status.unwrap().success(), "{}", trace.output);
    (directory, trace)
}

fn total(name: &str, calls: u64, bytes: Option<usize>) -> Total {
    Total { name: name.to_owned(), calls, errors: 0, bytes: bytes.map(|bytes| bytes as u64) }
}

#[test]
fn every_call_of_a_copy_through_a_buffer_is_counted_and_none_around_it() {
    let (_directory, trace) = trace("calls");
    assert_eq!(totals(&trace.calls), [total("read", 5, Some(LENGTH)), total("write", 4, Some(LENGTH))]);
    assert!(trace.mappings.is_empty(), "{:?}", trace.mappings);
    assert!(trace.output.starts_with('{'), "the helper's output is kept: {}", trace.output);
}

#[test]
fn mappings_are_seen_while_they_live() {
    let (directory, trace) = trace("mappings");
    let expected = [
        total("ftruncate", 1, None),
        total("mmap", 2, Some(2 * LENGTH)),
        total("munmap", 2, Some(2 * LENGTH)),
    ];
    assert_eq!(totals(&trace.calls), expected);

    let directory = directory.path().canonicalize().unwrap();
    for (name, permissions) in [("source", "r--s"), ("target", "rw-s")] {
        let path = directory.join(name);
        let found: Vec<_> = trace.mappings.iter().filter(|found| found.mapping.region.is_of(&path)).collect();
        let [snapshot] = found[..] else { panic!("{name}: {:?}", trace.mappings) };
        assert_eq!(snapshot.at, "munmap");
        assert_eq!(snapshot.mapping.region.permissions.to_string(), permissions);
        assert_eq!(snapshot.mapping.usage.rss, LENGTH as u64, "{name}: every page was touched");
        assert_eq!(snapshot.mapping.usage.anonymous, 0);
    }
    let page = rustix::param::page_size() as u64;
    let faults = trace.after.minor_faults - trace.before.minor_faults;
    assert!((1..=3 * LENGTH as u64 / page).contains(&faults), "{faults} faults");
}

#[test]
fn a_child_of_the_traced_process_is_followed() {
    let (directory, helper) = helper("byte-loads");
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$@\"; :", "sh"]).arg(helper.get_program()).args(helper.get_args());
    let trace = record(shell.current_dir(directory.path()), &[]).unwrap();
    assert_eq!(totals(&trace.calls), [total("mmap", 1, Some(LENGTH)), total("munmap", 1, Some(LENGTH))]);
}

#[test]
fn a_process_without_marks_is_an_error_that_says_how_it_ended() {
    let error = record(Command::new("sh").args(["-c", "echo said; kill -KILL $$"]), &[]).unwrap_err();
    assert!(matches!(error, Error::NoMarks(..)), "{error}");
    let text = error.to_string();
    assert!(text.contains("signal: 9") && text.contains("said"), "{text}");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let error = record(&mut Command::new(Path::new("/nowhere/program")), &[]).unwrap_err();
    assert!(matches!(error, Error::Start { .. }), "{error}");
    assert!(error.to_string().contains("/nowhere/program"), "{error}");
}

//! `copybench run --against`: two builds in turn, the gate, and executables that are no copybench.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::small_run::{copybench, said};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const COPYBENCH: &str = env!("CARGO_BIN_EXE_copybench");

fn directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A small run against `old`, in a directory that has nothing else.
fn run(directory: &TempDir, old: &Path, arguments: &[&str]) -> Output {
    copybench(directory.path())
        .args(["run", "--layout", "dense", "--size", "64KiB", "--strategy", "sendfile,mmap-write"])
        .args(["--no-limits", "--dir", ".", "--out", "run.jsonl", "--against"])
        .arg(old)
        .args(arguments)
        .output()
        .unwrap()
}

/// A stand-in for an executable.
fn script(directory: &TempDir, text: &str) -> PathBuf {
    let path = directory.path().join("old");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    path
}

fn entries(directory: &TempDir) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Refused before anything was written.
#[track_caller]
fn is_refused(directory: &TempDir, old: &Path, words: &[&str]) {
    let before = entries(directory);
    let output = run(directory, old, &["--rounds", "1"]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
    assert_eq!(entries(directory), before);
}

#[test]
fn what_is_no_copybench_is_named() {
    let directory = directory();
    is_refused(&directory, Path::new("missing"), &["starting missing", "No such file"]);
    let plain = directory.path().join("plain");
    fs::write(&plain, "text").unwrap();
    is_refused(&directory, &plain, &["starting", "plain", "Permission denied"]);
    is_refused(&directory, Path::new("/bin/true"), &["/bin/true ended", "must be a copybench"]);
    let rubbish = script(&directory, "echo hello; cat >/dev/null");
    is_refused(&directory, &rubbish, &["is no copybench", "hello"]);
}

#[test]
fn another_protocol_is_named() {
    let directory = directory();
    let newer =
        r#"echo '{"re":"hello","protocol":3,"commit":{"sha":"0","dirty":false},"strategies":[]}'; cat"#;
    is_refused(&directory, &script(&directory, newer), &["protocol 2", "protocol: 3"]);
    let refusing = r#"echo '{"re":"failed","message":"protocol 1, but this copybench speaks 7"}'; cat"#;
    is_refused(&directory, &script(&directory, refusing), &["protocol 1", "speaks 7"]);
}

#[test]
fn one_that_hangs_is_ended_with_what_it_started() {
    let directory = directory();
    let pid = directory.path().join("pid");
    fs::write(&pid, "").unwrap();
    let old = script(&directory, &format!("sleep 1000 & echo $! > {}; wait", pid.display()));
    is_refused(&directory, &old, &["did not answer within"]);
    let child = fs::read_to_string(&pid).unwrap();
    let state = fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
    assert!(state.is_empty() || state.contains(") Z "), "{state}");
}

#[test]
fn one_that_crashes_leaves_what_was_measured() {
    let directory = directory();
    // Enough questions for the warm-up and some copies.
    let ask = r#"n=0; while [ $n -lt 9 ] && read -r line; do echo "$line"; n=$((n + 1)); done"#;
    let old = script(&directory, &format!("{{ {ask}; }} | {COPYBENCH} worker; exit 3"));
    let output = run(&directory, &old, &["--rounds", "100"]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("ended in the middle"), "{said}");
    assert_eq!(entries(&directory), ["old", "run.jsonl"]);
    let text = fs::read_to_string(directory.path().join("run.jsonl")).unwrap();
    for line in text.lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }
    assert!(text.contains(r#""t":"sample""#), "{text}");
}

/// A real worker whose answers are changed by a line of sed.
fn liar(directory: &TempDir, change: &str) -> PathBuf {
    script(directory, &format!("{COPYBENCH} worker | sed -u '{change}'"))
}

#[test]
fn one_whose_answers_cannot_be_true_is_named() {
    let block = r#"/"re":"block"/"#;
    let most = u64::MAX;
    for (change, word) in [
        (r#"s/"elapsed":\[[0-9]\+/"elapsed":[0/"#.to_owned(), "no time"),
        (format!(r#"s/"elapsed":\[[0-9]\+/"elapsed":[{most}/"#), "took longer than"),
        (r#"s/"elapsed":\[\([0-9]\)/"elapsed":[1,1,1,1,1,1,1,1,1,\1/"#.to_owned(), "times of"),
        (r#"s/"elapsed":\[[0-9,]\+\]/"elapsed":[]/"#.to_owned(), "times of"),
        (format!(r#"{block}s/"bytes":[0-9]\+/"bytes":0/"#), "0 bytes copied of 65536"),
        (format!(r#"{block}s/"bytes":[0-9]\+/"bytes":{most}/"#), "bytes copied of 65536"),
    ] {
        let directory = directory();
        let output = run(&directory, &liar(&directory, &change), &["--rounds", "2", "--processes", "1"]);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(2), "{change}: {said}");
        assert!(said.contains("old gave an answer that cannot be true"), "{change}: {said}");
        assert!(said.contains(word), "{change}: {said}");
    }
}

#[test]
fn one_that_floods_closes_its_output_or_answers_unasked_is_named_and_costs_little() {
    for (text, word) in [
        ("exec cat /dev/zero", "a line of more than"),
        ("exec >&-; exec sleep 1000", "closed its output"),
        (r#"while echo "{\"re\":\"ready\"}"; do :; done"#, "copybench"),
    ] {
        let directory = directory();
        is_refused(&directory, &script(&directory, text), &["old", word]);
    }
}

#[test]
fn both_sides_are_in_the_record_and_told_by_commit() {
    let directory = directory();
    let output = run(&directory, Path::new(COPYBENCH), &["--rounds", "2", "--processes", "1"]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("base  commit"), "{said}");
    let text = fs::read_to_string(directory.path().join("run.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["against"], lines[0]["commit"]);
    for arm in ["old", "this"] {
        let timed = lines.iter().filter(|line| line["arm"] == arm && line["round"].is_number());
        // Two rounds of the base and two strategies.
        assert_eq!(timed.count(), 6, "{arm}");
    }
    assert_eq!(entries(&directory), ["run.jsonl"]);
}

/// Whether the gate lets the same executable through, one side really slowed where asked.
fn gate(slowed: &[&str]) -> (Option<i32>, String) {
    let directory = directory();
    let output = run(
        &directory,
        Path::new(COPYBENCH),
        &[&["--gate", "--processes", "4", "--rounds", "12"], slowed].concat(),
    );
    (output.status.code(), said(&output))
}

/// One retry: timings on a shared machine are no promise, and a gate that is shut twice is no chance.
#[test]
fn the_gate_passes_the_same_executable_and_stops_a_slowed_one() {
    let open = || gate(&[]);
    let shut = || gate(&["--slowdown", "this=100%:sendfile"]);
    let (code, told) = open();
    if code != Some(0) {
        let (code, again) = open();
        assert_eq!(code, Some(0), "{told}{again}");
    }
    let (code, told) = shut();
    let told = if code == Some(1) { told } else { told + &shut().1 };
    assert!(told.contains("slower, and confirmed: sendfile in "), "{told}");
    assert!(!told.contains("mmap-write in "), "{told}");
}

#[test]
fn the_script_shows_that_the_gate_passes_the_same_and_shuts_on_a_slowdown() {
    let directory = directory();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/gate-check");
    let check = |arguments: &[&str]| {
        let mut command = Command::new(&script);
        command.args(arguments).current_dir(directory.path()).stdin(Stdio::null());
        command.env("XDG_CACHE_HOME", directory.path().join("no-calibration")).output().unwrap()
    };
    let short = ["--rounds", "4", "--processes", "6", "--margin", "50%"];
    let output = check(&[&[COPYBENCH, "300%", "sendfile"], &short[..]].concat());
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("passed, as it must") && said(&output).contains("shut, as it must"));
    let output = check(&[&[COPYBENCH, "1%", "sendfile"], &short[..]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("NOT FOUND"), "{}", said(&output));
    assert_eq!(check(&["./no-such-executable"]).status.code(), Some(2));
    assert!(entries(&directory).is_empty());
}

//! `copybench calibrate` and `recommend` as their users meet them.

#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn copybench(directory: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_copybench"))
        .args(arguments)
        .current_dir(directory.path())
        .env("XDG_CACHE_HOME", directory.path().join("cache"))
        .output()
        .unwrap()
}

#[track_caller]
fn output(directory: &TempDir, arguments: &[&str]) -> String {
    let output = copybench(directory, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_calibration_is_told_kept_and_quoted() {
    let directory = directory();
    let json = output(
        &directory,
        &[
            "calibrate",
            "--json",
            "--trials",
            "2",
            "--slowdown",
            "100%",
            "--budget",
            "3s",
            "--size",
            "64KiB",
            "--out",
            "trials",
        ],
    );
    let found: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found["trials"], 4, "the strategy and its second copy, in two races");
    assert_eq!(found["slowdown"], 1.0);
    assert!(found["false_alarms"].as_u64().unwrap() <= 4 && found["detected"].as_u64().unwrap() <= 2);
    assert!(found["wrong_winners"].as_u64() <= found["decided"].as_u64());
    assert!(found["false_alarm_bound"].as_f64().unwrap() > 0.5, "two races prove little");
    assert_eq!(found["rates"][0]["trials"], 2);
    let records = directory.path().join("trials");
    assert_eq!(names(&records), ["race-1.jsonl", "race-2.jsonl"]);
    let record = fs::read_to_string(records.join("race-2.jsonl")).unwrap();
    for part in [r#""arm":"this""#, r#""arm":"twin""#, r#""arm":"slowed-10000""#, r#""t":"answer""#] {
        assert!(record.contains(part), "{part}");
    }
    let run = output(
        &directory,
        &[
            "run",
            "--rounds",
            "1",
            "--size",
            "64KiB",
            "--layout",
            "dense",
            "--strategy",
            "sendfile",
            "--out",
            "r.jsonl",
        ],
    );
    assert!(run.contains("of 4 copies that are the same were called slower"), "{run}");
    assert_eq!(names(directory.path()), ["cache", "r.jsonl", "trials"]);
}

#[test]
fn an_old_record_of_trials_is_not_added_to() {
    let directory = directory();
    fs::create_dir(directory.path().join("trials")).unwrap();
    fs::write(directory.path().join("trials/race-1.jsonl"), "").unwrap();
    let output = copybench(&directory, &["calibrate", "--trials", "1", "--out", "trials"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("exists already; name another with --out"));
}

#[test]
fn a_recommendation_is_one_line_from_a_record_that_fits_or_measured() {
    let directory = directory();
    let measured = output(&directory, &["recommend", "--size", "64KiB"]);
    assert_eq!(measured.lines().count(), 1, "{measured}");
    assert!(measured.contains("measured just now"), "{measured}");
    // Nothing is said to be used that did not win within something.
    assert_eq!(measured.starts_with("Use "), !measured.contains("nothing is decided"), "{measured}");
    output(
        &directory,
        &[
            "run",
            "--budget",
            "20s",
            "--size",
            "64KiB",
            "--layout",
            "dense",
            "--strategy",
            "sendfile,read-write-4k",
        ],
    );
    let recorded = output(&directory, &["recommend", "--size", "64KiB"]);
    assert_eq!(recorded.lines().count(), 1, "{recorded}");
    assert!(recorded.contains("by a record of"), "{recorded}");
    assert_eq!(names(directory.path()), ["results"]);
}

//! The command line as its users meet it: exit codes, messages, what is left behind.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "common/executable.rs"]
mod executable;

use executable::copy_executable;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

fn copybench(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copybench"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("COPYBENCH_")) {
        command.env_remove(name);
    }
    command.current_dir(directory).args(arguments).output().unwrap()
}

fn directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// Exit code and standard error of a command that must fail.
#[track_caller]
fn fails(directory: &Path, arguments: &[&str]) -> (i32, String) {
    let output = copybench(directory, arguments);
    assert!(!output.status.success(), "{arguments:?} succeeded");
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn an_unknown_strategy_exits_2_and_offers_the_closest() {
    let here = directory();
    fs::write(here.path().join("a"), "content").unwrap();
    for arguments in [&["copy", "--strategy", "mmap-mmpa", "a", "b"][..], &["run", "--strategy", "mmap-mmpa"]]
    {
        let (code, message) = fails(here.path(), arguments);
        assert_eq!(code, 2, "{message}");
        assert!(message.contains("mmap-mmap"), "{message}");
    }
    assert!(!here.path().join("b").exists());
}

#[test]
fn an_unknown_size_exits_2_and_shows_how_sizes_are_written() {
    let here = directory();
    let (code, message) = fails(here.path(), &["run", "--size", "1mb"]);
    assert_eq!(code, 2);
    assert!(message.contains("1MiB"), "{message}");
}

#[test]
fn wrong_use_exits_2() {
    let here = directory();
    assert_eq!(fails(here.path(), &[]).0, 2);
    assert_eq!(fails(here.path(), &["frobnicate"]).0, 2);
    assert_eq!(fails(here.path(), &["run", "--source", "x", "--size", "1MiB"]).0, 2);
}

#[test]
fn a_missing_source_exits_1_with_path_and_errno() {
    let here = directory();
    let (code, message) = fails(here.path(), &["copy", "--strategy", "mmap-mmap", "absent", "b"]);
    assert_eq!(code, 1);
    assert!(message.contains("absent") && message.contains("ENOENT"), "{message}");
    assert!(!here.path().join("b").exists(), "no target for no source");
}

#[test]
fn a_directory_as_source_exits_1_and_says_so() {
    let here = directory();
    fs::create_dir(here.path().join("folder")).unwrap();
    let (code, message) = fails(here.path(), &["copy", "--strategy", "mmap-mmap", "folder", "b"]);
    assert_eq!(code, 1);
    assert!(message.contains("folder is a directory"), "{message}");
}

#[test]
fn an_unreadable_source_exits_1_with_path_and_errno() {
    let here = tempfile::tempdir().unwrap();
    fs::set_permissions(here.path(), fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(here.path().join("secret"), "content").unwrap();
    fs::set_permissions(here.path().join("secret"), fs::Permissions::from_mode(0o000)).unwrap();
    // Somebody whom permission bits bind, and who can reach the executable.
    let executable = here.path().join("copybench");
    copy_executable(&executable).unwrap();
    let mut command = Command::new(&executable);
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let output = command
        .current_dir(here.path())
        .args(["copy", "--strategy", "mmap-mmap", "secret", "b"])
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("secret") && message.contains("EACCES"), "{message}");
}

#[test]
fn a_file_is_not_copied_onto_itself() {
    let here = directory();
    fs::write(here.path().join("a"), "content").unwrap();
    fs::hard_link(here.path().join("a"), here.path().join("hard")).unwrap();
    std::os::unix::fs::symlink("a", here.path().join("soft")).unwrap();
    for target in ["a", "hard", "soft"] {
        let (code, message) = fails(here.path(), &["copy", "--strategy", "read-write-4k", "a", target]);
        assert_eq!(code, 1, "{message}");
        assert_eq!(fs::read(here.path().join("a")).unwrap(), b"content");
    }
}

#[test]
fn a_copy_replaces_a_longer_target_whole() {
    let here = directory();
    let content: Vec<u8> = (0..100_000_u32).map(|index| (index % 251) as u8).collect();
    fs::write(here.path().join("a"), &content).unwrap();
    for (_, strategy) in copybench::strategy::all() {
        if !strategy.dst.contains(&copybench::strategy::DstMode::Overwrite) {
            continue;
        }
        fs::write(here.path().join("b"), vec![b'Z'; 1 << 20]).unwrap();
        let output = copybench(here.path(), &["copy", "--strategy", strategy.name, "a", "b"]);
        if output.status.success() {
            assert!(fs::read(here.path().join("b")).unwrap() == content, "{}", strategy.name);
        } else {
            let message = String::from_utf8(output.stderr).unwrap();
            assert!(message.contains(strategy.name), "{message}");
        }
    }
}

#[test]
fn a_directory_that_is_not_there_exits_2_with_a_cure() {
    let here = directory();
    let (code, message) = fails(here.path(), &["run", "--dir", "absent"]);
    assert_eq!(code, 2);
    assert!(message.contains("absent") && message.contains("--dir"), "{message}");
}

#[test]
fn a_fixture_that_does_not_fit_is_refused_with_the_figures() {
    let here = directory();
    let output =
        copybench(here.path(), &["run", "--size", "1048576GiB", "--layout", "dense", "--out", "r.jsonl"]);
    let record = fs::read_to_string(here.path().join("r.jsonl")).unwrap();
    assert!(record.contains("not enough space"), "{record}");
    assert!(record.contains("MiB are free"), "{record}");
    assert_eq!(output.status.code(), Some(2), "nothing at all could be measured");
}

#[test]
fn a_run_writes_a_record_that_begins_with_its_run_line_and_keeps_no_path() {
    let here = directory();
    let path = here.path().to_str().unwrap();
    let arguments = [
        "run",
        "--size",
        "64KiB",
        "--layout",
        "dense",
        "--strategy",
        "mmap-*",
        "--rounds",
        "2",
        "--dir",
        path,
        "--out",
        "r.jsonl",
    ];
    let output = copybench(here.path(), &arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let record = fs::read_to_string(here.path().join("r.jsonl")).unwrap();
    assert!(record.starts_with(r#"{"t":"run","schema":"2.0""#), "{record}");
    assert!(record.trim_end().lines().last().unwrap().starts_with(r#"{"t":"end""#));
    assert!(!record.contains(path), "the directory stands as DIR");
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1, "nothing but the record is left");
}

#[test]
fn the_users_own_file_is_measured_and_left_as_it_was() {
    let here = directory();
    fs::write(here.path().join("mine"), vec![7; 300_000]).unwrap();
    let arguments = [
        "run",
        "--source",
        "mine",
        "--strategy",
        "mmap-write,read-write-4k",
        "--rounds",
        "1",
        "--out",
        "r.jsonl",
    ];
    let output = copybench(here.path(), &arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let record = fs::read_to_string(here.path().join("r.jsonl")).unwrap();
    assert!(record.contains("|own|300000B|"), "{record}");
    assert_eq!(fs::read(here.path().join("mine")).unwrap(), vec![7; 300_000]);
}

#[test]
fn list_gives_every_strategy_as_json() {
    let here = directory();
    let output = copybench(here.path(), &["list", "--json"]);
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), copybench::strategy::all().count());
    for row in rows {
        let keys: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["available", "family", "holes", "name", "reason", "summary"]);
    }
}

#[test]
fn an_interrupted_run_leaves_whole_lines_and_nothing_else() {
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::KILL] {
        let here = directory();
        let mut child = Command::new(env!("CARGO_BIN_EXE_copybench"))
            .current_dir(here.path())
            .args(["run", "--size", "1MiB", "--layout", "dense", "--rounds", "100000", "--out", "r.jsonl"])
            .args(["--strategy", "read-write-4k,std-fs-copy"])
            .env_remove("COPYBENCH_DIR")
            .spawn()
            .unwrap();
        let record = here.path().join("r.jsonl");
        while !fs::read_to_string(&record).is_ok_and(|text| text.contains(r#""t":"run""#)) {
            assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
            std::thread::yield_now();
        }
        let id = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
        let status = child.wait().unwrap();
        if signal == rustix::process::Signal::INT {
            assert_eq!(status.code(), Some(130));
            assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1, "the record alone");
        }
        let text = fs::read_to_string(&record).unwrap();
        for line in text.lines().filter(|_| signal == rustix::process::Signal::INT) {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
        // What a killed run left with a name is gone after the next start.
        copybench(here.path(), &["list"]);
        let left: Vec<_> =
            fs::read_dir(here.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["r.jsonl"], "{signal:?}");
    }
}

#[test]
fn version_names_the_commit() {
    let output = copybench(Path::new("."), &["--version"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("copybench 0.") && text.contains("(commit "), "{text}");
}

#[test]
fn completions_are_printed_for_shells() {
    for shell in ["bash", "zsh", "fish"] {
        let output = copybench(Path::new("."), &["completions", shell]);
        assert!(String::from_utf8(output.stdout).unwrap().contains("copybench"), "{shell}");
    }
}

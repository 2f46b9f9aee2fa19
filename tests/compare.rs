//! `copybench compare` on made-up records: what it says, and what it exits with.

#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const CELL: &str = "ext4|dense|1MiB|warm|new|none";

/// A record in the making.
struct Record {
    run: Value,
    text: String,
}

impl Record {
    fn new() -> Self {
        let run = json!({
            "t": "run", "schema": "1.0", "id": "example", "started": "2026-01-02T03:04:05Z", "clock": "wall",
            "argv": ["copybench", "run", "--dir", "DIR", "--strategy", "mmap-*,sendfile"],
            "commit": {"sha": "0123456789abcdef0123456789abcdef01234567", "dirty": false},
            "host": {"label": "zen4-2cpu", "hash": "0", "kernel": "6.12", "identity": {"arch": "x86_64"}}
        });
        Self { run, text: String::new() }
    }

    fn with(mut self, key: &str, value: Value) -> Self {
        *self.run.pointer_mut(key).unwrap() = value;
        self
    }

    /// Twelve rounds of each process in `cell` by `arm`; each strategy takes its time, in
    /// microseconds, with some noise that is the same in every test.
    fn rounds(mut self, cell: &str, arm: &str, processes: u32, strategies: &[(&str, f64)]) -> Self {
        self.cell(cell);
        let mut state = 1_u32;
        let mut noise = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            f64::from(state % 1000) / 1e6
        };
        for process in 1..=processes {
            for round in 0..12 {
                let drift = 1.0 + 10.0 * noise();
                for (strategy, time) in strategies {
                    let elapsed = time * 1000.0 * drift * (1.0 + noise());
                    self.sample(cell, strategy, arm, process, round, &json!([elapsed as u64]));
                }
            }
        }
        self
    }

    fn cell(&mut self, cell: &str) {
        let line = json!({"t": "cell", "cell": cell, "fs": {"source": "ext4", "target": "ext4"}, "layout": "dense",
            "size": 1 << 20, "cache": "warm", "dst": "new", "end": "none"});
        writeln!(self.text, "{line}").unwrap();
    }

    fn sample(&mut self, cell: &str, strategy: &str, arm: &str, process: u32, round: u32, elapsed: &Value) {
        let line = json!({"t": "sample", "cell": cell, "strategy": strategy, "round": round, "position": 0,
            "process": process, "arm": arm, "elapsed": elapsed, "bytes": 1 << 20, "shared_bytes": 0,
            "allocated_bytes": 1 << 20, "verified": true, "counters": null});
        writeln!(self.text, "{line}").unwrap();
    }

    fn write(&self, directory: &TempDir, name: &str) {
        std::fs::write(directory.path().join(name), format!("{}\n{}", self.run, self.text)).unwrap();
    }
}

/// Three strategies by three processes; `sendfile` takes so long.
fn measured(sendfile: f64) -> Record {
    let strategies = [("read-write-256k", 100.0), ("sendfile", sendfile), ("mmap-write", 150.0)];
    Record::new().rounds(CELL, "this", 3, &strategies)
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn compare(directory: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_copybench"))
        .current_dir(directory.path())
        .arg("compare")
        .args(arguments)
        .output()
        .unwrap()
}

/// Standard output of a comparison that ends with `code`, and what it said beside.
#[track_caller]
fn ends(directory: &TempDir, arguments: &[&str], code: i32) -> (String, String) {
    let output = compare(directory, arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, said) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{said}");
    (out, said)
}

#[track_caller]
fn is_refused(directory: &TempDir, arguments: &[&str], words: &[&str]) {
    let (out, said) = ends(directory, arguments, 2);
    assert_eq!(out, "");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
}

#[track_caller]
fn rows(directory: &TempDir, arguments: &[&str]) -> Vec<Value> {
    let (out, _) = ends(directory, &[&["--format", "json"], arguments].concat(), 0);
    serde_json::from_str(&out).unwrap()
}

#[track_caller]
fn is_golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("COPYBENCH_BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{name}: COPYBENCH_BLESS=1 cargo test --test compare writes it anew\n{found}");
}

#[test]
fn every_format_says_what_became_slower() {
    let directory = directory();
    measured(100.0).write(&directory, "base.jsonl");
    let new = measured(112.0).with("/commit/sha", json!("fedcba9876543210fedcba9876543210fedcba98"));
    new.rounds("ext4|dense|4KiB|warm|new|none", "this", 3, &[("sendfile", 5.0)])
        .write(&directory, "new.jsonl");
    for (format, name) in
        [("text", "comparison.txt"), ("markdown", "comparison.md"), ("json", "comparison.json")]
    {
        let (out, _) = ends(&directory, &["base.jsonl", "new.jsonl", "--format", format], 0);
        is_golden(name, &out);
    }
}

#[test]
fn a_confirmed_slowdown_closes_the_gate_and_a_speedup_does_not() {
    let directory = directory();
    measured(100.0).write(&directory, "fast.jsonl");
    measured(112.0).write(&directory, "slow.jsonl");
    let (_, said) = ends(&directory, &["fast.jsonl", "slow.jsonl", "--gate"], 1);
    assert!(said.contains(&format!("confirmed slower: sendfile in {CELL}")), "{said}");
    ends(&directory, &["fast.jsonl", "slow.jsonl"], 0);
    ends(&directory, &["slow.jsonl", "fast.jsonl", "--gate"], 0);
    ends(&directory, &["fast.jsonl", "fast.jsonl", "--gate"], 0);
    ends(&directory, &["fast.jsonl", "slow.jsonl", "--gate", "--margin", "20%"], 0);
}

#[test]
fn a_slow_minority_of_processes_is_not_confirmed() {
    let directory = directory();
    let fast = [("read-write-256k", 100.0), ("sendfile", 100.0)];
    Record::new().rounds(CELL, "this", 5, &fast).write(&directory, "base.jsonl");
    let mut new = Record::new().rounds(CELL, "this", 3, &fast);
    for process in 4..=5 {
        for round in 0..12 {
            new.sample(CELL, "read-write-256k", "this", process, round, &json!([100_000 + round]));
            new.sample(CELL, "sendfile", "this", process, round, &json!([130_000 + round]));
        }
    }
    new.write(&directory, "new.jsonl");
    let rows = rows(&directory, &["base.jsonl", "new.jsonl", "--gate"]);
    assert_eq!(rows[1]["confirmed"], false);
}

#[test]
fn sides_may_be_several_files_or_directories() {
    let directory = directory();
    std::fs::create_dir(directory.path().join("before")).unwrap();
    measured(100.0).write(&directory, "before/one.jsonl");
    measured(100.0).write(&directory, "before/two.jsonl");
    measured(112.0).write(&directory, "a.jsonl");
    measured(112.0).write(&directory, "b.jsonl");
    let of = |arguments: &[&str]| rows(&directory, arguments)[2]["processes"].clone();
    assert_eq!(of(&["before", "a.jsonl"]), json!([6, 3]));
    assert_eq!(of(&["before/one.jsonl", "before/two.jsonl", "a.jsonl"]), json!([6, 3]));
    assert_eq!(of(&["before/one.jsonl", "--new", "a.jsonl", "b.jsonl"]), json!([3, 6]));
}

#[test]
fn two_arms_in_one_record_are_compared_in_turn() {
    let directory = directory();
    let fast = [("read-write-256k", 100.0), ("sendfile", 100.0)];
    let slow = [("read-write-256k", 100.0), ("sendfile", 112.0)];
    Record::new()
        .rounds(CELL, "old", 4, &fast)
        .rounds(CELL, "this", 4, &slow)
        .write(&directory, "both.jsonl");
    let rows = rows(&directory, &["both.jsonl"]);
    let sendfile = rows.iter().find(|row| row["strategy"] == "sendfile").unwrap();
    assert_eq!((&sendfile["verdict"], &sendfile["confirmed"]), (&json!("slower"), &json!(true)));
    assert_eq!(sendfile["raw"]["verdict"], "slower");
    ends(&directory, &["both.jsonl", "--gate"], 1);
}

#[test]
fn what_the_data_cannot_carry_is_unclear() {
    let directory = directory();
    let single =
        |time| Record::new().rounds(CELL, "this", 1, &[("read-write-256k", 100.0), ("sendfile", time)]);
    single(100.0).write(&directory, "a.jsonl");
    single(200.0).write(&directory, "b.jsonl");
    let (out, _) = ends(&directory, &["a.jsonl", "b.jsonl"], 0);
    assert!(out.contains("--processes 3"), "{out}");
    let base = &rows(&directory, &["a.jsonl", "b.jsonl"])[0];
    assert_eq!((&base["strategy"], &base["verdict"]), (&json!("read-write-256k"), &json!("unclear")));
    assert_eq!(base["raw"]["verdict"], "unclear");

    let mut zero = measured(100.0);
    zero.sample(CELL, "sendfile", "this", 1, 12, &json!([0]));
    zero.write(&directory, "zero.jsonl");
    measured(150.0).write(&directory, "new.jsonl");
    let row = &rows(&directory, &["zero.jsonl", "new.jsonl"])[2];
    assert_eq!(
        (&row["strategy"], &row["verdict"], &row["low"]),
        (&json!("sendfile"), &json!("unclear"), &Value::Null)
    );

    let mut few = Record::new();
    few.cell(CELL);
    for strategy in ["read-write-256k", "sendfile"] {
        few.sample(CELL, strategy, "this", 1, 0, &json!([100_000]));
    }
    few.write(&directory, "few.jsonl");
    for row in rows(&directory, &["few.jsonl", "new.jsonl"]) {
        assert_eq!((&row["verdict"], &row["confirmed"]), (&json!("unclear"), &json!(false)));
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let directory = directory();
    measured(100.0).write(&directory, "a.jsonl");
    is_refused(&directory, &["a.jsonl"], &["one side only"]);
    is_refused(&directory, &["a.jsonl", "missing.jsonl"], &["missing.jsonl"]);

    Record::new()
        .rounds("xfs|dense|1MiB|warm|new|none", "this", 3, &[("sendfile", 1.0)])
        .write(&directory, "xfs.jsonl");
    is_refused(&directory, &["a.jsonl", "xfs.jsonl"], &["no cell"]);

    measured(100.0).with("/clock", json!("instructions")).write(&directory, "counted.jsonl");
    is_refused(&directory, &["a.jsonl", "counted.jsonl"], &["mixed clocks", "wall", "instructions"]);

    let mut emulated = measured(100.0);
    emulated.run["guest"] = json!({"accel": "tcg", "reason": "asked for", "emulator": "7.2", "cpu": "max",
        "memory_mib": 1024, "settle_seconds": 0});
    emulated.write(&directory, "emulated.jsonl");
    let (_, said) = ends(&directory, &["emulated.jsonl", "emulated.jsonl"], 2);
    assert!(said.contains("plain emulation"), "{said}");
}

#[test]
fn unlike_machines_are_compared_only_when_that_is_wanted() {
    let directory = directory();
    measured(100.0).write(&directory, "a.jsonl");
    let other = measured(100.0).with("/host/kernel", json!("7.3")).with("/host/hash", json!("1"));
    other.with("/host/identity/arch", json!("aarch64")).write(&directory, "b.jsonl");
    is_refused(&directory, &["a.jsonl", "b.jsonl"], &["arch", "kernel", "--allow-host-diff"]);
    let (out, _) = ends(&directory, &["a.jsonl", "b.jsonl", "--allow-host-diff"], 0);
    assert!(out.contains("differ in kernel: 6.12 on the base side, 7.3 on the new one"), "{out}");
}

#[test]
fn a_killed_run_is_read_to_its_last_whole_line_and_a_corrupt_one_is_named() {
    let directory = directory();
    measured(100.0).write(&directory, "a.jsonl");
    let whole = std::fs::read_to_string(directory.path().join("a.jsonl")).unwrap();
    std::fs::write(directory.path().join("killed.jsonl"), &whole[..whole.len() - 40]).unwrap();
    let (_, said) = ends(&directory, &["a.jsonl", "killed.jsonl"], 0);
    assert!(said.contains("killed.jsonl"), "{said}");

    let corrupt = whole.replacen("\"t\":\"cell\"", "\"t\":\"ce", 1);
    std::fs::write(directory.path().join("corrupt.jsonl"), corrupt).unwrap();
    is_refused(&directory, &["a.jsonl", "corrupt.jsonl"], &["corrupt.jsonl", "line 2"]);

    measured(100.0).with("/schema", json!("2.0")).write(&directory, "newer.jsonl");
    is_refused(&directory, &["a.jsonl", "newer.jsonl"], &["newer.jsonl", "2.0"]);
}

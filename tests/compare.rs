//! `copybench compare` over made-up records: what it says, and how it exits.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::golden::is_golden;
use common::synthetic::{CELL, HEAD, Head, STRATEGIES, Synthetic, slowed};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const LARGE: &str = "ext4|dense|32MiB|warm|new|none";

fn compare(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_copybench"))
        .current_dir(directory)
        .arg("compare")
        .args(arguments)
        .output()
        .unwrap()
}

fn directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// Three processes of twelve rounds.
fn run(head: &Head<'_>, strategies: &[(&str, f64)], seed: u32) -> Synthetic {
    Synthetic::new(head, seed).rounds((CELL, "this"), strategies, (3, 12))
}

/// `base.jsonl` and `new.jsonl` in a directory of their own.
fn pair(base: &Synthetic, new: &Synthetic) -> TempDir {
    let here = directory();
    base.write(&here.path().join("base.jsonl"));
    new.write(&here.path().join("new.jsonl"));
    here
}

#[track_caller]
fn succeeds(directory: &Path, arguments: &[&str]) -> (String, String) {
    let output = compare(directory, arguments);
    let [out, messages] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(output.status.code(), Some(0), "{messages}");
    (out, messages)
}

/// Standard error of a comparison that must be refused.
#[track_caller]
fn refused(directory: &Path, arguments: &[&str]) -> String {
    let output = compare(directory, arguments);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(output.stdout.is_empty());
    message
}

#[track_caller]
fn rows(directory: &Path, arguments: &[&str]) -> Vec<Value> {
    let (out, _) = succeeds(directory, &[arguments, &["--format", "json"]].concat());
    serde_json::from_str::<Value>(&out).unwrap().as_array().unwrap().clone()
}

#[track_caller]
fn row<'a>(rows: &'a [Value], strategy: &str) -> &'a Value {
    rows.iter().find(|row| row["strategy"] == strategy).unwrap()
}

/// Numbers to six digits: the last ones belong to the mathematics library.
fn rounded(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            *value = Value::from((number.as_f64().unwrap() * 1e6).round() / 1e6);
        }
        Value::Array(values) => values.iter_mut().for_each(rounded),
        Value::Object(fields) => fields.values_mut().for_each(rounded),
        _ => {}
    }
}

/// A strategy slower in one cell, another faster in the other, and some on one side only.
fn changed() -> TempDir {
    let more = [slowed("sendfile", 0.1), vec![("ficlone", 0.1)]].concat();
    let base = run(&Head { id: "1d", ..HEAD }, &STRATEGIES, 1).rounds((LARGE, "this"), &STRATEGIES, (3, 12));
    let new = run(&Head { id: "2d", ..HEAD }, &more, 2).rounds(
        (LARGE, "this"),
        &slowed("splice-1m", -0.1),
        (3, 12),
    );
    pair(&base, &new)
}

const BOTH: [&str; 2] = ["base.jsonl", "new.jsonl"];

#[test]
fn text_for_a_terminal() {
    is_golden("compare.txt", &succeeds(changed().path(), &BOTH).0);
}

#[test]
fn markdown_for_a_pull_request() {
    let arguments = [&BOTH[..], &["--format", "markdown"]].concat();
    is_golden("compare.md", &succeeds(changed().path(), &arguments).0);
}

#[test]
fn json_for_programs() {
    let mut rows = Value::Array(rows(changed().path(), &BOTH));
    rounded(&mut rows);
    is_golden("compare.json", &(serde_json::to_string_pretty(&rows).unwrap() + "\n"));
}

#[test]
fn a_gate_fails_for_a_confirmed_slowdown_alone() {
    let gate = [&BOTH[..], &["--gate"]].concat();
    for (share, code) in [(0.1, 1), (0.0, 0), (-0.1, 0)] {
        let here = pair(&run(&HEAD, &STRATEGIES, 1), &run(&HEAD, &slowed("sendfile", share), 2));
        let output = compare(here.path(), &gate);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{share}: {message}");
        assert!(String::from_utf8(output.stdout).unwrap().contains("sendfile"), "the report comes first");
        assert_eq!(message.contains(&format!("sendfile in {CELL}")), code == 1, "{message}");
        succeeds(here.path(), &BOTH);
    }
    let slow_base = pair(&run(&HEAD, &STRATEGIES, 1), &run(&HEAD, &slowed("read-write-256k", 0.5), 2));
    let output = compare(slow_base.path(), &gate);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("read-write-256k in"));
}

#[test]
fn a_margin_hides_what_does_not_matter() {
    let here = pair(&run(&HEAD, &STRATEGIES, 1), &run(&HEAD, &slowed("sendfile", 0.1), 2));
    let rows = rows(here.path(), &[&BOTH[..], &["--margin", "25%", "--gate"]].concat());
    assert_eq!(row(&rows, "sendfile")["verdict"], "same");
}

#[test]
fn one_process_a_side_decides_nothing_and_says_what_would() {
    let once = |strategies: &[(&str, f64)], seed| {
        Synthetic::new(&HEAD, seed).rounds((CELL, "this"), strategies, (1, 24))
    };
    let here = pair(&once(&STRATEGIES, 1), &once(&slowed("sendfile", 0.2), 2));
    let rows = rows(here.path(), &BOTH);
    assert!(row(&rows, "sendfile")["high"].as_f64().unwrap() < 0.95, "seen all the same");
    for row in &rows {
        assert_eq!(
            (&row["verdict"], &row["raw"], &row["raw_low"]),
            (&"unclear".into(), &"unclear".into(), &Value::Null)
        );
        assert!(row["raw_ratio"].is_f64());
    }
    let (out, _) = succeeds(here.path(), &[&BOTH[..], &["--gate"]].concat());
    assert!(out.contains("Nothing can be told") && out.contains("one process a side"), "{out}");
    assert!(out.contains("copybench run --full"), "{out}");
}

#[test]
fn zero_times_are_unclear() {
    let zero = format!(
        r#"{{"t":"sample","cell":"{CELL}","strategy":"sendfile","round":12,"process":1,"elapsed":[0],"bytes":1048576,"verified":true}}"#
    );
    let here =
        pair(&run(&HEAD, &STRATEGIES, 1), &run(&HEAD, &slowed("sendfile", 1.0), 2).line(&(zero + "\n")));
    assert_eq!(row(&rows(here.path(), &BOTH), "sendfile")["verdict"], "unclear");
    assert!(succeeds(here.path(), &BOTH).0.contains("sendfile took no time"));
}

#[test]
fn arms_of_one_record_are_compared_in_turn() {
    let here = directory();
    let both = Synthetic::new(&HEAD, 1).rounds((CELL, "old"), &STRATEGIES, (12, 24)).rounds(
        (CELL, "this"),
        &slowed("sendfile", 0.1),
        (12, 24),
    );
    both.write(&here.path().join("both.jsonl"));
    let rows = rows(here.path(), &["both.jsonl"]);
    assert_eq!(row(&rows, "sendfile")["confirmed"], true);
    assert_eq!(row(&rows, "splice-1m")["verdict"], "same");
    let output = compare(here.path(), &["both.jsonl", "--gate"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_side_is_a_directory_or_several_files() {
    let here = directory();
    for (side, seed) in [("base", 10), ("new", 20)] {
        std::fs::create_dir_all(here.path().join(side).join("deep")).unwrap();
        for part in 0..3 {
            let one = Synthetic::new(&HEAD, seed + part).rounds((CELL, "this"), &STRATEGIES, (1, 12));
            let name = if part == 0 { "deep/0.jsonl".to_owned() } else { format!("{part}.jsonl") };
            one.write(&here.path().join(side).join(name));
        }
    }
    let whole = rows(here.path(), &["base", "new"]);
    assert_eq!(whole[0]["processes"], serde_json::json!([3, 3]));
    let files = rows(
        here.path(),
        &["base/1.jsonl", "base/2.jsonl", "base/deep", "--new", "new/1.jsonl", "new/2.jsonl", "new/deep"],
    );
    assert_eq!(files, whole);
    let message = refused(here.path(), &["base/1.jsonl", "base/2.jsonl", "new/1.jsonl"]);
    assert!(message.contains("--new"), "{message}");
}

#[test]
fn a_last_line_cut_short_is_named_and_left_out() {
    let cut = run(&HEAD, &STRATEGIES, 2).line(r#"{"t":"sample","cell":"ext4|den"#);
    let here = pair(&run(&HEAD, &STRATEGIES, 1), &cut);
    let (_, messages) = succeeds(here.path(), &BOTH);
    assert!(messages.contains("new.jsonl:147:") && messages.contains("cut short"), "{messages}");
}

#[test]
fn unlike_hosts_take_a_word_and_are_named() {
    let other = Head { kernel: "7.3", governor: "powersave", ..HEAD };
    let here = pair(&run(&HEAD, &STRATEGIES, 1), &run(&other, &STRATEGIES, 2));
    let message = refused(here.path(), &BOTH);
    for part in
        ["governor (performance against powersave)", "kernel (6.12.115 against 7.3)", "--allow-host-diff"]
    {
        assert!(message.contains(part), "{message}");
    }
    let allowed = [&BOTH[..], &["--allow-host-diff"]].concat();
    assert!(succeeds(here.path(), &allowed).0.contains("governor (performance against powersave)"));
}

#[test]
fn what_cannot_be_compared_is_refused_with_the_reason() {
    let usual = || run(&HEAD, &STRATEGIES, 1);
    let instructions = Head { clock: "instructions", ..HEAD };
    let emulated = Head { accel: "tcg", ..HEAD };
    let foreign = Head { schema: "3.0", ..HEAD };
    let elsewhere = Synthetic::new(&HEAD, 2).rounds((LARGE, "this"), &STRATEGIES, (3, 12));
    let others = Synthetic::new(&HEAD, 2).rounds((CELL, "this"), &[("ficlone", 1.0)], (3, 12));
    let mixed = || run(&HEAD, &STRATEGIES, 2);
    let second_run = r#"{"t":"run","schema":"1.0","id":"b","started":"2026-01-02T03:04:05Z","clock":"instructions","argv":[],"commit":{"sha":"0","dirty":false},"host":{"label":"h","hash":"0","kernel":"6.12"}}"#;
    let last_line = r#"{"t":"end","samples":1,"skips":0,"wall_seconds":1.0,"steal":0.0}"#;
    for (new, parts) in [
        (elsewhere, &["no common cells", CELL, LARGE][..]),
        (others, &["no strategy", CELL]),
        (run(&instructions, &STRATEGIES, 2), &["new.jsonl:1:", "clock"]),
        (mixed().line(&format!("{second_run}\n")), &["new.jsonl:147:", "clock"]),
        (run(&emulated, &STRATEGIES, 2), &["emulation", "example"]),
        (mixed().line("{\"t\":\"sample\",\n").line(last_line), &["new.jsonl:147:"]),
        (mixed().line("NaN\n").line(last_line), &["new.jsonl:147:"]),
        (run(&foreign, &STRATEGIES, 2), &["new.jsonl:1:", "schema 3.0"]),
    ] {
        let message = refused(pair(&usual(), &new).path(), &BOTH);
        for part in parts {
            assert!(message.contains(part), "{part} in {message}");
        }
    }
}

#[test]
fn wrong_operands_are_refused_with_the_cure() {
    let here = pair(&run(&HEAD, &STRATEGIES, 1), &run(&HEAD, &STRATEGIES, 2));
    std::fs::create_dir(here.path().join("empty")).unwrap();
    std::fs::write(here.path().join("empty.jsonl"), "").unwrap();
    for (arguments, part) in [
        (&["base.jsonl", "missing.jsonl"][..], "missing.jsonl: No such file"),
        (&["base.jsonl", "empty"], "no record below empty"),
        (&["base.jsonl", "empty.jsonl"], "no common cells"),
        (&["base.jsonl"], "second record"),
        (&["base.jsonl", "new.jsonl", "--base", "sendfil"], "read-write-256k, sendfile"),
        (&["base.jsonl", "new.jsonl", "--margin=-1%"], "write 2% or 0.02"),
        (&[], "required"),
    ] {
        let message = refused(here.path(), arguments);
        assert!(message.contains(part), "{arguments:?}: {message}");
    }
}

#[test]
fn a_base_that_a_cell_lacks_is_replaced_and_said_so() {
    let without = [("mmap-write", 1.1), ("sendfile", 0.9)];
    let here = pair(&run(&HEAD, &without, 1), &run(&HEAD, &without, 2));
    assert_eq!(row(&rows(here.path(), &BOTH), "sendfile")["base"], "mmap-write");
    assert!(succeeds(here.path(), &BOTH).0.contains("relative to mmap-write"));
}

#[test]
fn a_comment_is_never_longer_than_a_service_takes() {
    let many: Vec<String> = (0..60).map(|number| format!("a-strategy-with-a-long-name-{number}")).collect();
    let strategies: Vec<(&str, f64)> = many.iter().map(|name| (name.as_str(), 1.0)).collect();
    let wide = |seed| {
        (0..16).fold(Synthetic::new(&HEAD, seed), |run, cell| {
            run.rounds((&format!("ext4|dense|{cell}MiB|warm|new|none"), "this"), &strategies, (1, 6))
        })
    };
    let here = pair(&wide(1), &wide(2));
    let (out, _) = succeeds(here.path(), &[&BOTH[..], &["--format", "markdown"]].concat());
    assert!(out.len() < 65_536, "{}", out.len());
    assert!(out.contains("are left out here") && out.contains("To repeat it"), "{out}");
}

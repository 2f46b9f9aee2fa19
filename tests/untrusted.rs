//! Records, claims and names of files come from anywhere: what they say is shown and never obeyed, by
//! every command and in every format.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Colours, a title, a cleared line, a forged line, marks of direction and of no width; for Markdown a
/// mention, an image, code, a reference and an address.
const NASTY: &str = "\u{1b}[31m\u{1b}]0;t\u{7}\u{9b}2J\u{85}\u{7f}\r\u{8}\nFORGED\u{202e}\u{2066}\u{200f}\u{61c}\
                     \u{2028}\u{feff}\t|@you <img src=x> `code` #1 [a](b) https://a.example www.a.example";

/// What the program itself reads these for, so that only their own words are read at all.
const WORDS: [&str; 9] = ["t", "schema", "clock", "kind", "arm", "started", "accel", "stage", "setup"];

fn nasty(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text + NASTY),
        Value::Array(all) => all.into_iter().map(nasty).collect(),
        Value::Object(all) => Value::Object(all.into_iter().map(nasty_entry).collect()),
        other => other,
    }
}

fn nasty_entry((key, value): (String, Value)) -> (String, Value) {
    if WORDS.contains(&key.as_str()) {
        return (key, value);
    }
    let free = ["identity", "context", "config", "observers", "counters"];
    let value = match value {
        Value::Object(all) if free.contains(&key.as_str()) => {
            let all = all.into_iter().map(|(key, value)| (key + NASTY, nasty(value)));
            Value::Object(all.collect::<Map<_, _>>())
        }
        other => nasty(other),
    };
    (key, value)
}

/// The golden record with such text wherever there is text; `edit` changes each line after that.
fn record(place: &TempDir, name: &str, edit: impl Fn(&mut Map<String, Value>)) -> PathBuf {
    let golden = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/run.jsonl")).unwrap();
    let mut text = String::new();
    for line in golden.lines() {
        let Value::Object(mut line) = nasty(serde_json::from_str(line).unwrap()) else { panic!("{line}") };
        edit(&mut line);
        text += &(Value::Object(line).to_string() + "\n");
    }
    let path = place.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

fn copybench(arguments: &[&str], paths: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copybench"));
    command.args(arguments).args(paths).env("COLUMNS", "100").output().unwrap()
}

/// Both streams, which hold nothing that a terminal obeys and no forged line. Returns them.
#[track_caller]
fn only_shows(output: &Output) -> [String; 2] {
    let streams = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8(bytes.clone()).unwrap());
    for text in &streams {
        let obeyed = text.chars().find(|character| {
            let marks = ['\u{61c}', '\u{200f}', '\u{202e}', '\u{2028}', '\u{2066}', '\u{feff}'];
            (character.is_control() && !matches!(character, '\n' | '\t')) || marks.contains(character)
        });
        assert_eq!(obeyed, None, "{text:?}");
        assert!(!text.lines().any(|line| line.starts_with("FORGED")), "{text}");
    }
    streams
}

#[track_caller]
fn succeeds(arguments: &[&str], paths: &[&Path]) -> String {
    let output = copybench(arguments, paths);
    let [out, err] = only_shows(&output);
    assert!(output.status.success(), "{arguments:?}: {err}");
    assert!(out.contains("u001b"), "{arguments:?} shows nothing of it: {out}");
    out
}

#[track_caller]
fn is_refused(arguments: &[&str], paths: &[&Path]) -> String {
    let output = copybench(arguments, paths);
    let [_, err] = only_shows(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {err}");
    err
}

/// What GitHub would obey.
#[track_caller]
fn only_shows_as_markdown(text: &str) {
    // A fenced block is for the shell; nothing in it is obeyed, and its end is a line of its own.
    let prose: String = text.split("```").step_by(2).collect();
    for obeyed in ["@you", "<img", " `code`", " #1", "[a](b)", "https://a", "www.a"] {
        assert!(!prose.contains(obeyed), "{obeyed}: {prose}");
    }
}

#[test]
fn every_report_shows_what_records_say() {
    let place = tempfile::tempdir().unwrap();
    let one = record(&place, "one.jsonl", |_| {});
    let guest = |kernel: &'static str| {
        move |line: &mut Map<String, Value>| {
            if line["t"] == "run" {
                line["host"]["kernel"] = Value::String(kernel.to_owned() + NASTY);
                let guest = r#"{"accel":"kvm","reason":"r","emulator":"e","cpu":"c","memory_mib":1,"settle_seconds":1,"append":"a","config":{"CONFIG_A":"y"}}"#;
                line.insert("guest".to_owned(), nasty(serde_json::from_str(guest).unwrap()));
            }
        }
    };
    let old = record(&place, "old.jsonl", guest("5.10.1"));
    let new = record(&place, "new.jsonl", guest("6.12.1"));
    let fresh = record(&place, "fresh.jsonl", |line| {
        for key in ["cell", "id"] {
            if let Some(Value::String(cell)) = line.get_mut(key) {
                cell.push_str("|fresh");
            }
        }
        if line["t"] == "cell" {
            line.insert("setup".to_owned(), "fresh".into());
        }
    });
    let kept = record(&place, "kept.jsonl", |line| {
        if line["t"] == "cell" {
            line.insert("setup".to_owned(), "kept".into());
        }
    });
    for format in ["text", "markdown"] {
        let report = ["report", "--format", format];
        let all = [
            succeeds(&report, &[&one]),
            succeeds(&[&report[..], &["--answer"]].concat(), &[&one]),
            succeeds(&[&report[..], &["--set-up"]].concat(), &[&kept, &fresh]),
            succeeds(&report, &[&old, &new]),
            succeeds(&["compare", "--format", format], &[&one, &one]),
        ];
        if format == "markdown" {
            all.iter().for_each(|text| only_shows_as_markdown(text));
        }
    }
    let json: Vec<Value> =
        serde_json::from_str(&succeeds(&["compare", "--format", "json"], &[&one, &one])).unwrap();
    assert!(json[0]["cell"].as_str().unwrap().contains(r"\u001b[31m"));
    let answer = succeeds(&["report", "--answer", "--json"], &[&one]);
    assert!(answer.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    only_shows(&copybench(&["history"], &[&one, &old, &new]));
    serde_json::from_str::<Value>(&succeeds(&["history", "--json"], &[&one])).unwrap();
}

#[test]
fn every_export_shows_what_records_say() {
    let place = tempfile::tempdir().unwrap();
    let one = record(&place, "one.jsonl", |_| {});
    let help = String::from_utf8(copybench(&["export", "--help"], &[]).stdout).unwrap();
    let formats = help.lines().filter_map(|line| line.trim().strip_prefix("- ")?.split_once(':'));
    let formats: Vec<&str> = formats.map(|(name, _)| name).collect();
    assert!(formats.contains(&"csv") && formats.contains(&"chart"), "{help}");
    for format in formats {
        let out = place.path().join("out");
        let arguments = ["export", "--format", format, "--out", out.to_str().unwrap()];
        if format == "otava" {
            only_shows(&copybench(&arguments, &[&one]));
        } else {
            succeeds(&arguments[..3], &[&one]);
        }
    }
    succeeds(&["export", "--format", "chart", "--samples"], &[&one]);
}

#[test]
fn no_field_of_a_table_is_a_formula() {
    let place = tempfile::tempdir().unwrap();
    let formula = |line: &mut Map<String, Value>| {
        for key in ["cell", "id", "strategy"] {
            if let Some(Value::String(text)) = line.get_mut(key) {
                *text = format!("=HYPERLINK(\"x\")+{text}");
            }
        }
    };
    let csv = succeeds(&["export", "--format", "csv"], &[&record(&place, "one.jsonl", formula)]);
    for line in csv.lines().skip(1) {
        assert!(line.starts_with("\"'=HYPERLINK(\"\"x\"\")+"), "{line}");
        assert!(line.contains(",\"'=HYPERLINK"), "{line}");
    }
}

#[test]
fn every_error_shows_what_files_say_and_are_called() {
    let place = tempfile::tempdir().unwrap();
    let one = record(&place, "one.jsonl", |_| {});
    let write = |name: &str, text: &str| {
        let path = place.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let other = record(&place, "other.jsonl", |line| {
        if line["t"] == "run" {
            line["host"]["hash"] = Value::String("another".to_owned() + NASTY);
            line["host"]["identity"] = nasty(serde_json::json!({"cpu": "another"}));
        }
    });
    assert!(is_refused(&["compare"], &[&one, &other]).contains("hosts differ"));
    assert!(is_refused(&["export", "--format", "csv"], &[&one, &other]).contains("unlike hosts"));
    let schema = record(&place, "schema.jsonl", |line| {
        line.insert("schema".to_owned(), Value::String("9".to_owned() + NASTY));
    });
    assert!(is_refused(&["report"], &[&schema]).contains("schema 9"));
    let kind = record(&place, "kind.jsonl", |line| {
        line.insert("t".to_owned(), Value::String("r".to_owned() + NASTY));
    });
    assert!(is_refused(&["report"], &[&kind]).contains("unknown variant"));
    let raw = write("raw.jsonl", "\u{1b}]0;\u{7}\u{9b}");
    is_refused(&["report"], &[&raw]);
    let named = write("\u{1b}[31m\u{202e}.jsonl", "{");
    assert!(is_refused(&["report"], &[&named]).contains("u001b[31m"));
    is_refused(&["export", "--format", "chart", "--claims", raw.to_str().unwrap()], &[&one]);
    let emulated = record(&place, "emulated.jsonl", |line| {
        if line["t"] == "run" {
            line.insert(
                "guest".to_owned(),
                serde_json::json!({"accel": "tcg", "reason": "", "emulator": "",
                "cpu": "", "memory_mib": 1, "settle_seconds": 1}),
            );
        }
    });
    assert!(is_refused(&["compare"], &[&emulated, &emulated]).contains("plain emulation"));
    is_refused(&["compare", "--base", "nothing"], &[&one, &one]);
    is_refused(&["compare"], &[&one]);
}

#[test]
fn a_name_of_any_length_is_printed() {
    let place = tempfile::tempdir().unwrap();
    let long = "x".repeat(100_000);
    let one = record(&place, "one.jsonl", |line| {
        if let Some(Value::String(strategy)) = line.get_mut("strategy") {
            strategy.push_str(&long);
        }
    });
    for arguments in
        [&["report"][..], &["report", "--format", "markdown"], &["report", "--answer"], &["compare"]]
    {
        let paths: Vec<&Path> = vec![&one; 1 + usize::from(arguments[0] == "compare")];
        assert!(succeeds(arguments, &paths).len() < 60 * long.len());
    }
}

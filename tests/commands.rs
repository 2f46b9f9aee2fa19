//! `--command` and `COPYBENCH_COMMANDS`: programs of the user's in the race, in rounds, in records and in the
//! gate, and each way in which one fails.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::small_run::{copybench, said, small_run};
use copybench::record::{Run, read_files};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

const OLD: &str = "old=cp {source} {target}";

fn directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// A run of these commands in one small cell.
fn run(here: &Path, commands: &[&str], arguments: &[&str]) -> Output {
    let commands = commands.iter().flat_map(|text| ["--command", text]);
    small_run(here).args(arguments).args(commands).output().unwrap()
}

fn record(here: &Path) -> Run {
    read_files(&[here.join("r.jsonl")]).unwrap().runs.remove(0)
}

/// That the gate between `old` and `new`, each a command, ends so.
#[track_caller]
fn gate(new: &str, arguments: &[&str], code: i32, words: &[&str]) {
    let here = directory();
    let all = [&["--base", "old", "--gate"], arguments].concat();
    let output = run(here.path(), &[OLD, new], &all);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
}

#[test]
fn a_command_races_is_verified_and_is_recorded_by_its_name_alone() {
    let here = directory();
    let here = here.path();
    fs::create_dir(here.join("my tools")).unwrap();
    let script = "#!/bin/sh\n[ -f \"$1\" ] && [ ! -L \"$1\" ] && exec cp \"$1\" \"$2\"\n";
    let path = here.join("my tools/copier");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mine = "mine='./my tools/copier' {source} {target}";
    let output = run(here, &[mine, OLD], &["--budget", "2s", "--base", "old"]);
    assert!(output.status.success(), "{}", said(&output));
    let read = record(here);
    for name in ["mine", "old"] {
        let of = |verified| {
            let samples = read.samples.iter().filter(|sample| sample.strategy == name);
            samples.filter(|sample| sample.copies.elapsed.is_empty() == verified).count()
        };
        assert!(of(true) > 0 && of(false) > 0, "{name}");
    }
    assert_eq!(read.samples.iter().filter(|sample| !["mine", "old"].contains(&&*sample.strategy)).count(), 0);
    let text = fs::read_to_string(here.join("r.jsonl")).unwrap();
    assert!(text.contains(r#""--command","mine","--command","old""#) && !text.contains("tools"), "{text}");
    for arguments in [
        &["report", "r.jsonl"][..],
        &["compare", "--base", "old", "r.jsonl", "r.jsonl"],
        &["export", "--format", "csv", "r.jsonl"],
        &["export", "--format", "chart", "r.jsonl"],
        &["report", "--answer", "--json", "r.jsonl"],
    ] {
        let output = copybench(here).args(arguments).output().unwrap();
        assert!(
            output.status.success() && said(&output).contains("mine"),
            "{arguments:?}: {}",
            said(&output)
        );
    }
    let left = fs::read_dir(here).unwrap().flatten().map(|entry| entry.file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().starts_with(".copybench")));
}

#[test]
fn commands_of_the_environment_are_listed_selected_and_measured_beside_strategies() {
    let here = directory();
    let here = here.path();
    let lines = "mine=cp {source} {target}\n\nother=cp -a {source} {target}\n";
    let with = |arguments: &[&str]| {
        copybench(here).args(arguments).env("COPYBENCH_COMMANDS", lines).output().unwrap()
    };
    let output = with(&["list", "--json", "--dir", "."]);
    let listed: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let of = |name: &str| listed.iter().find(|row| row["name"] == name).unwrap().clone();
    assert_eq!(
        (of("mine")["family"].as_str(), of("other")["available"].as_bool()),
        (Some("command"), Some(true))
    );
    let output = small_run(here)
        .args(["--rounds", "1", "--processes", "1", "--strategy", "sendfile"])
        .env("COPYBENCH_COMMANDS", lines)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let read = record(here);
    for name in ["mine", "other", "sendfile"] {
        assert!(
            read.samples.iter().any(|sample| sample.strategy == name && sample.round == Some(0)),
            "{name}"
        );
    }
}

#[test]
fn what_is_no_command_is_refused_before_anything_is_written() {
    for (command, word) in [
        ("x", "names no command"),
        ("x=cp '{source} {target}", "missing closing quote"),
        ("x=cp {source}", "no {target}"),
        ("x=cp {target}", "no {source}"),
        ("x=no-such-program {source} {target}", "no program is called"),
        ("x=./no/such {source} {target}", "No such file"),
        ("cp=cp {source} {target}", "has that name"),
        ("old=cp {source} {target}", "another strategy has that name"),
        ("a|b=cp {source} {target}", "cannot be called"),
    ] {
        let here = directory();
        let output = run(here.path(), &[OLD, command], &["--rounds", "1"]);
        assert_eq!(output.status.code(), Some(2), "{command}: {}", said(&output));
        assert!(said(&output).contains(word), "{command}: {}", said(&output));
        assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0, "{command}");
    }
    let here = directory();
    let output = copybench(here.path()).arg("list").env("COPYBENCH_COMMANDS", "x=").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

#[test]
fn each_way_to_fail_costs_the_command_alone_and_has_its_reason() {
    let here = directory();
    let commands = [
        OLD,
        "fails=sh -c 'echo first >&2; echo why >&2; exit 3' x {source} {target}",
        "hangs=sh -c 'sleep 600' x {source} {target}",
        "leaves=sh -c 'cp \"$1\" \"$2\"; sleep 600 &' x {source} {target}",
        "nothing=sh -c : x {source} {target}",
        "symbolic=ln -s {source} {target}",
        "hard=ln {source} {target}",
    ];
    let output = run(here.path(), &commands, &["--rounds", "1", "--processes", "1", "--base", "old"]);
    assert!(output.status.success(), "{}", said(&output));
    let read = record(here.path());
    for (name, words) in [
        ("fails", ["exit status: 3", "why"]),
        ("hangs", ["did not end within", "10 s"]),
        ("leaves", ["left a process behind", "was ended"]),
        ("nothing", ["left no copy", "No such file"]),
        ("symbolic", ["no regular file", ""]),
        ("hard", ["a link to the source", ""]),
    ] {
        let skip = read.skips.iter().find(|skip| skip.strategy == name).unwrap();
        assert!(words.iter().all(|word| skip.refused.reason.contains(word)), "{}", skip.refused.reason);
    }
    assert!(read.samples.iter().all(|sample| sample.strategy == "old"));
}

#[test]
fn a_wrong_copy_is_exit_1() {
    let here = directory();
    for wrong in [
        "sh -c 'tr a b <\"$1\" >\"$2\"' x {source} {target}",
        "sh -c 'head -c 9 \"$1\" >\"$2\"' x {source} {target}",
    ] {
        let wrong = format!("wrong={wrong}");
        let output =
            run(here.path(), &[OLD, &wrong], &["--rounds", "1", "--processes", "1", "--base", "old"]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("wrong copies"), "{}", said(&output));
        fs::remove_file(here.path().join("r.jsonl")).unwrap();
    }
}

#[test]
fn the_gate_passes_the_same_and_shuts_on_what_is_really_slower() {
    let short = ["--rounds", "4", "--processes", "6"];
    gate(
        "new=cp {source} {target}",
        &[&short[..], &["--margin", "50%"]].concat(),
        0,
        &["No confirmed slowdown"],
    );
    let slowed = ["--slowdown", "this=300%:new"];
    gate("new=cp {source} {target}", &[&short[..], &slowed].concat(), 1, &["slower, and confirmed: new in"]);
}

#[test]
fn the_gate_does_not_pass_what_it_could_not_measure() {
    let short = ["--rounds", "1", "--processes", "1"];
    gate(
        "new=false {source} {target}",
        &short,
        2,
        &["skipped new", "cannot tell of what was not measured: new"],
    );
    gate("new=sh -c 'tr a b <\"$1\" >\"$2\"' x {source} {target}", &short, 1, &["wrong copies"]);
}

#[test]
fn a_budget_that_is_spent_ends_a_gate_after_three_processes() {
    let here = directory();
    let arguments = ["--budget", "1ms", "--base", "old", "--gate"];
    let output = run(here.path(), &[OLD, "new=cp {source} {target}"], &arguments);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", said(&output));
    let read = record(here.path());
    // Those that measure a slowdown again come after them.
    let most = read.samples.iter().map(|sample| sample.process).max();
    assert!(matches!(most, Some(3 | 6)), "{most:?}");
}

#[test]
fn a_delay_that_nothing_would_have_is_refused() {
    let here = directory();
    for (slowdown, word) in [
        ("other=5%", "neither this nor old"),
        ("this=5%:nobody", "no strategy is called"),
        ("old=5%", "needs --against"),
    ] {
        let output = run(here.path(), &[OLD], &["--slowdown", slowdown]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(word), "{}", said(&output));
    }
}

//! `copybench explain`: every strategy of the registry, and what is told of some that are known.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use copybench::measure::availability;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

const LENGTH: u64 = 256 << 10;

fn explain(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copybench"));
    command.arg("explain").args(arguments).arg("--dir").arg(directory).output().unwrap()
}

fn json(directory: &Path, strategy: &str) -> Value {
    let output = explain(directory, &[strategy, "--size", "256KiB", "--json"]);
    assert!(output.status.success(), "{strategy}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in(common::places().0.path()).unwrap()
}

#[test]
fn every_strategy_of_the_registry_is_explained_or_says_what_refused() {
    let directory = directory();
    let (from, to) = common::places();
    for tried in availability(&from, &to).unwrap() {
        let name = tried.strategy.name;
        if let Some(refusal) = tried.refusal {
            let output = explain(directory.path(), &[name]);
            let message = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{message}");
            assert!(message.contains(name) && message.contains(&refusal.reason), "{message}");
            continue;
        }
        let found = json(directory.path(), name);
        assert_eq!(found["strategy"], name);
        let totals = found["calls"]["totals"].as_array().unwrap();
        assert!(!totals.is_empty() || found["calls"]["refused"].is_string(), "{name} copies without a call");
        assert_eq!(found["page_cache"]["before"]["source"], LENGTH, "{name}: the source was warm");
        assert_eq!(found["page_cache"]["before"]["target"], 0, "{name}: the target is new");
        assert!(found["time"]["elapsed_ns"].as_u64().unwrap() > 0, "{name}");
        assert!(found["account"].as_str().unwrap().starts_with("A copy takes"), "{name}");
        for mapping in found["mappings"]["live"].as_array().unwrap() {
            let names: Vec<_> =
                mapping["fields"].as_array().unwrap().iter().map(|field| &field["name"]).collect();
            assert_eq!(names[..5], ["address", "perms", "offset", "dev", "inode"], "{name}");
        }
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "something is left");
}

#[test]
fn a_copy_between_mappings_shows_both_as_they_were() {
    let directory = directory();
    let found = json(directory.path(), "mmap-mmap");
    assert!(found["calls"]["refused"].is_null(), "{}", found["calls"]["refused"]);
    for (name, permissions) in [("source", "r--s"), ("target", "rw-s")] {
        let live = found["mappings"]["live"].as_array().unwrap();
        let mapping = live
            .iter()
            .find(|mapping| mapping["line"].as_str().unwrap().ends_with(&format!("/{name}")))
            .unwrap_or_else(|| panic!("no mapping of the {name}: {live:?}"));
        assert_eq!(mapping["fields"][1]["value"], permissions);
        assert_eq!(mapping["memory"]["rss"], LENGTH);
        assert_eq!(mapping["at"], "munmap");
    }
    assert!(found["faults"]["minor"].as_u64().unwrap() > 0);
}

#[test]
fn a_copy_by_calls_is_told_with_its_bytes_and_maps_no_file() {
    let directory = directory();
    let found = json(directory.path(), "read-write-64k");
    let totals = found["calls"]["totals"].as_array().unwrap();
    for (name, calls) in [("read", 5), ("write", 4)] {
        let total = totals.iter().find(|total| total["name"] == name).unwrap();
        assert_eq!((&total["calls"], &total["bytes"]), (&calls.into(), &LENGTH.into()), "{name}");
    }
    let live = found["mappings"]["live"].as_array().unwrap();
    assert!(live.iter().all(|mapping| mapping["fields"].as_array().unwrap().len() == 5), "{live:?}");
}

#[test]
fn the_page_names_its_parts_in_order() {
    let directory = directory();
    let output = explain(directory.path(), &["mmap-write", "--size", "64KiB", "--layout", "sparse"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut at = 0;
    for part in [
        "System calls",
        "Page faults",
        "Mappings",
        "PROT_READ; s is MAP_SHARED",
        "Memory beside the page cache",
        "Page cache",
        "Extents",
        "Where the time goes",
    ] {
        at += text[at..].find(part).unwrap_or_else(|| panic!("{part} after {at} in {text}"));
    }
}

#[test]
fn unknown_words_exit_2_with_the_closest() {
    let directory = directory();
    for (arguments, offered) in
        [(&["mmap-mmpa"][..], "mmap-mmap"), (&["sendfile", "--layout", "sprase"], "sparse")]
    {
        let output = explain(directory.path(), arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().contains(offered));
    }
}

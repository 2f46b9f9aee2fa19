//! Outputs held against files in tests/golden; `COPYBENCH_BLESS=1 cargo test --test golden`
//! writes those anew.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::golden::is_golden;
use libtest_mimic::{Arguments, Trial};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let trial = |name, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    // A package leaves the records out that the documents are made from.
    let records = root().join("results/runs").is_dir();
    let trials = vec![
        trial("help_texts", help_texts),
        trial("chart_data", chart_data),
        trial("exports", exports),
        trial("tables", tables),
        trial("the_generated_parts_of_the_documents_are_current", documents_are_current)
            .with_kind(if records { "" } else { "no results/runs: clone the repository" })
            .with_ignored_flag(!records),
        trial("the_readme_is_short", readme_is_short),
        trial("links_between_documents_lead_somewhere", links_lead_somewhere)
            .with_kind(if records { "" } else { "no results/runs: clone the repository" })
            .with_ignored_flag(!records),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Standard output of a command that succeeds, run in the repository.
fn output(arguments: &[&str]) -> String {
    // The width of the terminal must not matter.
    let output = Command::new(env!("CARGO_BIN_EXE_copybench"))
        .current_dir(root())
        .env_remove("COLUMNS")
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const RECORD: &str = "tests/golden/run.jsonl";

fn help_texts() {
    let mut text = output(&["--help"]);
    for command in [
        "list",
        "copy",
        "run",
        "compare",
        "calibrate",
        "recommend",
        "explain",
        "lab",
        "claims",
        "report",
        "history",
        "export",
        "chart",
        "completions",
    ] {
        text += &format!("\n$ copybench {command} --help\n{}", output(&[command, "--help"]));
    }
    is_golden("help.txt", &text);
}

fn chart_data() {
    let data: serde_json::Value =
        serde_json::from_str(&output(&["export", "--format", "chart", RECORD])).unwrap();
    // The registry is shown by the catalogue; here it would only change with every strategy.
    let mut data = data;
    let document = data.as_object_mut().unwrap();
    assert!(!document.remove("families").unwrap().as_array().unwrap().is_empty());
    assert!(!document.remove("strategies").unwrap().as_array().unwrap().is_empty());
    is_golden("chart.json", &(serde_json::to_string_pretty(&data).unwrap() + "\n"));
}

fn exports() {
    for (format, name) in [
        ("csv", "run.csv"),
        ("bencher", "bencher.json"),
        ("gab-bigger", "gab-bigger.json"),
        ("gab-smaller", "gab-smaller.json"),
        ("criterion", "criterion.txt"),
        ("hyperfine", "hyperfine.json"),
    ] {
        is_golden(name, &output(&["export", "--format", format, RECORD]));
    }
}

fn tables() {
    let text = output(&["report", RECORD])
        + "\n"
        + &output(&["report", "--format", "markdown", "--most", "2", RECORD]);
    is_golden("report.txt", &text);
}

fn documents_are_current() {
    output(&["docs", "--check"]);
}

fn readme_is_short() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let lines = readme.lines().count();
    assert!(lines <= 250 && readme.len() <= 16 << 10, "{lines} lines, {} bytes", readme.len());
}

fn links_lead_somewhere() {
    let mut documents: Vec<PathBuf> =
        ["README.md", "METHOD.md", "CONTRIBUTING.md", "CHANGELOG.md", "results/README.md"]
            .map(|name| root().join(name))
            .to_vec();
    documents.extend(fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    let mut dead = Vec::new();
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            if link.starts_with("http") || link.contains(char::is_whitespace) {
                continue;
            }
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if path.is_empty() { document.clone() } else { document.parent().unwrap().join(path) };
            let has_heading = || headings(&fs::read_to_string(&target).unwrap()).contains(heading);
            if !target.exists() || !heading.is_empty() && !has_heading() {
                dead.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

/// What links call the headings of a document.
fn headings(text: &str) -> BTreeSet<String> {
    let name = |heading: &str| {
        let kept =
            heading.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| name(line.trim_start_matches('#').trim()))
        .collect()
}

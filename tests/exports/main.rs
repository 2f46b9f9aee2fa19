//! Every export is read by who it is made for, or held to that reader's schema, and docs/ci.md has the table of what
//! each made of it: `COPYBENCH_BLESS=1 cargo test --test exports`. scripts/readers installs them in target/readers.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
mod gate;
mod readers;
mod schemas;

use common::golden::is_part;
use common::synthetic::{CELL, HEAD, STRATEGIES, Synthetic, slowed};
use libtest_mimic::{Arguments, Failed, Trial};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// What was shown, as a phrase.
type Shown = Result<String, Failed>;

/// One reader of one export.
struct Reader {
    export: &'static str,
    name: &'static str,
    /// A program below target/readers, or what its Python has; nothing for a schema.
    needs: Option<&'static str>,
    /// The version of a schema; that of a program is asked for.
    version: &'static str,
    show: fn() -> Shown,
}

#[rustfmt::skip]
const READERS: &[Reader] = &[
    Reader { export: "`hyperfine`", name: "hyperfine's `plot_whisker.py`, `plot_parametrized.py` (with matplotlib)",
        needs: Some("matplotlib"), version: "", show: readers::hyperfine_scripts },
    Reader { export: "`hyperfine`", name: "Bencher, `--adapter shell_hyperfine`",
        needs: None, version: "schema of 8d75325", show: schemas::bencher_adapter },
    Reader { export: "`bencher`", name: "Bencher, `--adapter json`",
        needs: None, version: "schema of 8d75325", show: schemas::bencher_metrics },
    Reader { export: "`gab-smaller`, `gab-bigger`", name: "github-action-benchmark",
        needs: None, version: "schema of v1", show: schemas::github_action_benchmark },
    Reader { export: "`criterion --out`", name: "critcmp",
        needs: Some("critcmp"), version: "", show: readers::critcmp },
    Reader { export: "`criterion`", name: "cargo-benchcmp",
        needs: Some("cargo-benchcmp"), version: "", show: readers::cargo_benchcmp },
    Reader { export: "`csv`, records", name: "pandas",
        needs: Some("pandas"), version: "", show: readers::pandas },
    Reader { export: "records", name: "DuckDB",
        needs: Some("duckdb"), version: "", show: readers::duckdb },
    Reader { export: "`compare --format junit`, `run --junit`", name: "junitparser",
        needs: Some("junitparser"), version: "", show: readers::junitparser },
];

fn main() {
    let mut trials = vec![
        Trial::test("criterion's files hold what its readers ask for", readers::criterions_files),
        Trial::test("files of others are not replaced, and names do not lead elsewhere", foreign),
        Trial::test("what cannot be exported says so", refused),
        Trial::test("a gate says in a file how it ended", gate::report),
    ];
    for reader in READERS {
        let trial =
            Trial::test(format!("{} reads {}", reader.name, reader.export), || (reader.show)().map(drop));
        trials.push(needing(trial, missing([reader])));
    }
    trials.push(needing(Trial::test("the table of readers is current", table), missing(READERS)));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn needing(trial: Trial, missing: Option<String>) -> Trial {
    let ignored = missing.is_some();
    trial.with_kind(missing.unwrap_or_default()).with_ignored_flag(ignored)
}

/// Why one of these readers cannot be asked.
fn missing<'a>(readers: impl IntoIterator<Item = &'a Reader>) -> Option<String> {
    let mut needs = readers.into_iter().filter_map(|reader| reader.needs);
    needs.find(|need| version(need).is_none()).map(|need| format!("no {need}: scripts/readers installs it"))
}

fn installed(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/readers").join(path)
}

/// The version of a reader that is there.
fn version(need: &str) -> Option<String> {
    let output = match need {
        "critcmp" => Command::new(installed("bin/critcmp")).arg("--version").output(),
        "cargo-benchcmp" => {
            Command::new(installed("bin").join(need)).args(["benchcmp", "--version"]).output()
        }
        _ => python("versions", Path::new("")).output(),
    };
    let output = output.ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let own = text.lines().find(|line| line.starts_with(need)).or_else(|| text.lines().next())?;
    own.split_whitespace().last().map(str::to_owned)
}

/// A check of read.py.
fn python(check: &str, folder: &Path) -> Command {
    let mut command = Command::new(installed("python/bin/python"));
    command.args(["-B", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/exports/read.py"), check]).arg(folder);
    command
}

fn table() -> Result<(), Failed> {
    let mut text = "| export | reader | version | what was shown |\n|---|---|---|---|\n".to_owned();
    for Reader { export, name, needs, version: schema, show } in READERS {
        let version = needs.map_or_else(|| Some((*schema).to_owned()), version).ok_or("no version")?;
        writeln!(text, "| {export} | {name} | {version} | {} |", show()?)?;
    }
    let otava = include_str!("../otava.txt").trim().rsplit('=').next().ok_or("no version")?;
    writeln!(
        text,
        "| `otava` | Apache Otava | {otava} | 60 nights: a step of 5 % is found, and none where there is none |"
    )?;
    is_part("docs/ci.md", "readers", &text);
    Ok(())
}

fn copybench(arguments: &[&str]) -> Result<Output, Failed> {
    Ok(Command::new(env!("CARGO_BIN_EXE_copybench"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()?)
}

/// Standard output of a command that succeeds.
fn said(command: &mut Command) -> Shown {
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(text)
    } else {
        Err(format!("{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr)).into())
    }
}

/// A record with counters, in two cells.
const RECORD: &str = "tests/golden/run.jsonl";

fn export(arguments: &[&str]) -> Shown {
    said(
        Command::new(env!("CARGO_BIN_EXE_copybench"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args([&["export", "--format"], arguments].concat()),
    )
}

/// A record of two sizes and, as `old` and `this`, of two executables of which the second has a slower sendfile.
fn two_sizes_and_arms() -> Result<(TempDir, String), Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("run.jsonl");
    let large = CELL.replace("1MiB", "32MiB");
    let slow = slowed("sendfile", 0.1);
    Synthetic::new(&HEAD, 1)
        .rounds((CELL, "old"), &STRATEGIES, (8, 12))
        .rounds((CELL, "this"), &slow, (8, 12))
        .rounds((&large, "this"), &slow, (8, 12))
        .write(&path);
    let path = path.to_str().ok_or("a path")?.to_owned();
    Ok((folder, path))
}

fn ends(output: &Output, code: i32, words: &[&str]) -> Result<(), Failed> {
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(code) && words.iter().all(|word| said.contains(word)) {
        Ok(())
    } else {
        Err(format!("{:?} {said}, not {code} {words:?}", output.status).into())
    }
}

fn foreign() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("criterion");
    let named = out.to_str().ok_or("a path")?;
    let criterion = ["export", "--format", "criterion", "--out", named];
    // Its own files it replaces.
    ends(&copybench(&[&criterion[..], &[RECORD]].concat())?, 0, &[])?;
    ends(&copybench(&[&criterion[..], &[RECORD]].concat())?, 0, &[])?;
    let benchmark = out.join("ext4_dense_warm_new_none/mmap-write/1MiB/new/benchmark.json");
    let text = std::fs::read_to_string(&benchmark)?.replace("exported_by", "measured_by");
    std::fs::write(&benchmark, &text)?;
    let refused = copybench(&[&criterion[..], &[RECORD]].concat())?;
    ends(&refused, 2, &["mmap-write/1MiB/new/benchmark.json", "no file of an earlier export"])?;
    assert_eq!(std::fs::read_to_string(&benchmark)?, text);
    ends(&copybench(&[&criterion[..], &["--baseline", "main", RECORD]].concat())?, 0, &[])?;

    let odd = folder.path().join("odd.jsonl");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORD))?;
    std::fs::write(
        &odd,
        text.replace("\"mmap-write\"", "\"../../../..\"").replace("\"mmap-mmap\"", "\"..\""),
    )?;
    let inside = folder.path().join("a/b");
    let arguments = ["export", "--format", "criterion", "--out", inside.to_str().ok_or("a path")?];
    ends(&copybench(&[&arguments[..], &[odd.to_str().ok_or("a path")?]].concat())?, 0, &[])?;
    let beside: Vec<_> = std::fs::read_dir(folder.path())?.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(beside.len(), 3, "{beside:?}");
    assert_eq!(std::fs::read_dir(folder.path().join("a"))?.count(), 1);
    Ok(())
}

fn refused() -> Result<(), Failed> {
    for (arguments, words) in [
        (&["csv", "--out", "x", RECORD][..], &["csv is one text", "--out"][..]),
        (&["csv", "--strategy", "nobody*", RECORD], &["no strategy \"nobody*\""]),
        (&["criterion", "--out", "x", "--baseline", "a/b", RECORD], &["--baseline", "holds no /"]),
        (
            &["criterion", "--out", "x", "--baseline", "change", RECORD],
            &["--baseline", "no baseline of that name"],
        ),
    ] {
        ends(&copybench(&[&["export", "--format"], arguments].concat())?, 2, words)?;
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("one.jsonl");
    Synthetic::new(&HEAD, 1).rounds((CELL, "this"), &STRATEGIES, (1, 1)).write(&path);
    let path = path.to_str().ok_or("a path")?;
    ends(
        &copybench(&["export", "--format", "criterion", path])?,
        2,
        &["too few samples", "measure more rounds"],
    )?;
    Ok(())
}

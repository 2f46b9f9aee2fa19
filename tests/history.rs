//! Sixty nights of records: what `copybench history` and Apache Otava find in them.
//!
//! Otava is looked for in `COPYBENCH_OTAVA`, in target/otava and in PATH:
//! `python3 -m venv target/otava && target/otava/bin/pip install -r tests/otava.txt`.

#![allow(clippy::unwrap_used, reason = "tests")]

use libtest_mimic::{Arguments, Failed, Trial};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const NIGHTS: u32 = 60;
const CHANGE: u32 = 30;
/// Debian has no package of it.
const NO_OTAVA: &str = "otava is not installed: a venv with tests/otava.txt brings it";
const CELL: &str = "ext4|dense|1MiB|warm|new|none";

fn main() {
    let otava = otava();
    let with_otava = |name: &'static str, test: fn(&Path) -> Result<(), Failed>| {
        let program = otava.clone();
        let trial = Trial::test(name, move || program.as_deref().map_or(Ok(()), test));
        if otava.is_some() { trial } else { trial.with_kind(NO_OTAVA).with_ignored_flag(true) }
    };
    let trials = vec![
        Trial::test("a step is told with its commit, and nothing where there is none", told),
        Trial::test("machines that differ are series of their own", machines),
        Trial::test("mixed clocks are refused", clocks),
        Trial::test("the charts get the same series", charts),
        Trial::test("a gate shuts for what is slower for good, and opens again", gate),
        Trial::test("claims and compressed records beside others are no obstacle", beside),
        with_otava("otava finds a planted step in what is exported", step),
        with_otava("otava finds nothing where there is no step", no_step),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn otava() -> Option<PathBuf> {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/otava/bin/otava");
    let named = std::env::var_os("COPYBENCH_OTAVA").map(PathBuf::from);
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&paths).map(|folder| folder.join("otava"));
    named.into_iter().chain([made]).chain(in_path).find(|path| path.is_file())
}

/// Nights of three strategies, whose times wander together by some per cent and apart by one;
/// from the thirtieth on `sendfile` takes so much longer.
fn nights(slowed: f64, host: impl Fn(u32) -> &'static str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for night in 0..NIGHTS {
        let mut random = ChaCha8Rng::seed_from_u64(u64::from(night));
        let mut bell = |spread: f64| (0..6).map(|_| random.random::<f64>() - 0.5).sum::<f64>() * spread * 1.4;
        let day = format!("2026-{:02}-{:02}T02:00:00Z", 1 + night / 28, 1 + night % 28);
        let run = json!({
            "t": "run", "schema": "1.0", "id": format!("night{night}"), "started": day, "clock": "wall", "argv": [],
            "commit": {"sha": format!("{night:040x}"), "dirty": false},
            "host": {"label": host(night), "hash": host(night), "kernel": "6.12"}
        });
        let cell = json!({"t": "cell", "cell": CELL, "fs": {"source": "ext4", "target": "ext4"}, "layout": "dense",
            "size": 1 << 20, "cache": "warm", "dst": "new", "end": "none"});
        let mut text = format!("{run}\n{cell}\n");
        let strategies = ["read-write-256k", "sendfile", "mmap-write"];
        let level = bell(0.03);
        let own: Vec<f64> = strategies.iter().map(|_| bell(0.01)).collect();
        for round in 0..24 {
            let drift = bell(0.02);
            for (strategy, own) in strategies.iter().zip(&own) {
                let factor = if *strategy == "sendfile" && night >= CHANGE { 1.0 + slowed } else { 1.0 };
                let time = 1e5 * factor * (level + drift + own + bell(0.01)).exp();
                let sample = json!({"t": "sample", "cell": CELL, "strategy": strategy, "round": round, "position": 0,
                    "process": 1, "arm": "this", "elapsed": [time as u64], "bytes": 1 << 20, "shared_bytes": 0,
                    "allocated_bytes": 1 << 20, "verified": true, "counters": null});
                writeln!(text, "{sample}").unwrap();
            }
        }
        std::fs::write(directory.path().join(format!("{night:02}.jsonl")), text).unwrap();
    }
    directory
}

/// Standard output of a command that ends with `code`; of one that fails, what it said.
fn copybench(arguments: &[&str], records: &Path, code: i32) -> Result<String, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_copybench")).args(arguments).arg(records).output()?;
    let said = if code == 0 { &output.stdout } else { &output.stderr };
    if output.status.code() == Some(code) {
        Ok(String::from_utf8(said.clone())?)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
    }
}

fn told() -> Result<(), Failed> {
    let text = copybench(&["history"], nights(0.05, |_| "one").path(), 0)?;
    let lines: Vec<&str> = text.lines().collect();
    let [change, total] = lines[..] else { return Err(text.into()) };
    assert!(change.contains("sendfile slower since 2026-02-03T02:00:00Z (commit 000000000000)"), "{change}");
    assert_eq!(total, "1 changes in 3 series of 60 runs");
    let text = copybench(&["history"], nights(0.0, |_| "one").path(), 0)?;
    assert_eq!(text, "0 changes in 3 series of 60 runs\n");
    Ok(())
}

fn machines() -> Result<(), Failed> {
    // What looks like a step is another machine.
    let host = |night| if night < CHANGE { "one" } else { "two" };
    let text = copybench(&["history"], nights(0.05, host).path(), 0)?;
    assert!(
        text.ends_with(
            "0 changes in 6 series of 60 runs on 2 kinds of machine, which are series of their own\n"
        ),
        "{text}"
    );
    Ok(())
}

fn clocks() -> Result<(), Failed> {
    let directory = nights(0.0, |_| "one");
    let path = directory.path().join("59.jsonl");
    std::fs::write(&path, std::fs::read_to_string(&path)?.replacen("\"wall\"", "\"instructions\"", 1))?;
    let said = copybench(&["history"], directory.path(), 2)?;
    assert!(said.contains("mixed clocks: wall and instructions"), "{said}");
    Ok(())
}

fn charts() -> Result<(), Failed> {
    let data: Value = serde_json::from_str(&copybench(
        &["export", "--format", "chart"],
        nights(0.05, |_| "one").path(),
        0,
    )?)?;
    let history = data["history"].as_array().ok_or("no history")?;
    let sendfile = history.iter().find(|series| series["strategy"] == "sendfile").ok_or("no sendfile")?;
    assert_eq!(sendfile["points"].as_array().map(Vec::len), Some(60));
    assert_eq!(sendfile["changes"][0]["at"], 30);
    assert!(sendfile["points"][0]["low"].is_number() && sendfile["points"][0]["sha"].is_string());
    Ok(())
}

fn gate() -> Result<(), Failed> {
    for (slowed, code) in [(0.1, 1), (0.0, 0), (-0.1, 0)] {
        copybench(&["history", "--gate"], nights(slowed, |_| "host").path(), code)?;
    }
    Ok(())
}

fn beside() -> Result<(), Failed> {
    let records = nights(0.1, |_| "host");
    let plain = copybench(&["history"], records.path(), 0)?;
    std::fs::write(records.path().join("claims.jsonl"), "{\"id\":\"C01\",\"fs\":\"ext4\"}\n")?;
    let status = Command::new("gzip").arg(records.path().join("07.jsonl")).status();
    if status.is_ok_and(|status| status.success()) {
        assert!(records.path().join("07.jsonl.gz").exists());
    }
    assert_eq!(copybench(&["history"], records.path(), 0)?, plain);
    Ok(())
}

/// The change points of each series that Otava finds, by the name of the test.
fn analysed(program: &Path, slowed: f64) -> Result<Vec<(String, String)>, Failed> {
    let nights = nights(slowed, |_| "one");
    let out = tempfile::tempdir()?;
    let folder = out.path().to_str().ok_or("a path")?;
    copybench(&["export", "--format", "otava", "--out", folder], nights.path(), 0)?;
    let names: Value = serde_json::from_str(&std::fs::read_to_string(out.path().join("otava.yaml"))?)?;
    let mut found = Vec::new();
    for name in names["tests"].as_object().ok_or("no tests")?.keys() {
        let output = Command::new(program)
            .current_dir(out.path())
            .args([
                "analyze",
                "--config-file",
                "otava.yaml",
                "--since",
                "2000-01-01",
                "--output",
                "json",
                name,
            ])
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() || !text.contains('{') {
            return Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr)).into());
        }
        found.push((name.clone(), text));
    }
    Ok(found)
}

fn step(program: &Path) -> Result<(), Failed> {
    let found = analysed(program, 0.05)?;
    let (_, text) = found.iter().find(|(name, _)| name.ends_with("sendfile")).ok_or("no series")?;
    assert!(text.contains("relative") && text.contains("forward_change_percent"), "{text}");
    Ok(())
}

fn no_step(program: &Path) -> Result<(), Failed> {
    for (name, text) in analysed(program, 0.0)? {
        assert!(!text.contains("forward_change_percent"), "{name}: {text}");
    }
    Ok(())
}

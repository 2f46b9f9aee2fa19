use super::{Failed, RECORD, Shown, export, installed, python, said, two_sizes_and_arms};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/exports/hyperfine");

pub(super) fn hyperfine_scripts() -> Shown {
    let (folder, record) = two_sizes_and_arms()?;
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("whisker.json"), export(&["hyperfine", &record])?)?;
    for strategy in ["sendfile", "mmap-write"] {
        let text = export(&["hyperfine", "--strategy", strategy, &record])?;
        assert!(!text.contains("splice"), "{text}");
        std::fs::write(at(&format!("{strategy}.json")), text)?;
    }
    // Text stays text in the SVG, so that it can be looked for.
    std::fs::write(at("matplotlibrc"), "backend: Agg\nsvg.fonttype: none\n")?;
    let draw = |script: &str, arguments: &[&str]| {
        let mut command = Command::new(installed("python/bin/python"));
        said(command.current_dir(folder.path()).arg(Path::new(SCRIPTS).join(script)).args(arguments))
    };
    draw("plot_whisker.py", &["whisker.json", "-o", "whisker.svg"])?;
    let titles = ["--titles", "sendfile,mmap-write", "--log-x", "--log-time", "-o", "parametrized.svg"];
    draw("plot_parametrized.py", &[&["sendfile.json", "mmap-write.json"], &titles[..]].concat())?;
    shown("matplotlib", folder.path())
}

/// Two baselines, of which one has a slower sendfile.
pub(super) fn critcmp() -> Shown {
    let (folder, record) = two_sizes_and_arms()?;
    let out = folder.path().join("criterion");
    let out = out.to_str().ok_or("a path")?;
    export(&["criterion", "--out", out, "--baseline", "slowed", &record])?;
    export(&["criterion", "--out", out, RECORD])?;
    let mut critcmp = Command::new(installed("bin/critcmp"));
    let text = said(critcmp.arg("--target-dir").arg(folder.path()).args(["slowed", "new"]))?;
    let both = text.lines().find(|line| line.contains("/mmap-write/1MiB")).ok_or(text.as_str())?;
    // 110 and 275 µs.
    let ratio: f64 = both.split_whitespace().nth(1).ok_or("no ratio")?.parse()?;
    assert!((2.3..2.7).contains(&ratio) && both.contains("1.00") && both.contains("GB/sec"), "{text}");
    let rows = text.lines().filter(|line| line.starts_with("ext4/")).count();
    Ok(format!("{rows} benchmarks of two baselines, with ratios, deviations and throughput"))
}

pub(super) fn cargo_benchcmp() -> Shown {
    let (folder, record) = two_sizes_and_arms()?;
    let [new, old] = ["new.txt", "old.txt"].map(|name| folder.path().join(name));
    std::fs::write(&new, export(&["criterion", RECORD])?)?;
    std::fs::write(&old, export(&["criterion", &record])?)?;
    let text = said(Command::new(installed("bin/cargo-benchcmp")).arg("benchcmp").args([&old, &new]))?;
    let own =
        text.lines().find(|line| line.contains("/1MiB/warm/new/none/mmap-write")).ok_or(text.as_str())?;
    assert!(own.contains("x 0.4"), "{text}");
    let rows = text.lines().filter(|line| line.trim_start().starts_with("ext4/")).count();
    Ok(format!("{rows} benchmarks in both, each with difference and speed-up"))
}

pub(super) fn pandas() -> Shown {
    let folder = with_record()?;
    shown("pandas", folder.path())
}

/// The queries of docs/ci.md.
pub(super) fn duckdb() -> Shown {
    let folder = with_record()?;
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ci.md"))?;
    let queries: Vec<&str> = document
        .split("```sql\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|(sql, _)| sql)
        .collect();
    std::fs::write(folder.path().join("queries.sql"), queries.join("\n"))?;
    shown("duckdb", folder.path())
}

pub(super) fn junitparser() -> Shown {
    let (folder, record) = two_sizes_and_arms()?;
    let text =
        said(Command::new(env!("CARGO_BIN_EXE_copybench")).args(["compare", "--format", "junit", &record]))?;
    std::fs::write(folder.path().join("report.xml"), text)?;
    shown("junitparser", folder.path())
}

/// Every statistic lies in its interval, and every file is there.
pub(super) fn criterions_files() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    export(&["criterion", "--out", folder.path().to_str().ok_or("a path")?, RECORD])?;
    let mut benchmarks = 0;
    for directory in ["dense", "sparse"] {
        for strategy in std::fs::read_dir(folder.path().join(format!("ext4_{directory}_warm_new_none")))? {
            let at = strategy?.path().join("1MiB/new");
            let read = |name: &str| -> Result<Value, Failed> {
                Ok(serde_json::from_str(&std::fs::read_to_string(at.join(name))?)?)
            };
            let (estimates, sample) = (read("estimates.json")?, read("sample.json")?);
            let numbers = |value: &Value| value.as_array().map_or(0, Vec::len);
            assert_eq!(numbers(&sample["iters"]), numbers(&sample["times"]));
            assert_eq!(numbers(&read("tukey.json")?), 4);
            for name in ["mean", "median", "median_abs_dev", "std_dev"] {
                let estimate = &estimates[name];
                let interval = &estimate["confidence_interval"];
                let [low, high] = ["lower_bound", "upper_bound"].map(|end| interval[end].as_f64().unwrap());
                let point = estimate["point_estimate"].as_f64().unwrap();
                assert!(low <= point && point <= high, "{name}: {estimate}");
                assert!(estimate["standard_error"].as_f64().unwrap() > 0.0, "{name}: {estimate}");
            }
            let benchmark = read("benchmark.json")?;
            let id = benchmark["full_id"].as_str().ok_or("no id")?;
            assert!(id.ends_with("/1MiB") && benchmark["throughput"]["Bytes"] == 1 << 20, "{benchmark}");
            benchmarks += 1;
        }
    }
    assert_eq!(benchmarks, 10);
    Ok(())
}

/// The record, its CSV, and the record once more below runs/.
fn with_record() -> Result<tempfile::TempDir, Failed> {
    let folder = tempfile::tempdir()?;
    let record = Path::new(env!("CARGO_MANIFEST_DIR")).join(RECORD);
    std::fs::write(folder.path().join("run.csv"), export(&["csv", RECORD])?)?;
    std::fs::create_dir(folder.path().join("runs"))?;
    std::fs::copy(&record, folder.path().join("run.jsonl"))?;
    std::fs::copy(&record, folder.path().join("runs/run.jsonl"))?;
    Ok(folder)
}

fn shown(check: &str, folder: &Path) -> Shown {
    Ok(said(&mut python(check, folder))?.trim().to_owned())
}

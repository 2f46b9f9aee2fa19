//! Directories on what lies over other files: overlayfs, as containers have it, and FUSE. And what is
//! said where nothing tells whether a file is in the page cache.
//!
//! Mounts are made in a namespace of their own and end with the command.

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// What is run with a directory in which mounts are made.
type Test = fn(&Path) -> Result<(), Failed>;

/// What a test needs; the name of a program, or a thing that can be tried.
#[derive(Clone, Copy)]
enum Need {
    Program(&'static str),
    Overlay,
    Fuse(&'static str),
}

const TESTS: &[(&str, Need, Test)] = &[
    ("overlayfs: what works on its upper layer works on it", Need::Overlay, overlay_works),
    ("overlayfs: a source of either layer, or copied up, is warm and cold", Need::Overlay, overlay_sources),
    ("overlayfs: the page cache is told as it is", Need::Overlay, overlay_explained),
    (
        "bindfs: what works below works on it, and holes that it does not tell of are no error",
        Need::Fuse("bindfs"),
        |here| fuse(here, BINDFS),
    ),
    ("fuse-overlayfs: the same", Need::Fuse("fuse-overlayfs"), |here| fuse(here, FUSE_OVERLAYFS)),
    (
        "no residency: unconfirmed is said once, cold is skipped, the run goes on",
        Need::Program("python3"),
        untold,
    ),
    (
        "one call for residency refused: the other is believed, and nothing is said",
        Need::Program("python3"),
        told,
    ),
];

/// Each makes the mount `m`.
const OVERLAY: &str = "mount -t overlay -o lowerdir=l,upperdir=u,workdir=w$OPTIONS o m";
const BINDFS: &str = "bindfs l m";
const FUSE_OVERLAYFS: &str = "fuse-overlayfs -o lowerdir=l,upperdir=u,workdir=w m";
const COPIES: &str =
    "$C run --rounds 1 --processes 1 --no-limits --strategy read-write-64k,sendfile --out r.jsonl";

fn main() {
    let trials = TESTS.iter().map(|&(name, need, test)| {
        let trial = Trial::test(name, move || test(here()?.path()));
        match missing(need) {
            Some(why) => trial.with_kind(why).with_ignored_flag(true),
            None => trial,
        }
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

/// Why a test cannot be run here.
fn missing(need: Need) -> Option<String> {
    let runs = |program: &str, argument: &str| {
        let mut command = Command::new(program);
        command.arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    let tried = |script: &str| match here().and_then(|here| mounted(here.path(), script)) {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(errors(&output).trim().to_owned()),
        Err(error) => Some(error.message().unwrap_or_default().to_owned()),
    };
    match need {
        Need::Program(program) => (!runs(program, "--version")).then(|| format!("install {program}")),
        Need::Overlay => tried(OVERLAY).map(|why| format!("no overlayfs for this user: {why}")),
        Need::Fuse(program) if !runs(program, "--version") => Some(format!("install {program}")),
        Need::Fuse("bindfs") => tried(&format!("{BINDFS}; umount m")).map(|why| format!("no FUSE: {why}")),
        Need::Fuse(_) => tried(&format!("{FUSE_OVERLAYFS}; umount m")).map(|why| format!("no FUSE: {why}")),
    }
}

/// A directory with a file in the lower layer, `l`, and what else mounts need.
fn here() -> Result<TempDir, Failed> {
    let parent = std::env::var_os("COPYBENCH_DIR").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    let here = TempDir::new_in(parent)?;
    for name in ["l", "u", "w", "m"] {
        fs::create_dir(here.path().join(name))?;
    }
    let bytes: Vec<u8> = (0..1_u32 << 20).map(|at| (at % 251) as u8).collect();
    for name in ["lower", "copied-up"] {
        fs::write(here.path().join("l").join(name), &bytes)?;
    }
    Ok(here)
}

/// A shell command in a mount namespace of its own, and for an ordinary user one of users, who is
/// root in it; `$C` is copybench.
fn mounted(here: &Path, script: &str) -> Result<Output, Failed> {
    let root = rustix::process::geteuid().is_root();
    let mut command = Command::new("unshare");
    command.args(if root { &["--mount"][..] } else { &["--mount", "--user", "--map-root-user"] });
    let variables = std::env::vars().filter(|(name, _)| name.starts_with("COPYBENCH_"));
    for (name, _) in variables {
        command.env_remove(name);
    }
    command.args(["sh", "-ec", script]).current_dir(here);
    // In a namespace of users, overlayfs keeps what it has to note in attributes of users.
    command.env("OPTIONS", if root { "" } else { ",userxattr" });
    Ok(command.env("C", env!("CARGO_BIN_EXE_copybench")).output()?)
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn expect(condition: bool, found: impl Into<String>) -> Result<(), Failed> {
    if condition { Ok(()) } else { Err(found.into().into()) }
}

fn succeeded(output: &Output) -> Result<(), Failed> {
    expect(output.status.success(), format!("{}: {}", output.status, errors(output)))
}

/// Reasons of the strategies that do not work, by name; empty for those that do.
fn list(here: &Path, script: &str) -> Result<BTreeMap<String, String>, Failed> {
    let output = mounted(here, script)?;
    succeeded(&output)?;
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    Ok(rows.iter().map(|row| (text(row, "name"), text(row, "reason"))).collect())
}

fn record(here: &Path) -> Result<Vec<Value>, Failed> {
    let text = fs::read_to_string(here.join("r.jsonl"))?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// How many strategies work, and fail where one is refused on the mount but for what a file system has to
/// offer itself.
fn as_below(here: &Path, mount: &str, unmount: &str) -> Result<usize, Failed> {
    let below = list(here, "exec $C list --json --dir u")?;
    let above = list(here, &format!("{mount}; $C list --json --dir m; {unmount}"))?;
    let worse = above.iter().find(|(name, reason)| {
        !reason.is_empty() && below[*name].is_empty() && !reason.contains("EOPNOTSUPP")
    });
    expect(worse.is_none(), format!("{worse:?}"))?;
    Ok(above.values().filter(|reason| reason.is_empty()).count())
}

fn overlay_works(here: &Path) -> Result<(), Failed> {
    let works = as_below(here, OVERLAY, "true")?;
    expect(works >= 80, format!("{works} work"))
}

fn overlay_sources(here: &Path) -> Result<(), Failed> {
    for source in ["lower", "copied-up", "upper"] {
        let script = format!(
            "{OVERLAY}; touch m/copied-up; cp m/lower m/upper
            exec {COPIES} --dir m --cache warm,cold --source m/{source}"
        );
        let output = mounted(here, &script)?;
        succeeded(&output)?;
        let lines = record(here)?;
        fs::remove_file(here.join("r.jsonl"))?;
        expect(lines[0]["unconfirmed"].is_null(), lines[0].to_string())?;
        let samples = |cache: &str| {
            let of = |line: &&Value| {
                line["t"] == "sample" && line["cell"].as_str().is_some_and(|cell| cell.contains(cache))
            };
            lines.iter().filter(of).count()
        };
        expect(samples("|warm|") >= 4, format!("{source}: {lines:?}"))?;
        // Layers on tmpfs have no cold state, and the skip says so.
        let cold = samples("|cold|") >= 4
            || lines.iter().any(|line| line["t"] == "skip" && line.to_string().contains("made cold"));
        expect(cold, format!("{source}: {lines:?}"))?;
        let observed = lines.iter().find_map(|line| line["counters"]["source_cached_bytes"].as_u64());
        expect(observed == Some(1 << 20), format!("{source}: {observed:?} bytes are cached"))?;
    }
    Ok(())
}

fn overlay_explained(here: &Path) -> Result<(), Failed> {
    let script = format!("{OVERLAY}; exec $C explain sendfile --layout dense --size 1MiB --json --dir m");
    let output = mounted(here, &script)?;
    succeeded(&output)?;
    let found: Value = serde_json::from_slice(&output.stdout)?;
    let cache = &found["page_cache"];
    expect(cache["before"]["source"] == 1 << 20 && cache["after"]["target"] == 1 << 20, cache.to_string())
}

fn fuse(here: &Path, mount: &str) -> Result<(), Failed> {
    let works = as_below(here, mount, "umount m")?;
    expect(works >= 75, format!("{works} work"))?;
    let layouts = "sparse,dense,pattern,holes";
    let run =
        format!("{mount}; {COPIES} --dir m --size 64KiB --cache warm,cold --layout {layouts}; umount m");
    succeeded(&mounted(here, &run)?)?;
    let lines = record(here)?;
    let of = |kind: &str| lines.iter().filter(|line| line["t"] == kind).count();
    expect(of("cell") == 8 && of("sample") >= 32 && of("skip") == 0, format!("{lines:?}"))?;
    let level = lines.iter().find_map(|line| line["cold_level"].as_str()).unwrap_or_default();
    expect(level.contains("server"), level)
}

/// `run` where the calls are refused that tell of residency.
fn run_without(calls: &[libc::c_long], here: &Path) -> Result<Output, Failed> {
    let deny = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/deny.py");
    let refused = calls.iter().map(|call| format!("python3 {deny} {call} {} 2 0 ", libc::EPERM));
    let prefix: String = refused.collect();
    let script = format!("exec {prefix}{COPIES} --dir u --layout dense --size 64KiB --cache warm,cold");
    mounted(here, &script)
}

/// libc does not name it on every architecture, and it has one number on all.
const SYS_CACHESTAT: libc::c_long = 451;

fn untold(here: &Path) -> Result<(), Failed> {
    let output = run_without(&[SYS_CACHESTAT, libc::SYS_mincore], here)?;
    succeeded(&output)?;
    let said = errors(&output);
    expect(said.matches("is unconfirmed").count() == 1, &said)?;
    let lines = record(here)?;
    let why = lines[0]["unconfirmed"].as_str().unwrap_or_default();
    expect(why.contains("cachestat says EPERM") && why.contains("mincore says EPERM"), why)?;
    let cells = |kind: &str| -> Vec<&str> {
        let of = lines.iter().filter(|line| line["t"] == kind);
        of.filter_map(|line| line["cell"].as_str()).filter(|cell| cell.contains("|cold|")).collect()
    };
    expect(cells("sample").is_empty() && !cells("skip").is_empty(), format!("{lines:?}"))?;
    let warm = lines.iter().filter(|line| line["t"] == "sample").count();
    expect(warm >= 4, format!("{lines:?}"))?;
    let report = mounted(here, "exec $C report r.jsonl")?;
    let told = String::from_utf8_lossy(&report.stdout).into_owned();
    expect(told.contains("That it was warm is unconfirmed"), told)
}

fn told(here: &Path) -> Result<(), Failed> {
    for calls in [&[SYS_CACHESTAT][..], &[libc::SYS_mincore]] {
        // Before Linux 6.5 there is one of them.
        let output = run_without(calls, here)?;
        succeeded(&output)?;
        let lines = record(here)?;
        fs::remove_file(here.join("r.jsonl"))?;
        let old = calls == [libc::SYS_mincore] && !lines[0]["unconfirmed"].is_null();
        expect(old || !errors(&output).contains("unconfirmed"), errors(&output))?;
    }
    Ok(())
}

//! Environments that do not fit, provoked for real: what is concerned is named with reason and
//! hint, and the rest runs.
//!
//! Mounts are made in a mount namespace of their own and end with the command.

#[path = "common/executable.rs"]
mod executable;
#[path = "common/tools.rs"]
mod tools;

use copybench::sys::errno::name;
use executable::copy_executable;
use libtest_mimic::{Arguments, Failed, Trial};
use rustix::io::Errno;
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

type Test = fn(&Path) -> Result<(), Failed>;

const AS_ANYONE: [(&str, Test); 4] = [
    ("a file system without O_TMPFILE takes named files that are gone at once", no_unnamed_files),
    ("io_uring forbidden: its strategies say so, all others work", no_io_uring),
    ("perf events forbidden: calls are not counted, said once, the rest is", no_perf_events),
    ("copy_file_range hidden: its strategies say so, all others work", no_copy_file_range),
];

const AS_ROOT: [(&str, Test); 6] = [
    ("a user without privileges measures, and learns what would count calls", unprivileged),
    ("a directory of somebody else is refused with the hint", not_writable),
    ("a read-only mount is refused with the hint", read_only),
    ("a full directory is refused with the hint", full),
    ("too little space for a cell is said with the figures, and other cells run", nearly_full),
    ("between two mounts, what needs one says so, all others work", two_mounts),
];

const SMALL: &str = "run --rounds 1 --no-limits --layout dense --size 64KiB --out r.jsonl";
/// Of `openat(2)`, the bit that `O_TMPFILE` adds to `O_DIRECTORY`.
const O_TMPFILE: u32 = 0x40_0000;

/// A refused call without which a strategy has no workspace: its number, the argument whose bits decide
/// and the bits, the errno; the strategy, and the hint that its skip must give.
const WORKSPACES: [(libc::c_long, [u32; 2], Errno, &str, &str); 7] = [
    (libc::SYS_io_uring_setup, [0, 0], Errno::PERM, "io-uring-q8-128k", "io_uring_disabled"),
    (libc::SYS_io_uring_setup, [0, 0], Errno::MFILE, "io-uring-q8-128k", "ulimit -n"),
    (libc::SYS_io_uring_register, [0, 0], Errno::NOMEM, "io-uring-fixed-q8-128k", "ulimit -l"),
    (libc::SYS_io_setup, [0, 0], Errno::AGAIN, "aio-direct-q8-1m", "aio-max-nr"),
    (libc::SYS_pipe2, [0, 0], Errno::MFILE, "splice-64k", "ulimit -n"),
    // Mappings of 8 MiB.
    (libc::SYS_mmap, [1, 8 << 20], Errno::NOMEM, "read-write-8m", "ulimit -v"),
    // CLONE_THREAD; clone3 is unknown, so that its flags can be seen.
    (libc::SYS_clone, [0, 0x1_0000], Errno::AGAIN, "threads-2-pread-pwrite", "ulimit -u"),
];

fn main() {
    let trial = |(name, test): (&'static str, Test), lacking: Option<String>| {
        let trial = Trial::test(name, move || {
            let here = tempfile::tempdir_in("/var/tmp")?;
            fs::set_permissions(here.path(), Permissions::from_mode(0o777))?;
            test(here.path())
        });
        let trial = trial.with_ignored_flag(lacking.is_some());
        trial.with_kind(lacking.unwrap_or_default())
    };
    // What is denied is denied by a script.
    let denied = AS_ANYONE.map(|row| trial(row, tools::missing(&["python3"])));
    let as_root = AS_ROOT.map(|row| trial(row, tools::no_mounts()));
    let refused = unavailable();
    let workspaces = WORKSPACES.map(|row| {
        let (_, _, errno, strategy, _) = row;
        let lacking = refused.iter().find(|(name, _)| name == strategy);
        let lacking = lacking.map(|(name, reason)| format!("{name} does not work here: {reason}"));
        let name = format!(
            "{strategy} without a workspace ({}): skipped by name, kept and fresh",
            name(errno).unwrap_or("?")
        );
        let trial = Trial::test(name, move || no_workspace(tempfile::tempdir_in("/var/tmp")?.path(), row));
        let lacking = tools::missing(&["python3"]).or(lacking);
        trial.with_ignored_flag(lacking.is_some()).with_kind(lacking.unwrap_or_default())
    });
    let trials = denied.into_iter().chain(as_root).chain(workspaces).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// `program` with arguments, in `here`, without what the caller's environment says of copybench.
fn command(here: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("COPYBENCH_")) {
        command.env_remove(name);
    }
    command.current_dir(here).args(arguments);
    command
}

fn copybench(here: &Path, arguments: &str) -> Command {
    command(here, env!("CARGO_BIN_EXE_copybench"), &arguments.split(' ').collect::<Vec<_>>())
}

/// Copybench where `call` is refused with `errno`; only where argument 2 has a bit of `mask`, if
/// there is one.
fn denied(here: &Path, call: libc::c_long, errno: Errno, mask: u32, arguments: &str) -> Command {
    let deny = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/deny.py");
    let numbers = [call.to_string(), errno.raw_os_error().to_string(), "2".to_owned(), mask.to_string()];
    let mut command = command(here, "python3", &[deny]);
    command.args(numbers).arg(env!("CARGO_BIN_EXE_copybench")).args(arguments.split(' '));
    command
}

/// A shell command after mounts in a namespace of its own; `$C` is copybench.
fn mounted(here: &Path, script: &str) -> Result<Output, Failed> {
    let mut command = command(here, "unshare", &["--mount", "sh", "-ec", script]);
    Ok(command.env("C", env!("CARGO_BIN_EXE_copybench")).output()?)
}

/// Copybench for nobody, whom permission bits bind.
fn as_nobody(here: &Path, arguments: &str) -> Result<Output, Failed> {
    let reachable = TempDir::new_in("/var/tmp")?;
    fs::set_permissions(reachable.path(), Permissions::from_mode(0o755))?;
    let executable = reachable.path().join("copybench");
    copy_executable(&executable)?;
    let executable = executable.to_str().ok_or("a path that is no text")?;
    let mut command = command(here, executable, &arguments.split(' ').collect::<Vec<_>>());
    Ok(command.uid(65534).gid(65534).output()?)
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn expect(condition: bool, found: &str) -> Result<(), Failed> {
    if condition { Ok(()) } else { Err(found.to_owned().into()) }
}

/// Exit code and words of a refusal.
fn refused(output: &Output, words: &[&str]) -> Result<(), Failed> {
    let said = errors(output);
    expect(output.status.code() == Some(2), &format!("{}: {said}", output.status))?;
    words.iter().try_for_each(|word| expect(said.contains(word), &format!("no {word:?} in {said}")))
}

fn record(here: &Path) -> Result<Vec<Value>, Failed> {
    let text = fs::read_to_string(here.join("r.jsonl"))?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// Rows of `list --json` that are available, and the names and reasons of those that are not.
fn list(output: &Output) -> Result<(usize, Vec<(String, String)>), Failed> {
    expect(output.status.success(), &errors(output))?;
    let rows: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let (available, refused): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row["available"] == true);
    Ok((available.len(), refused.iter().map(|row| (text(row, "name"), text(row, "reason"))).collect()))
}

/// Whatever is refused but was not before has `errno` and `hint` in its reason; something is.
fn newly_refused(before: &Output, after: &Output, errno: Errno, hint: &str) -> Result<(), Failed> {
    let (_, before) = list(before)?;
    let (available, after) = list(after)?;
    let new: Vec<_> = after.iter().filter(|row| !before.iter().any(|(name, _)| *name == row.0)).collect();
    expect(!new.is_empty() && available > new.len(), &format!("{available} available, {new:?}"))?;
    let errno = name(errno).unwrap_or_default();
    let silent = new.iter().find(|(_, reason)| !reason.contains(errno) || !reason.contains(hint));
    expect(silent.is_none(), &format!("{silent:?}"))
}

fn no_unnamed_files(here: &Path) -> Result<(), Failed> {
    let arguments = format!("{SMALL} --strategy read-write-64k,mmap-mmap,std-fs-copy --dst new,overwrite");
    let output = denied(here, libc::SYS_openat, Errno::OPNOTSUPP, O_TMPFILE, &arguments).output()?;
    expect(output.status.success(), &errors(&output))?;
    let samples = record(here)?.iter().filter(|line| line["t"] == "sample").count();
    expect(samples >= 12, &format!("{samples} samples"))?;
    expect(fs::read_dir(here)?.count() == 1, "something but the record is left")
}

fn no_io_uring(here: &Path) -> Result<(), Failed> {
    let before = copybench(here, "list --json").output()?;
    let after = denied(here, libc::SYS_io_uring_setup, Errno::PERM, 0, "list --json").output()?;
    if list(&before)?.1.iter().any(|(name, _)| name == "io-uring-q8-128k") {
        // Forbidden on this machine already, so there is nothing to compare with.
        return Ok(());
    }
    newly_refused(&before, &after, Errno::PERM, "io_uring_disabled")
}

/// What does not work on this machine as it is, with the reasons.
fn unavailable() -> Vec<(String, String)> {
    let output = copybench(Path::new("/var/tmp"), "list --json").output();
    output
        .map_err(Failed::from)
        .and_then(|output| list(&output))
        .map(|(_, refused)| refused)
        .unwrap_or_default()
}

fn no_workspace(
    here: &Path,
    (call, [argument, bits], errno, strategy, hint): (libc::c_long, [u32; 2], Errno, &str, &str),
) -> Result<(), Failed> {
    let deny = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/deny.py");
    let numbers = |call: libc::c_long, errno: Errno, argument: u32, bits: u32| {
        [call.to_string(), errno.raw_os_error().to_string(), argument.to_string(), bits.to_string()]
    };
    let copybench = |arguments: &str| {
        let mut command = command(here, "python3", &[deny]);
        command.args(numbers(libc::SYS_clone3, Errno::NOSYS, 0, 0)).args(["python3", deny]);
        command.args(numbers(call, errno, argument, bits)).arg(env!("CARGO_BIN_EXE_copybench"));
        command.args(arguments.split(' ')).output()
    };
    let arguments = format!("{SMALL} --processes 1 --setup kept,fresh --strategy read-write-64k,{strategy}");
    let planned = copybench(&format!("{arguments} --dry-run"))?;
    let plan = String::from_utf8_lossy(&planned.stdout).into_owned();
    let told = plan.lines().filter(|line| line.contains(&format!("without {strategy}:"))).collect::<Vec<_>>();
    expect(
        told.len() == 2 && told.iter().all(|line| line.contains(hint)),
        &(plan.clone() + &errors(&planned)),
    )?;

    let output = copybench(&arguments)?;
    expect(output.status.success(), &errors(&output))?;
    expect(errors(&output).contains(strategy), &errors(&output))?;
    let lines = record(here)?;
    for cell in ["warm|new|none", "warm|new|none|fresh"] {
        let here = |line: &&Value| line["cell"].as_str().is_some_and(|id| id.ends_with(cell));
        let lines: Vec<&Value> = lines.iter().filter(here).collect();
        let found = format!("{cell}: {lines:?}");
        let first = lines.iter().find(|line| line["t"] != "cell").ok_or("an empty cell")?;
        expect(first["t"] == "skip" && first["strategy"] == strategy, &found)?;
        expect(first["errno"] == name(errno).unwrap_or_default(), &found)?;
        expect(first["reason"].as_str().is_some_and(|reason| reason.contains(hint)), &found)?;
        let samples =
            |of: &str| lines.iter().filter(|line| line["t"] == "sample" && line["strategy"] == of).count();
        expect(samples(strategy) == 0 && samples("read-write-64k") > 0, &found)?;
    }
    Ok(())
}

fn no_copy_file_range(here: &Path) -> Result<(), Failed> {
    let before = copybench(here, "list --json").output()?;
    let after = denied(here, libc::SYS_copy_file_range, Errno::NOSYS, 0, "list --json").output()?;
    newly_refused(&before, &after, Errno::NOSYS, "copy_file_range")
}

/// The calls are not counted, which is said once on standard error and in the run's line.
fn calls_are_missed(here: &Path, output: &Output, words: &[&str]) -> Result<(), Failed> {
    let said = errors(output);
    expect(output.status.success(), &said)?;
    expect(said.matches("system-calls").count() == 1, &said)?;
    let lines = record(here)?;
    let told = lines[0]["observers"]["system-calls"].to_string();
    for word in words {
        expect(said.contains(word) && told.contains(word), &format!("no {word:?} in {said} or {told}"))?;
    }
    let observed: Vec<_> = lines.iter().filter(|line| line["elapsed"] == Value::Array(Vec::new())).collect();
    expect(!observed.is_empty(), "no sample was observed")?;
    for line in observed {
        let counters = &line["counters"];
        expect(counters["calls.total"].is_null(), &line.to_string())?;
        expect(counters["source_cached_bytes"] == 65536, &line.to_string())?;
    }
    Ok(())
}

fn no_perf_events(here: &Path) -> Result<(), Failed> {
    let arguments = format!("{SMALL} --strategy read-write-64k,read-write-4k");
    let output = denied(here, libc::SYS_perf_event_open, Errno::PERM, 0, &arguments).output()?;
    calls_are_missed(here, &output, &["EPERM", "perf_event_paranoid", "seccomp"])
}

fn unprivileged(here: &Path) -> Result<(), Failed> {
    let output = as_nobody(here, &format!("{SMALL} --strategy read-write-64k,read-write-4k"))?;
    calls_are_missed(here, &output, &["EACCES", "run as root"])
}

fn not_writable(here: &Path) -> Result<(), Failed> {
    fs::create_dir(here.join("closed"))?;
    let output = as_nobody(here, "run --dir closed")?;
    refused(&output, &["closed", "Permission denied", "COPYBENCH_DIR"])
}

fn read_only(here: &Path) -> Result<(), Failed> {
    let script = "mkdir m; mount -t tmpfs -o ro,size=1m t m; exec $C list --dir . --to m";
    refused(&mounted(here, script)?, &["Read-only file system", "--to"])
}

fn full(here: &Path) -> Result<(), Failed> {
    let script = "mkdir m; mount -t tmpfs -o size=64k t m; cat /dev/zero >m/zeros 2>/dev/null || true
        exec $C list --dir m";
    refused(&mounted(here, script)?, &["ENOSPC", "free some space"])
}

fn nearly_full(here: &Path) -> Result<(), Failed> {
    let script = "mkdir m; mount -t tmpfs -o size=20m t m
        exec $C run --rounds 1 --no-limits --layout dense --size 64KiB,16MiB --strategy mmap-mmap --dir m \\
            --out r.jsonl";
    let output = mounted(here, script)?;
    expect(output.status.success(), &errors(&output))?;
    for word in ["16MiB", "need 40 MiB", "20 MiB are free", "--dir"] {
        expect(errors(&output).contains(word), &errors(&output))?;
    }
    let cells: Vec<_> = record(here)?.into_iter().filter(|line| line["t"] == "sample").collect();
    expect(!cells.is_empty(), "the small cell was not measured")
}

fn two_mounts(here: &Path) -> Result<(), Failed> {
    let script = "mkdir a b; mount -t tmpfs t a; mount -t tmpfs t b; exec $C list --json --dir a --to ";
    let (one, two) =
        (mounted(here, &format!("{script} a"))?, mounted(here, &format!("rmdir a b; {script} b"))?);
    newly_refused(&one, &two, Errno::XDEV, "the same mount")
}

//! Small, odd and broken environments: every command gives an answer or a clear error there, and
//! never dies. What answers where stands in docs/environments.md.
//!
//! `COPYBENCH_ENVIRONMENTS=all` adds the commands that take many seconds, which the document leaves out;
//! `COPYBENCH_BLESS=1` writes it anew.

#![allow(clippy::expect_used, reason = "a test that cannot begin has failed")]

#[path = "common/executable.rs"]
mod executable;

use executable::copy_executable;
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// Name in the document, and arguments; files are those that [`prepare`] makes.
const COMMANDS: &[(&str, &str)] = &[
    ("--help", "--help"),
    ("--version", "--version"),
    ("list", "list"),
    ("copy", "copy source target"),
    ("copy --strategy", "copy --strategy threads-2-pread-pwrite source other-target"),
    ("explain", "explain mmap-mmap --size 64KiB"),
    (
        "run",
        "run --rounds 1 --no-limits --layout dense --size 64KiB --strategy read-write-64k,mmap-mmap --out new.jsonl",
    ),
    (
        "run --against",
        "run --against COPYBENCH --rounds 1 --processes 1 --layout dense --size 64KiB --strategy mmap-mmap --out two.jsonl",
    ),
    (
        "run --command",
        "run --rounds 1 --no-limits --layout dense --size 64KiB --strategy read-write-64k --command 'leaves=sh -c \"sleep 9 & cp $0 $1\" {source} {target}' --out commands.jsonl",
    ),
    ("compare", "compare run.jsonl run.jsonl"),
    ("report", "report run.jsonl"),
    ("history", "history run.jsonl"),
    ("export", "export --format csv run.jsonl"),
    ("chart", "chart run.jsonl"),
    ("completions", "completions bash"),
    ("worker", "worker"),
    ("kernels", "kernels --kernel none.deb"),
    ("no such command", "measure"),
];

/// Those that measure for longer; they must not die.
const LONG: &[(&str, &str)] = &[
    ("lab", "lab"),
    ("calibrate", "calibrate --trials 1 --budget 1s"),
    ("claims", "claims --only C01 --budget 1s"),
    ("recommend", "recommend --size 64KiB"),
];

/// What a shell does before `exec "$@"`, the command that is tried.
struct Environment {
    name: &'static str,
    script: &'static str,
    needs: Needs,
    streams: Streams,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// Mounts in a namespace of its own.
    Mounts,
    /// A user whom limits bind, which only root can become.
    Nobody,
    /// A program, and the package of Debian that holds it.
    Program(&'static str, &'static str),
    /// The library that lies about the time.
    FakeTime,
}

/// Which of the standard streams cannot be written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Streams {
    Whole,
    /// The reader of standard output is gone.
    NoReader,
    /// The reader of standard error is gone.
    NoReaderOfErrors,
}

const fn shell(name: &'static str, script: &'static str) -> Environment {
    needing(Needs::Nothing, name, script)
}

const fn needing(needs: Needs, name: &'static str, script: &'static str) -> Environment {
    Environment { name, script, needs, streams: Streams::Whole }
}

const PYTHON: Needs = Needs::Program("python3", "python3");
const UTIL_LINUX: Needs = Needs::Program("taskset", "util-linux");
const SCRIPT: Needs = Needs::Program("script", "bsdutils");
const LIBFAKETIME: &str = "/usr/lib/*/faketime/libfaketime.so.1";

/// The first is the machine as it is: what gives no answer there is not expected to elsewhere.
const ENVIRONMENTS: &[Environment] = &[
    shell("as it is", r#"exec "$@""#),
    shell("32 open files", r#"ulimit -n 32; exec "$@""#),
    shell("16 open files", r#"ulimit -n 16; exec "$@""#),
    shell("10 open files", r#"ulimit -n 10; exec "$@""#),
    shell("8 open files", r#"ulimit -n 8; exec "$@""#),
    shell("80 MB of address space", r#"ulimit -v 80000; exec "$@""#),
    shell("files of 16 KiB at most", r#"ulimit -f 16; exec "$@""#),
    shell("no locked memory", r#"ulimit -l 0; exec "$@""#),
    shell("256 KiB of stack", r#"ulimit -s 256; exec "$@""#),
    needing(Needs::Nobody, "no further process or thread (`ulimit -u`)", r#"exec prlimit --nproc=0 "$@""#),
    needing(PYTHON, "clone3 refused with EPERM", r#"exec python3 "$DENY" 435 1 0 0 "$@""#),
    needing(PYTHON, "clone3 unknown", r#"exec python3 "$DENY" 435 38 0 0 "$@""#),
    needing(
        PYTHON,
        "threads refused",
        r#"exec python3 "$DENY" 435 38 0 0 python3 "$DENY" "$CLONE" 1 0 65536 "$@""#,
    ),
    needing(
        PYTHON,
        "threads and processes refused",
        r#"exec python3 "$DENY" 435 1 0 0 python3 "$DENY" "$CLONE" 1 0 0 python3 "$DENY" "$FORK" 1 0 0 "$@""#,
    ),
    needing(UTIL_LINUX, "one processor", r#"exec taskset --cpu-list 0 "$@""#),
    needing(
        Needs::Mounts,
        "a PID namespace of a session outside",
        r#"exec unshare --pid --fork --mount-proc "$@""#,
    ),
    needing(Needs::Mounts, "no /proc", r#"mount -t tmpfs t /proc; exec "$@""#),
    needing(Needs::Mounts, "no /sys", r#"mount -t tmpfs t /sys; exec "$@""#),
    needing(
        Needs::Mounts,
        "no /dev but null",
        r#"mount -t tmpfs t /dev; mknod -m 666 /dev/null c 1 3; exec "$@""#,
    ),
    needing(
        Needs::Mounts,
        "a full /tmp",
        // The repository may be below it, and is needed.
        r#"case $PWD in /tmp/*) kept=${PWD#/tmp/}; kept=/tmp/${kept%%/*}; exec 8<"$kept" ;; esac
        mount -t tmpfs -o size=4k t /tmp; echo >/tmp/full
        [ -z "$kept" ] || { mkdir "$kept"; mount --no-canonicalize --rbind /proc/self/fd/8 "$kept"; cd "$PWD"; exec 8<&-; }
        exec "$@""#,
    ),
    needing(
        Needs::Mounts,
        "a full disk",
        r#"mkdir full; mount -t tmpfs -o size=1m t full; cp source run.jsonl full; cd full
        cat /dev/zero >zeros 2>/dev/null || true; exec "$@""#,
    ),
    needing(
        Needs::Mounts,
        "a read-only disk",
        r#"mkdir ro; mount -t tmpfs t ro; cp source run.jsonl ro; mount -o remount,ro ro; cd ro; exec "$@""#,
    ),
    needing(
        Needs::Mounts,
        "a read-only home",
        r#"mkdir home; mount -t tmpfs -o ro t home; unset XDG_CACHE_HOME; HOME=$PWD/home exec "$@""#,
    ),
    shell("no variables", r#"exec env -i COPYBENCH_PYTHON=/bin/true "$@""#),
    shell("empty variables", r#"HOME= PATH= XDG_CACHE_HOME= TMPDIR= COPYBENCH_DIR= exec "$@""#),
    shell("an unknown locale", r#"LC_ALL=tlh_QQ.EBCDIC LANG=x LANGUAGE=y exec "$@""#),
    shell(
        "variables that are no UTF-8",
        r#"x=$(printf '\377'); HOME=/$x XDG_CACHE_HOME=/$x PATH=$PATH:$x TMPDIR=$x LANG=$x COPYBENCH_SIZES=$x exec "$@""#,
    ),
    shell("an argument that is no UTF-8", r#"exec "$@" "$(printf '\377')""#),
    shell(
        "a directory whose name is no UTF-8",
        r#"d=$(printf '\377'); mkdir "$d"; cp source run.jsonl "$d"; cd "$d"; exec "$@""#,
    ),
    shell("a current directory that is gone", r#"mkdir gone; cd gone; rmdir ../gone; exec "$@""#),
    needing(
        SCRIPT,
        "a dumb terminal",
        r#"TERM=dumb exec script --quiet --return --command "$LINE" /dev/null"#,
    ),
    needing(
        SCRIPT,
        "a terminal of no kind",
        r#"unset TERM; exec script --quiet --return --command "$LINE" /dev/null"#,
    ),
    needing(
        SCRIPT,
        "a terminal of one column",
        r#"exec script --quiet --return --command "stty cols 1 rows 1; $LINE" /dev/null"#,
    ),
    needing(
        Needs::FakeTime,
        "the year 1960",
        r#"export FAKETIME='1960-02-03 04:05:06'; LD_PRELOAD=$FAKE exec "$@""#,
    ),
    needing(
        Needs::FakeTime,
        "the year 10020",
        r#"export FAKETIME='+252000000000'; LD_PRELOAD=$FAKE exec "$@""#,
    ),
    shell("standard input closed", r#"exec "$@" <&-"#),
    shell("standard output closed", r#"exec "$@" >&-"#),
    shell("standard error closed", r#"exec "$@" 2>&-"#),
    shell("all streams closed", r#"exec "$@" <&- >&- 2>&-"#),
    shell("standard output full", r#"exec "$@" >/dev/full"#),
    shell("standard error full", r#"exec "$@" 2>/dev/full"#),
    shell("both full", r#"exec "$@" >/dev/full 2>/dev/full"#),
    Environment { streams: Streams::NoReader, ..shell("nobody reads standard output", r#"exec "$@""#) },
    Environment {
        streams: Streams::NoReaderOfErrors,
        ..shell("nobody reads standard error", r#"exec "$@""#)
    },
];

/// By environment and command: the exit codes found.
type Found = BTreeMap<(usize, &'static str), i32>;

fn main() {
    let arguments = Arguments::from_args();
    let all = std::env::var_os("COPYBENCH_ENVIRONMENTS").is_some_and(|which| which == "all");
    let found = Arc::new(Mutex::new(Found::new()));
    let document = fs::read_to_string(path()).unwrap_or_default();
    let bless = std::env::var_os("COPYBENCH_BLESS").is_some();
    let mut trials = Vec::new();
    for (number, environment) in ENVIRONMENTS.iter().enumerate() {
        let lacking = lacking(environment.needs);
        for (commands, suffix, skipped) in
            [(COMMANDS, "", None), (LONG, ", long commands", (!all).then_some("COPYBENCH_ENVIRONMENTS=all"))]
        {
            let reason = lacking.clone().or_else(|| skipped.map(str::to_owned));
            let held = !bless && suffix.is_empty();
            let expected = held.then(|| others(&document, environment.name));
            let found = Arc::clone(&found);
            trials.push(
                Trial::test(format!("{}{suffix}", environment.name), move || {
                    test(number, commands, expected.as_deref(), &found)
                })
                .with_ignored_flag(reason.is_some())
                .with_kind(reason.unwrap_or_default()),
            );
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if bless {
        let found = found.lock().unwrap_or_else(PoisonError::into_inner);
        fs::write(path(), text(&found, &document)).expect("docs/environments.md");
    }
    conclusion.exit();
}

/// Tries the commands. Those of which the document says that they answer have to; any other may say
/// why not.
fn test(
    number: usize,
    commands: &[(&'static str, &str)],
    expected: Option<&str>,
    found: &Mutex<Found>,
) -> Result<(), Failed> {
    let environment = &ENVIRONMENTS[number];
    let mut wrong = String::new();
    for (name, arguments) in commands {
        let here = prepare(environment.needs)?;
        let output = run(environment, here.path(), arguments)?;
        let told = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code();
        if output.status.signal().is_some() || !matches!(code, Some(0..=2)) || told.contains("panicked") {
            let _ = writeln!(wrong, "{name}: {}: {told}", output.status);
            continue;
        }
        let code = code.unwrap_or_default();
        let telling = told.contains("copybench: ") || told.contains("error:") || !tells(environment);
        if code != 0 && !telling {
            let _ = writeln!(wrong, "{name}: exit {code} without a word: {told:?}");
        }
        if code != 0 && expected.is_some_and(|others| !named(others, name)) && answers(arguments)? {
            let _ = writeln!(wrong, "{name}: exit {code}, but the document says that it answers: {told}");
        }
        found.lock().unwrap_or_else(PoisonError::into_inner).insert((number, *name), code);
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

/// Whether standard error reaches us.
fn tells(environment: &Environment) -> bool {
    environment.streams != Streams::NoReaderOfErrors && !environment.script.contains("2>")
}

/// Whether the command answers on this machine as it is.
fn answers(arguments: &str) -> Result<bool, Failed> {
    let here = prepare(Needs::Nothing)?;
    Ok(run(&ENVIRONMENTS[0], here.path(), arguments)?.status.success())
}

fn run(environment: &Environment, here: &Path, arguments: &str) -> Result<Output, Failed> {
    let own = here.join("copybench");
    let executable = if environment.needs == Needs::Nobody { own.as_path() } else { executable() };
    let (program, options): (_, &[&str]) = match environment.needs {
        Needs::Mounts => ("unshare", &["--mount", "sh", "-ec"]),
        _ => ("sh", &["-ec"]),
    };
    let mut command = Command::new("timeout");
    // Killed, one that hangs counts as ended by a signal.
    command.args(["--signal=KILL", "300", program]);
    // What the caller asks of copybench is not asked here.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("COPYBENCH_"))
    {
        command.env_remove(name);
    }
    let executable = executable.to_str().ok_or("the executable's name is no UTF-8")?;
    let words = shell_words::split(arguments)?.into_iter();
    let words = words.map(|word| if word == "COPYBENCH" { executable.to_owned() } else { word });
    let line: Vec<String> = std::iter::once(executable.to_owned()).chain(words).collect();
    command.current_dir(here).args(options).arg(environment.script).arg("sh").args(&line);
    command
        .env("LINE", shell_words::join(&line))
        .env("DENY", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/deny.py"))
        .env("CLONE", libc::SYS_clone.to_string())
        .env("FORK", fork().to_string())
        .env("FAKE", fake_time().unwrap_or_default())
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("XDG_CACHE_HOME", here.join("cache"))
        // Charts are drawn elsewhere; here it is enough that they would be.
        .env("COPYBENCH_PYTHON", "/bin/true")
        .stdin(Stdio::null());
    if environment.needs == Needs::Nobody {
        command.uid(65534).gid(65534);
    }
    let gone = || -> Result<Stdio, Failed> {
        let (reader, writer) = std::io::pipe()?;
        drop(reader);
        Ok(writer.into())
    };
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    match environment.streams {
        Streams::Whole => {}
        Streams::NoReader => drop(command.stdout(gone()?)),
        Streams::NoReaderOfErrors => drop(command.stderr(gone()?)),
    }
    let mut output = command.spawn()?.wait_with_output()?;
    if environment.script.contains("exec script") {
        // A terminal shows both.
        output.stderr.extend_from_slice(&output.stdout);
    }
    Ok(output)
}

fn executable() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_copybench"))
}

/// A directory of its own, that everybody may write to, with a file to copy and a record.
fn prepare(needs: Needs) -> Result<tempfile::TempDir, Failed> {
    let here = tempfile::tempdir_in("/var/tmp")?;
    fs::set_permissions(here.path(), Permissions::from_mode(0o777))?;
    fs::write(here.path().join("source"), [7; 1 << 17])?;
    let record = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/run.jsonl");
    fs::copy(record, here.path().join("run.jsonl"))?;
    if needs == Needs::Nobody {
        // Who is nobody may not reach the build directory.
        copy_executable(&here.path().join("copybench"))?;
    }
    Ok(here)
}

/// Why the environment cannot be had.
fn lacking(needs: Needs) -> Option<String> {
    let root = rustix::process::geteuid().is_root();
    match needs {
        Needs::Nothing => None,
        Needs::Mounts => {
            let works =
                Command::new("unshare").args(["--mount", "mount", "-t", "tmpfs", "t", "/proc"]).output();
            (!works.is_ok_and(|output| output.status.success())).then(|| "needs root, for mounts".to_owned())
        }
        Needs::Nobody => (!root).then(|| "needs root, to become another user".to_owned()),
        Needs::Program(name, package) => {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let found = std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
            (!found).then(|| format!("no {name}: install {package}"))
        }
        Needs::FakeTime => fake_time().is_none().then(|| "no libfaketime: install libfaketime".to_owned()),
    }
}

fn fake_time() -> Option<PathBuf> {
    let (before, after) = LIBFAKETIME.split_once('*')?;
    let folders = fs::read_dir(before).ok()?.flatten();
    folders
        .map(|folder| PathBuf::from(format!("{}{after}", folder.path().display())))
        .find(|path| path.is_file())
}

/// `fork(2)`, which only some architectures have beside `clone(2)`; elsewhere, that.
fn fork() -> libc::c_long {
    #[cfg(target_arch = "x86_64")]
    return libc::SYS_fork;
    #[cfg(not(target_arch = "x86_64"))]
    return libc::SYS_clone;
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/environments.md")
}

/// What the document says of an environment: the commands that do not answer.
fn others(document: &str, environment: &str) -> String {
    let row = document.lines().find_map(|line| line.strip_prefix(&format!("| {environment} | ")));
    row.unwrap_or_default().to_owned()
}

fn named(others: &str, command: &str) -> bool {
    others.contains(&format!("`{command}`")) || others.split(" |").any(|cell| cell.trim() == "all")
}

fn text(found: &Found, before: &str) -> String {
    let mut text = "# What answers on small and broken machines?

Every command was tried in every one of these, and `tests/environments.rs` tries them again: never does one end by a panic
or a signal, and whatever gives no answer says why on standard error. Exit code 2 is an environment that does not fit, 1 a
failure on the way. What a row does not name answers there, or is refused on every machine.

"
    .to_owned();
    let all: Vec<&str> = COMMANDS.iter().map(|(name, _)| *name).collect();
    let _ = writeln!(
        text,
        "Commands: {}.\n",
        all.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    );
    text += "| environment | refused (2) | failed (1) |\n|---|---|---|\n";
    for (number, environment) in ENVIRONMENTS.iter().enumerate() {
        let with = |code: i32| {
            let names: Vec<String> = all
                .iter()
                .filter(|name| found.get(&(number, **name)) == Some(&code))
                // What is refused everywhere is said once.
                .filter(|name| number == 0 || found.get(&(0, **name)) != Some(&code))
                .map(|name| format!("`{name}`"))
                .collect();
            if names.len() == all.len() { "all".to_owned() } else { names.join(", ") }
        };
        // Where it could not be tried, it stays as it was.
        if all.iter().any(|name| !found.contains_key(&(number, *name))) {
            let row = others(before, environment.name);
            let row = if row.is_empty() { "not tried | |" } else { &row };
            let _ = writeln!(text, "| {} | {row}", environment.name);
        } else {
            let _ = writeln!(text, "| {} | {} | {} |", environment.name, with(2), with(1));
        }
    }
    text
}

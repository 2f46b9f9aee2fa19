//! `--worker`: programs that stay and are asked for each copy. The example of docs/protocol.md is measured as it stands,
//! and each way to answer wrongly has its clear end.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::small_run::{said, small_run};
use common::tools::missing;
use copybench::record::{Run, read_files};
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn main() {
    let trials = [
        (
            "the example of docs/protocol.md races, and is recorded by its name alone",
            example as fn() -> Result<(), Failed>,
        ),
        ("a gate passes the same worker, and shuts on a slower one", gate),
        ("a worker of the environment is measured", environment),
        ("who answers wrongly is skipped with the reason, and costs nobody else", wrong_answers),
        ("a wrong copy is exit 1", wrong_copy),
        ("one that failed is started anew", started_anew),
        ("nothing is left of a worker that does not end", ended),
    ];
    let python = missing(&["python3"]);
    let trials = trials.into_iter().map(|(name, test)| {
        let kind = python.clone().unwrap_or_default();
        Trial::test(name, test).with_kind(kind).with_ignored_flag(python.is_some())
    });
    // One after the other: an interpreter that does not get to start within its time is no failure of ours.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

/// The program of the document, in a directory of its own.
fn directory() -> Result<TempDir, Failed> {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    std::fs::write(directory.path().join("copier.py"), program()?)?;
    Ok(directory)
}

fn program() -> Result<String, Failed> {
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/protocol.md"))?;
    let (_, rest) = document.split_once("```python\n").ok_or("no program")?;
    let (program, _) = rest.split_once("```").ok_or("no end of the program")?;
    let lines = program.lines().filter(|line| !line.is_empty()).count();
    assert!(lines <= 40, "{lines} lines");
    Ok(program.to_owned())
}

/// The program with one thing changed.
fn changed(here: &Path, from: &str, to: &str) -> Result<(), Failed> {
    let program = program()?;
    assert!(program.contains(from), "{from}");
    std::fs::write(here.join("changed.py"), program.replace(from, to))?;
    Ok(())
}

const EXAMPLE: &str = "mine=python3 copier.py";

fn run(here: &Path, workers: &[&str], arguments: &[&str]) -> Result<Output, Failed> {
    let _ = std::fs::remove_file(here.join("r.jsonl"));
    let workers = workers.iter().flat_map(|text| ["--worker", text]);
    Ok(small_run(here).args(arguments).args(workers).output()?)
}

fn record(here: &Path) -> Result<Run, Failed> {
    Ok(read_files(&[here.join("r.jsonl")])?.runs.remove(0))
}

fn timed(run: &Run, name: &str) -> usize {
    let samples = run.samples.iter().filter(|sample| sample.strategy == name);
    samples.filter(|sample| !sample.copies.elapsed.is_empty()).count()
}

const ROUNDS: [&str; 4] = ["--rounds", "6", "--processes", "1"];

fn example() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    let arguments = ["--rounds", "3", "--processes", "2", "--dst", "new,overwrite"];
    let output = run(here, &[EXAMPLE], &arguments)?;
    assert!(output.status.success(), "{}", said(&output));
    let read = record(here)?;
    // In both cells, by both processes.
    assert_eq!(timed(&read, "mine"), 12);
    assert!(read.samples.iter().any(|sample| sample.strategy == "mine" && sample.verified));
    let text = std::fs::read_to_string(here.join("r.jsonl"))?;
    assert!(text.contains(r#""--worker","mine""#) && !text.contains("copier"), "{text}");
    Ok(())
}

fn gate() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    let arguments = ["--base", "mine", "--gate", "--rounds", "4", "--processes", "6", "--margin", "50%"];
    let output = run(here, &[EXAMPLE, "same=python3 copier.py"], &arguments)?;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let slowed = [&arguments[..], &["--slowdown", "this=400%:same"]].concat();
    let output = run(here, &[EXAMPLE, "same=python3 copier.py"], &slowed)?;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    Ok(())
}

fn environment() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    let output = small_run(here)
        .env("COPYBENCH_COMMANDS", "worker mine=python3 copier.py\nother=cp {source} {target}")
        .args(ROUNDS)
        .output()?;
    assert!(output.status.success(), "{}", said(&output));
    let read = record(here)?;
    assert_eq!((timed(&read, "mine"), timed(&read, "other")), (6, 6));
    Ok(())
}

/// That of the example, changed so, nothing is measured, for that reason, and that the example itself is.
fn is_skipped(from: &str, to: &str, why: &str) -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    changed(here, from, to)?;
    let output = run(here, &[EXAMPLE, "changed=python3 changed.py"], &ROUNDS)?;
    let said = said(&output);
    let read = record(here)?;
    if output.status.success()
        && said.contains(why)
        && timed(&read, "changed") == 0
        && timed(&read, "mine") == 6
    {
        return Ok(());
    }
    Err(format!("{to}: {:?}: no {why:?} in {said}", output.status).into())
}

fn wrong_answers() -> Result<(), Failed> {
    let copied = r#"return {"re": "copied", "id": question["id"], "bytes": length}"#;
    for (from, to, why) in [
        ("PROTOCOL = 1", "PROTOCOL = 9", "it speaks protocol 9, not 1"),
        (copied, r#"return {"re": "copied", "id": 7e3, "bytes": length}"#, "bytes that begin with"),
        (
            copied,
            r#"return {"re": "copied", "id": 7000, "bytes": length}"#,
            "it answered question 7000 instead of",
        ),
        (copied, r#"return {"re": "copied", "id": question["id"], "bytes": length + 1}"#, "at the target"),
        (copied, r#"return {"re": "hello", "protocol": 1}"#, "it said hello instead of copying"),
        (copied, r#"return {"re": "failed", "message": "no such luck"}"#, "no such luck"),
        (copied, "os._exit(3)", "ended in the middle of its work (exit status: 3)"),
        (copied, "os.kill(os.getpid(), 9)", "signal: 9"),
        (copied, "os.remove(question[\"target\"])", "bytes that begin with \"null"),
        (copied, r#"print("x" * (17 << 20))"#, "bytes that begins with"),
        (
            "        return copied",
            "        os.remove(target.name); os.link(source.name, target.name); return copied",
            "a link to the source",
        ),
        ("PROTOCOL = 1", "PROTOCOL = 1; sys.exit(4)", "exit status: 4"),
    ] {
        is_skipped(from, to, why)?;
    }
    Ok(())
}

fn wrong_copy() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    changed(here, "        return copied", "        os.pwrite(target.fileno(), b'?', 777); return copied")?;
    let output = run(here, &[EXAMPLE, "changed=python3 changed.py"], &ROUNDS)?;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("changed: the copy is wrong"), "{}", said(&output));
    Ok(())
}

fn started_anew() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    // Ends after its third answer, so that each process needs several of it.
    let ends = "    for count, line in enumerate(sys.stdin):\n        if count == 4: break\n        count";
    changed(here, "    for line in sys.stdin:\n        ", &format!("{ends}\n        "))?;
    let output = run(here, &["changed=python3 changed.py", EXAMPLE], &ROUNDS)?;
    assert!(said(&output).contains("ended in the middle of its work"), "{}", said(&output));
    assert_eq!(timed(&record(here)?, "mine"), 6);
    Ok(())
}

fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

fn ended() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    let stays = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(os.getpid(), file=open('pids', 'a'))\nPROTOCOL = 1";
    changed(here, "PROTOCOL = 1", stays)?;
    let program = std::fs::read_to_string(here.join("changed.py"))?;
    std::fs::write(here.join("changed.py"), program + "    time.sleep(600)\n")?;
    let output = run(here, &["changed=python3 changed.py"], &ROUNDS)?;
    assert!(output.status.success(), "{}", said(&output));
    for pid in std::fs::read_to_string(here.join("pids"))?.lines() {
        // The kernel has sent the signal; when it acts is the scheduler's.
        let until = Instant::now() + Duration::from_secs(30);
        while lives(pid) {
            assert!(Instant::now() < until, "{pid} lives on");
            std::thread::yield_now();
        }
    }
    Ok(())
}

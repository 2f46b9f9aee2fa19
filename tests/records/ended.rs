//! Commands that a signal ends: what they say, and what they leave.

use super::program::{SMALL, Test, copybench, directory, expect, names, small_bench};
use libtest_mimic::Failed;
use rustix::fs::{CWD, FileType, Mode};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

pub(crate) const TESTS: &[Test] = &[
    ("an ended run names its record and the command that goes on", run),
    ("an ended run without --out goes on by the command it names", default_record),
    ("an ended command leaves no file and says how to go on", others),
    ("an ended copy says what its target is", copy),
];

pub(crate) const BENCH: &[Test] = &[("an ended cargo bench names its record", bench)];

/// Waits until the program would not die of the signal at once.
fn until_it_listens(child: &mut Child) -> Result<(), Failed> {
    let status = format!("/proc/{}/status", child.id());
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        if caught & 1 << (Signal::INT.as_raw() - 1) != 0 {
            return Ok(());
        }
        expect(child.try_wait()?.is_none(), "it ended by itself")?;
        std::thread::yield_now();
    }
}

fn send(child: &Child, signal: Signal) -> Result<(), Failed> {
    Ok(kill_process(Pid::from_child(child), signal)?)
}

fn spawn(command: &mut Command) -> Result<Child, Failed> {
    Ok(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?)
}

/// What a program said that a signal ended.
fn end(child: Child, signal: Signal) -> Result<String, Failed> {
    send(&child, signal)?;
    let output: Output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    expect(output.status.code() == Some(128 + signal.as_raw()), &format!("{}: {said}", output.status))?;
    Ok(said)
}

fn until_it_measures(child: &mut Child, record: &Path) -> Result<(), Failed> {
    while !fs::read_to_string(record).is_ok_and(|text| text.contains(r#""t":"sample""#)) {
        expect(child.try_wait()?.is_none(), "it ended by itself")?;
        std::thread::yield_now();
    }
    Ok(())
}

fn endless() -> String {
    SMALL.replace("--rounds 1", "--rounds 1000000")
}

fn run() -> Result<(), Failed> {
    for (signal, name) in [(Signal::INT, "SIGINT"), (Signal::TERM, "SIGTERM"), (Signal::HUP, "SIGHUP")] {
        let here = directory()?;
        let mut child = spawn(copybench(here.path(), &endless()).args(["--out", "r.jsonl"]))?;
        until_it_measures(&mut child, &here.path().join("r.jsonl"))?;
        let said = end(child, signal)?;
        let again = format!("to go on: {} {} --out r.jsonl", env!("CARGO_BIN_EXE_copybench"), endless());
        let again = again.replace(env!("CARGO_BIN_EXE_copybench"), "copybench");
        for word in [&format!("ended by {name}; kept r.jsonl ("), " new samples)", &again] {
            expect(said.contains(word), &format!("no {word:?} in {said}"))?;
        }
        expect(names(here.path())? == ["r.jsonl"], "more than the record is left")?;
        for line in fs::read_to_string(here.path().join("r.jsonl"))?.split_inclusive('\n') {
            expect(line.ends_with('\n'), "half a line")?;
        }
    }
    Ok(())
}

fn default_record() -> Result<(), Failed> {
    let here = directory()?;
    let mut child = spawn(&mut copybench(here.path(), &endless()))?;
    let records = || -> Option<std::path::PathBuf> {
        let mut folders = vec![here.path().join("results")];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    return Some(path);
                }
            }
        }
        None
    };
    let record = loop {
        expect(child.try_wait()?.is_none(), "it ended by itself")?;
        if let Some(record) = records() {
            break record;
        }
    };
    until_it_measures(&mut child, &record)?;
    let said = end(child, Signal::INT)?;
    let (_, again) = said.trim_end().split_once("to go on: copybench ").ok_or(said.clone())?;
    let again = again.replace("--rounds 1000000", "--rounds 1");
    let output = copybench(here.path(), &again).output()?;
    expect(output.status.success(), &format!("{again}: {}", super::program::said(&output)))?;
    let shown = record.strip_prefix(here.path())?.display().to_string();
    expect(String::from_utf8_lossy(&output.stdout).contains(&format!("record {shown}")), &again)
}

fn others() -> Result<(), Failed> {
    for (arguments, word) in [
        ("claims --only C41", "--budget takes less time"),
        ("lab", "its files are removed"),
        ("calibrate --trials 1000 --size 4KiB", "fewer --trials"),
        ("calibrate --trials 1000 --size 4KiB --out trials", "fewer --trials"),
        ("recommend --size 4KiB", "copybench run"),
        ("list", "nothing to keep"),
    ] {
        let here = directory()?;
        let mut child = spawn(copybench(here.path(), arguments).env("XDG_CACHE_HOME", here.path()))?;
        until_it_listens(&mut child)?;
        let kept = here.path().join("trials");
        if arguments.contains("--out") {
            until_it_measures(&mut child, &kept.join("race-1.jsonl"))?;
        } else if arguments != "list" {
            // Past the beginning, where it has said how to go on.
            let task = format!("/proc/{}/fd", child.id());
            let opened = |entry: fs::DirEntry| {
                fs::read_link(entry.path()).is_ok_and(|path| path.starts_with(here.path()))
            };
            while !fs::read_dir(&task).into_iter().flatten().flatten().any(opened) {
                expect(child.try_wait()?.is_none(), &format!("{arguments} ended by itself"))?;
            }
        }
        let said = end(child, Signal::INT)?;
        expect(said.contains("ended by SIGINT; ") && said.contains(word), &format!("{arguments}: {said}"))?;
        if arguments.contains("--out") {
            expect(said.contains("kept trials/race-"), &said)?;
            expect(names(here.path())? == ["trials"], "more than the records is left")?;
        } else {
            expect(names(here.path())?.is_empty(), &format!("{arguments} left {:?}", names(here.path())?))?;
        }
    }
    Ok(())
}

fn copy() -> Result<(), Failed> {
    let here = directory()?;
    fs::write(here.path().join("source"), "content")?;
    rustix::fs::mknodat(CWD, here.path().join("pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0)?;
    // It waits for a reader.
    let mut child = spawn(&mut copybench(here.path(), "copy source pipe"))?;
    until_it_listens(&mut child)?;
    let said = end(child, Signal::INT)?;
    expect(said.contains("ended by SIGINT; there is nothing to keep; pipe is what it was before"), &said)
}

fn bench() -> Result<(), Failed> {
    let here = directory()?;
    let mut child = spawn(
        small_bench(here.path(), "--measurement-time 600")?
            .env("COPYBENCH_OUT", "r.jsonl")
            .env("COPYBENCH_STRATEGIES", "read-write-4k,read-write-64k"),
    )?;
    until_it_measures(&mut child, &here.path().join("r.jsonl"))?;
    let said = end(child, Signal::INT)?;
    expect(
        said.contains("ended by SIGINT; kept r.jsonl (") && said.contains("cargo bench begins anew"),
        &said,
    )
}

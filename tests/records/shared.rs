//! One writer at a time, and records that a killed run left.

use super::program::{SMALL, Test, copybench, directory, ends, expect};
use copybench::measure::{RecordFile, begin_or_add, begin_or_resume, run_line};
use copybench::record::{RunLine, read_files};
use libtest_mimic::Failed;
use std::fs;
use std::path::Path;
use std::process::Stdio;

pub(crate) const TESTS: &[Test] = &[
    ("a second writer of a record is refused, and told who is the first", held),
    ("of many that begin a record together, one does", together),
    ("of ten runs of one record, one does and nine are refused", ten_of_one),
    ("ten runs in one directory, which others sweep, lose nothing", ten_in_one),
    ("half a line of a killed run is cut before the next one is written", mended),
    ("a record of another command, seed or build is not gone on with", unlike),
    ("a run goes on where it ended", resumed),
];

fn run(words: &[&str]) -> RunLine {
    let argv: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    run_line(&argv, Path::new("."), Path::new("."), 1)
}

fn held() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    let record = here.join("r.jsonl");
    let endless = SMALL.replace("--rounds 1", "--rounds 1000000");
    let mut first = copybench(here, &endless).args(["--out", "r.jsonl"]).stderr(Stdio::null()).spawn()?;
    while !fs::read_to_string(&record).is_ok_and(|text| text.contains(r#""t":"sample""#)) {
        expect(first.try_wait()?.is_none(), "it ended by itself")?;
        std::thread::yield_now();
    }
    let holder = format!("process {} (copybench)", first.id());
    let second = copybench(here, SMALL).args(["--out", "r.jsonl"]).output()?;
    ends(&second, 2, &[&holder, "is writing it", "--out"])?;
    for error in [
        begin_or_add(&record, run(&["cargo", "bench"])).err().map(|error| error.to_string()),
        RecordFile::create(&record).err().map(|error| error.to_string()),
    ] {
        let error = error.ok_or("it was taken")?;
        expect(error.contains(&holder), &error)?;
    }
    expect(first.try_wait()?.is_none(), "the first one ended")?;
    first.kill()?;
    first.wait()?;
    let read = read_files(&[record])?;
    expect(read.runs.len() == 1, "somebody else wrote")
}

fn together() -> Result<(), Failed> {
    let here = directory()?;
    let path = here.path().join("r.jsonl");
    let barrier = std::sync::Barrier::new(8);
    let begun = std::thread::scope(|scope| {
        let start = || {
            barrier.wait();
            let begun = begin_or_add(&path, run(&["cargo", "bench"]));
            // Nobody ends before all have tried.
            barrier.wait();
            begun.is_ok()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|begun| *begun).count()
    });
    expect(begun == 1, &format!("{begun} began"))?;
    expect(read_files(&[path])?.runs.len() == 1, "more than one run line")
}

fn ten_of_one() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    let endless = SMALL.replace("--rounds 1", "--rounds 1000000");
    let start = || copybench(here, &endless).args(["--out", "r.jsonl"]).stderr(Stdio::piped()).spawn();
    let mut runs = (0..10).map(|_| start()).collect::<Result<Vec<_>, _>>()?;
    while runs.len() > 1 {
        let Some(ended) = runs.iter_mut().position(|run| run.try_wait().is_ok_and(|ended| ended.is_some()))
        else {
            std::thread::yield_now();
            continue;
        };
        ends(&runs.remove(ended).wait_with_output()?, 2, &["is writing it", "--out"])?;
    }
    let [only] = &mut runs[..] else { return Err("all were refused".into()) };
    let record = here.join("r.jsonl");
    while !fs::read_to_string(&record).is_ok_and(|text| text.contains(r#""t":"sample""#)) {
        expect(only.try_wait()?.is_none(), "it ended by itself")?;
        std::thread::yield_now();
    }
    only.kill()?;
    only.wait()?;
    expect(read_files(&[record])?.runs.len() == 1, "more than one run line")
}

fn ten_in_one() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    // Baselines by path keep their targets in directories that a sweep may find.
    let small = SMALL.replace("read-write-4k", "read-write-4k,std-fs-copy");
    let start = |number: u32| {
        let mut command = copybench(here, &small);
        command.args(["--out", &format!("{number}.jsonl")]);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
    };
    let mut runs = (0..10).map(start).collect::<Result<Vec<_>, _>>()?;
    while runs.iter_mut().any(|run| run.try_wait().is_ok_and(|ended| ended.is_none())) {
        copybench::fixture::sweep(here)?;
    }
    for run in runs {
        ends(&run.wait_with_output()?, 0, &[])?;
    }
    let records: Vec<_> = (0..10).map(|number| here.join(format!("{number}.jsonl"))).collect();
    let read = read_files(&records)?;
    let complete = read.runs.iter().filter(|run| {
        let by_path = run.samples.iter().any(|sample| sample.strategy == "std-fs-copy");
        run.end.is_some() && run.skips.is_empty() && by_path
    });
    expect(complete.count() == 10, "a run lost something")?;
    expect(fs::read_dir(here)?.count() == 10, "something was left")
}

fn mended() -> Result<(), Failed> {
    let here = directory()?;
    let path = here.path().join("r.jsonl");
    let record = || begin_or_resume(&path, run(&["copybench", "run"]), None);
    drop(record()?);
    let whole = fs::read_to_string(&path)?;
    for half in [
        "{",
        "{\"t\":\"samp",
        "{\"t\":\"skip\",\"cell\":\"\u{e9}",
        "{\"t\":\"end\",\"samples\":0,\"skips\":0,\"wall_seconds\":1.0,\"steal\":0.0}",
    ] {
        let cut = if half.contains('\u{e9}') { half.len() - 1 } else { half.len() };
        fs::write(&path, [whole.as_bytes(), &half.as_bytes()[..cut]].concat())?;
        let (recorder, _) = record()?;
        recorder.end()?;
        let text = fs::read_to_string(&path)?;
        expect(text.starts_with(&whole) && text.lines().count() == 2, &text)?;
        expect(read_files(std::slice::from_ref(&path))?.warnings.is_empty(), &text)?;
    }
    Ok(())
}

type Change = fn(&mut RunLine);

fn unlike() -> Result<(), Failed> {
    let here = directory()?;
    let path = here.path().join("r.jsonl");
    let record = begin_or_add(&path, run(&["cargo", "bench"]))?;
    drop(record);
    let before = fs::read(&path)?;
    let tries: [(&str, Change); 4] = [
        ("another command (cargo bench, here copybench run)", |_| ()),
        ("another seed", |run| run.order_seed = 2),
        ("another build", |run| run.commit.sha = "0".to_owned()),
        ("another clock", |run| run.clock = copybench::record::Clock::Instructions),
    ];
    for (word, change) in tries {
        let is_command = word.contains("command");
        let mut next = run(if is_command { &["copybench", "run"] } else { &["cargo", "bench"] });
        change(&mut next);
        let error =
            begin_or_resume(&path, next.clone(), Some(next.order_seed)).err().ok_or(word)?.to_string();
        expect(error.contains(word), &error)?;
        expect(fs::read(&path)? == before, "it changed")?;
    }
    Ok(())
}

fn resumed() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    let rounds = |rounds: &str| {
        copybench(here, &SMALL.replace("--rounds 1", rounds)).args(["--out", "r.jsonl"]).output()
    };
    ends(&rounds("--rounds 2")?, 0, &[])?;
    ends(&rounds("--rounds 3")?, 0, &[])?;
    let read = read_files(&[here.join("r.jsonl")])?;
    let of = |strategy: &str| {
        read.runs[0]
            .samples
            .iter()
            .filter(|sample| sample.strategy == strategy && sample.round.is_some())
            .count()
    };
    expect(read.runs.len() == 1 && of("read-write-4k") == 3, &format!("{} rounds", of("read-write-4k")))
}

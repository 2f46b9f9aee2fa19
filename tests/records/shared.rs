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

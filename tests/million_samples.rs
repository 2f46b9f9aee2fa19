//! Time and memory of comparing a file with a million samples. By hand, since a shared machine
//! holds no seconds: `cargo test --release --test million_samples -- --ignored --nocapture`.

// clippy.toml's leave for tests ends at their helpers.
#![allow(clippy::unwrap_used)]

use copybench::analysis::{Margin, Measurements, Options, compare, compare_arms, summarise};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

const RUN: &str = r#"{"t":"run","schema":"1.0","id":"a","started":"2026-01-02T03:04:05Z","clock":"wall","argv":[],"commit":{"sha":"0","dirty":false},"host":{"label":"h","hash":"0","kernel":"6.12"}}"#;

/// Four cells of twelve strategies, five processes, two arms.
fn write(path: &Path, samples: u32) {
    let mut out = BufWriter::new(std::fs::File::create(path).unwrap());
    writeln!(out, "{RUN}").unwrap();
    let mut state = 1_u32;
    for index in 0..samples {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let (strategy, arm, rest) = (index % 12, ["old", "this"][index as usize / 12 % 2], index / 24);
        let (cell, process, round) = (rest % 4, rest / 4 % 5 + 1, rest / 20);
        let time = 86_012 + 500 * strategy + state % 5000;
        writeln!(out, r#"{{"t":"sample","cell":"ext4|dense|{cell}MiB|warm|new|none","strategy":"mmap-write-{strategy}","round":{round},"position":{strategy},"process":{process},"arm":"{arm}","elapsed":[{time},{}],"bytes":1048576,"shared_bytes":0,"allocated_bytes":1048576,"verified":true,"counters":{{"minor_faults":257}}}}"#, time + 40).unwrap();
    }
    out.flush().unwrap();
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned()
}

#[test]
#[ignore = "takes seconds and writes 300 MB"]
fn a_million_samples_are_compared_in_two_seconds() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("million.jsonl");
    write(&path, 1_000_000);
    let clock = Instant::now();
    let all = Measurements::read_files(std::slice::from_ref(&path)).unwrap();
    let read = clock.elapsed();
    let arms = compare_arms(&all, &Options::new("mmap-write-0"));
    let compared = clock.elapsed();
    let apart = compare(&all, &all, &Options::new("mmap-write-0"));
    let cells: usize = all
        .series
        .keys()
        .map(|cell| summarise(&all, cell, "this", "mmap-write-0", Margin::default()).len())
        .sum();
    println!(
        "read {read:.2?}, two arms compared {compared:.2?}, all {:.2?}, {}",
        clock.elapsed(),
        peak_memory()
    );
    assert_eq!((arms.len(), apart.len(), cells), (48, 48, 48));
    assert!(compared.as_secs_f64() < 2.0);
}

//! What the guests of these tests do: the place that measuring has in the real program.

use anyhow::Context;
use copybench::guest::init::Sender;
use copybench::guest::{Assignment, Mount};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

const LENGTH: usize = 1 << 20;
/// Enough for a median that single interrupts of the disk do not move.
const COPIES: usize = 41;

/// Carries out an order.
pub(crate) fn run(assignment: &Assignment, mut records: Sender) -> anyhow::Result<()> {
    match assignment.argv.get(1).map(String::as_str) {
        Some("copy") => copy_everywhere(assignment, &mut records, 1),
        Some("time") => copy_everywhere(assignment, &mut records, COPIES),
        Some("fill") => fill(&assignment.mounts[0].at),
        Some("panic") => panic!("as ordered"),
        Some("exit") => {
            writeln!(records, "{{}}")?;
            std::process::exit(3)
        }
        Some("hang") => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        _ => Ok(()),
    }
}

fn copy_everywhere(assignment: &Assignment, records: &mut dyn Write, copies: usize) -> anyhow::Result<()> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    writeln!(records, "{{\"release\":\"{}\"}}", release.trim())?;
    for mount in &assignment.mounts {
        let elapsed = copy(mount, copies).with_context(|| format!("copying on {}", mount.file_system))?;
        writeln!(records, "{{\"fs\":\"{}\",\"elapsed\":{elapsed:?}}}", mount.file_system)?;
    }
    Ok(())
}

fn copy(mount: &Mount, copies: usize) -> anyhow::Result<Vec<u128>> {
    let (source, target) = (mount.at.join("source"), mount.at.join("target"));
    let content: Vec<u8> = (0..LENGTH).map(|index| (index % 251) as u8).collect();
    fs::write(&source, &content)?;
    rustix::fs::sync();
    let mut elapsed = Vec::new();
    for _ in 0..copies {
        let began = Instant::now();
        copy_once(&source, &target)?;
        elapsed.push(began.elapsed().as_nanos());
        anyhow::ensure!(fs::read(&target)? == content, "the copy differs");
        fs::remove_file(&target)?;
    }
    Ok(elapsed)
}

fn copy_once(source: &Path, target: &Path) -> anyhow::Result<()> {
    let (mut source, mut target) = (File::open(source)?, File::create_new(target)?);
    let mut buffer = vec![0; 64 << 10];
    loop {
        match source.read(&mut buffer)? {
            0 => return Ok(()),
            length => target.write_all(&buffer[..length])?,
        }
    }
}

fn fill(directory: &Path) -> anyhow::Result<()> {
    let mut file = File::create_new(directory.join("big"))?;
    let zeros = vec![0; LENGTH];
    loop {
        file.write_all(&zeros).context("filling the disk")?;
    }
}

/// Median of the times in a record, the first copy left out.
pub(crate) fn median(record: &str) -> Option<f64> {
    let (_, list) = record.split_once("\"elapsed\":[")?;
    let mut times: Vec<f64> =
        list.trim_end_matches("]}").split(", ").skip(1).filter_map(|time| time.parse().ok()).collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}

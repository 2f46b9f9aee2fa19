//! Sparse sources of 5 GiB, with bytes around the offsets at which counts or offsets of 31 and 32
//! bits end, and where one call ends whatever it is asked for.

use crate::outcome::Outcome;
use crate::{Suite, all_faults, bytes, child, common, matrix};
use copybench::strategy::{Holes, Strategy, representatives};
use libtest_mimic::{Failed, Trial};
use rustix::fs::SeekFrom;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

const GIB: u64 = 1 << 30;
/// Most bytes that Linux moves in one call.
const ONE_CALL: u64 = 0x7fff_f000;
const AROUND: u64 = 64 << 10;
const PLACES: [u64; 4] = [ONE_CALL, 2 * GIB, 4 * GIB, 5 * GIB];
const LENGTH: u64 = 5 * GIB + 77;

/// The source is made by the first test that wants it and removed with the last.
type Shared = Arc<OnceLock<Result<TempDir, String>>>;

pub(crate) fn tests(suite: &Suite) -> Vec<Trial> {
    let shared = Shared::default();
    let whole_only = |strategy: &Strategy| {
        let whole = strategy.takes_paths() || strategy.name == "ficlone";
        whole.then(|| "it copies whole files only".to_owned())
    };
    let source = Arc::clone(&shared);
    let mut tests =
        suite.each("beyond 2 GiB: ranges", whole_only, move |strategy| ranges(strategy, source_in(&source)?));
    let costly = |strategy: &Strategy| {
        let represents = representatives(9).any(|first| first.name == strategy.name);
        let cheap = strategy.holes == Holes::Kept || (all_faults() && represents);
        (!cheap).then(|| "gigabytes would be written; COPYBENCH_FAULTS=all".to_owned())
    };
    tests.extend(
        suite.each("beyond 2 GiB: whole", costly, move |strategy| whole(strategy, source_in(&shared)?)),
    );
    tests
}

fn source_in(shared: &Shared) -> Result<&Path, Failed> {
    let make = || -> io::Result<TempDir> {
        let directory = tempfile::tempdir_in(common::places().0.path())?;
        let file = File::create(directory.path().join("source"))?;
        file.set_len(LENGTH)?;
        let bytes = bytes(2 * AROUND as usize);
        file.write_all_at(&bytes[..4097], 0)?;
        for place in PLACES {
            let end = LENGTH.min(place + AROUND);
            file.write_all_at(&bytes[..(end - place + AROUND) as usize], place - AROUND)?;
        }
        Ok(directory)
    };
    let made = shared.get_or_init(|| make().map_err(|error| error.to_string()));
    made.as_ref().map(TempDir::path).map_err(|reason| reason.as_str().into())
}

/// Copies to a target beside the source, which is removed whatever comes.
fn copy(strategy: &Strategy, directory: &Path, span: Option<&str>) -> Result<(File, Outcome), Failed> {
    let source = directory.join("source");
    let target: PathBuf = directory.join(strategy.name);
    let mut command = child::copy(strategy.name, &source, &target);
    command.args(span.map(|span| format!("--span={span}")));
    let ended = child::run(&mut command, child::LIMIT);
    let file = File::open(&target);
    let _ = std::fs::remove_file(&target);
    let ended = ended?;
    let outcome = Outcome::parse(&ended.output).ok_or_else(|| format!("{ended:?}"))?;
    Ok((file?, outcome))
}

/// The ranges lie at the same offsets of the target.
fn ranges(strategy: &'static Strategy, directory: &Path) -> Result<(), Failed> {
    let source = File::open(directory.join("source"))?;
    for place in PLACES {
        let start = place - AROUND;
        let end = if place == 5 * GIB { LENGTH } else { place + AROUND };
        let length = if end == LENGTH { String::new() } else { format!(",{}", end - start) };
        let (target, outcome) = copy(strategy, directory, Some(&format!("{start},{start}{length}")))?;
        if outcome != Outcome::Copied(end - start) {
            return Err(format!("around {place:#x}: {outcome:?}").into());
        }
        same(&source, &target, start, end)?;
        if target.metadata()?.len() != end {
            return Err(format!("around {place:#x}: {} bytes long", target.metadata()?.len()).into());
        }
    }
    matrix::note("beyond 2 GiB", strategy, "copied");
    Ok(())
}

fn whole(strategy: &'static Strategy, directory: &Path) -> Result<(), Failed> {
    let source = File::open(directory.join("source"))?;
    let (target, outcome) = copy(strategy, directory, None)?;
    if outcome != Outcome::Copied(LENGTH) || target.metadata()?.len() != LENGTH {
        return Err(format!("{outcome:?}, {} bytes long", target.metadata()?.len()).into());
    }
    // What is a hole in both is the same.
    for file in [&source, &target] {
        let mut at = 0;
        while let Ok(start) = rustix::fs::seek(file, SeekFrom::Data(at)) {
            at = rustix::fs::seek(file, SeekFrom::Hole(start))?;
            same(&source, &target, start, at)?;
        }
    }
    matrix::note("beyond 2 GiB", strategy, "copied");
    Ok(())
}

fn same(source: &File, target: &File, start: u64, end: u64) -> Result<(), Failed> {
    let mut buffers = [vec![0; 1 << 20], vec![0; 1 << 20]];
    let mut at = start;
    while at < end {
        let length = (end - at).min(1 << 20) as usize;
        source.read_exact_at(&mut buffers[0][..length], at)?;
        target.read_exact_at(&mut buffers[1][..length], at)?;
        if buffers[0][..length] != buffers[1][..length] {
            return Err(format!("different bytes from {at:#x} on").into());
        }
        at += length as u64;
    }
    Ok(())
}

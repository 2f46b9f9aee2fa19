//! A target on a file system with less room than the copy needs: an error, mapped targets
//! included. One fresh file system of each kind, filled once, takes the copies of all strategies.

use crate::outcome::Outcome;
use crate::{another_program, bytes, child, common, ignored, matrix};
use copybench::fixture::Place;
use copybench::measure::availability;
use copybench::strategy::{Holes, Strategy, all};
use libtest_mimic::{Arguments, Failed, Trial};
use rustix::fs::{FallocateFlags, fallocate, syncfs};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;

const KINDS: [&str; 4] = ["ext4", "xfs", "btrfs", "tmpfs"];
/// Exit code of `scripts/filesystems` where it could make none.
const UNABLE: i32 = 2;
const SOURCE: usize = 8 << 20;
/// Room that is left for copies.
const SPARE: u64 = 3 << 20;

/// How the copies ended on one file system, by strategy.
type Report = BTreeMap<String, Ended>;

/// How one copy ended.
enum Ended {
    /// The file system has no such copies.
    Unavailable(String),
    /// As a word of the table.
    As(String),
    /// As no copy may.
    Wrong(String),
}

/// Why there is no report.
enum NoReport {
    /// The file system cannot be made here.
    Unable(String),
    Failed(String),
}

/// The copies are made before the first test, so that those that a file system does not have are
/// shown as ignored.
pub(crate) fn tests(arguments: &Arguments) -> Vec<Trial> {
    let reports = thread::scope(|scope| {
        let threads = KINDS.map(|kind| scope.spawn(move || (kind, report(kind, arguments))));
        threads.map(|thread| thread.join().expect("a report"))
    });
    reports.into_iter().flat_map(|(kind, report)| shown(kind, &report)).collect()
}

fn name(kind: &str, strategy: &Strategy) -> String {
    format!("full {kind}::{}", strategy.name)
}

/// Whether the words of the command line ask for that test.
fn is_wanted(arguments: &Arguments, name: &str) -> bool {
    let matches =
        |filter: &String| if arguments.exact { name == filter } else { name.contains(filter.as_str()) };
    !arguments.list && arguments.filter.as_ref().is_none_or(matches) && !arguments.skip.iter().any(matches)
}

fn shown(kind: &'static str, report: &Result<Report, NoReport>) -> Vec<Trial> {
    let test = |strategy: &'static Strategy| {
        let name = name(kind, strategy);
        if let Some(reason) = another_program(strategy) {
            return ignored(name, reason);
        }
        let check = match report {
            Err(NoReport::Unable(reason)) => return ignored(name, reason.clone()),
            Err(NoReport::Failed(reason)) => Err(reason.clone()),
            Ok(report) => match report.get(strategy.name) {
                Some(Ended::Unavailable(reason)) => return ignored(name, reason.clone()),
                Some(Ended::As(word)) => Ok(word.clone()),
                Some(Ended::Wrong(wrong)) => Err(wrong.clone()),
                None => Err("it was not tried".to_owned()),
            },
        };
        Trial::test(name, move || is_survived(kind, strategy, &check?))
    };
    all().map(|(_, strategy)| test(strategy)).collect()
}

fn is_survived(kind: &str, strategy: &'static Strategy, word: &str) -> Result<(), Failed> {
    matrix::note(&format!("full {kind}"), strategy, word);
    let shares = matches!(kind, "xfs" | "btrfs") && strategy.holes != Holes::Filled;
    match word {
        "ENOSPC" | "EDQUOT" | "no block" => Ok(()),
        "copied" if shares => Ok(()),
        other => Err(format!("it ended with {other:?}").into()),
    }
}

/// Runs the helper inside a fresh file system.
fn report(kind: &str, arguments: &Arguments) -> Result<Report, NoReport> {
    let ours = all().map(|(_, strategy)| strategy).filter(|strategy| another_program(strategy).is_none());
    let wanted = ours.filter(|strategy| is_wanted(arguments, &name(kind, strategy)));
    let wanted: Vec<_> = wanted.map(|strategy| strategy.name).collect();
    if wanted.is_empty() {
        return Ok(Report::new());
    }
    if let Some(reason) = common::tools::no_file_systems(&[kind]) {
        return Err(NoReport::Unable(reason));
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/filesystems");
    let mut command = Command::new(script);
    command.args(["--fs", kind, "--size", "320MiB", "--"]);
    command.arg(std::env::current_exe().expect("this program")).args(["helper", "full"]).args(wanted);
    let ended = child::run(&mut command, child::LIMIT)
        .map_err(|wrong| NoReport::Failed(wrong.message().unwrap_or("?").to_owned()))?;
    match ended.code {
        0 => Ok(ended.output.lines().filter_map(row).collect()),
        UNABLE => Err(NoReport::Unable(ended.errors.trim().to_owned())),
        _ => Err(NoReport::Failed(format!("{ended:?}"))),
    }
}

/// A line of the helper.
fn row(line: &str) -> Option<(String, Ended)> {
    let (name, rest) = line.split_once('\t')?;
    let (kind, text) = rest.split_once('\t')?;
    let text = text.to_owned();
    let ended = match kind {
        "unavailable" => Ended::Unavailable(text),
        "as" => Ended::As(text),
        _ => Ended::Wrong(text),
    };
    Some((name.to_owned(), ended))
}

/// Fills `COPYBENCH_DIR`, then prints a line for the copy of each strategy named.
pub(crate) fn fill_and_copy(names: &[String]) -> ExitCode {
    let directory = PathBuf::from(std::env::var_os("COPYBENCH_DIR").expect("COPYBENCH_DIR"));
    let place = Place::new(&directory).expect("a directory");
    let tried = availability(&place, &place).expect("a page of random bytes");
    let (source, target) = (directory.join("source"), directory.join("target"));
    let sample = bytes(SOURCE);
    std::fs::write(&source, &sample).expect("the source");
    let root = File::open(&directory).expect("the directory");
    fill(&directory, &root).expect("a full file system");
    for tried in tried.into_iter().filter(|tried| names.iter().any(|name| name == tried.strategy.name)) {
        let name = tried.strategy.name;
        if let Some(refused) = tried.refusal {
            println!("{name}\tunavailable\t{}", refused.reason);
            continue;
        }
        match one(name, &source, &target, &sample) {
            Ok(word) => println!("{name}\tas\t{word}"),
            Err(wrong) => println!("{name}\twrong\t{}", wrong.replace('\n', " ")),
        }
        let _ = std::fs::remove_file(&target);
        // Some file systems give room back only then.
        syncfs(&root).expect("syncfs");
    }
    ExitCode::SUCCESS
}

fn one(name: &str, source: &Path, target: &Path, sample: &[u8]) -> Result<String, String> {
    let ended = child::run(&mut child::copy(name, source, target), child::LIMIT);
    let ended = ended.map_err(|wrong| wrong.message().unwrap_or("?").to_owned())?;
    let outcome = Outcome::parse(&ended.output).ok_or_else(|| format!("{ended:?}"))?;
    outcome.judge(sample, target)
}

/// Takes all room but `SPARE`.
fn fill(directory: &Path, root: &File) -> Result<(), Errno> {
    let create = |name| File::create(directory.join(name)).map_err(|_| Errno::IO);
    let spare = create("spare")?;
    fallocate(&spare, FallocateFlags::empty(), 0, SPARE)?;
    syncfs(root)?;
    let ballast = create("ballast")?;
    let (mut at, mut piece) = (0, 64 << 20);
    while piece >= 4096 {
        match fallocate(&ballast, FallocateFlags::empty(), at, piece) {
            Ok(()) => at += piece,
            Err(Errno::NOSPC) => piece /= 2,
            Err(errno) => return Err(errno),
        }
    }
    drop(spare);
    std::fs::remove_file(directory.join("spare")).map_err(|_| Errno::IO)?;
    syncfs(root)
}

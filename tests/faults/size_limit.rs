//! `RLIMIT_FSIZE` in the middle of the copy: writes are cut short there, and refused from there on.

use crate::{LENGTH, Suite, another_program, child, common, matrix, not_the_first, outcome::Outcome, sample};
use copybench::strategy::Strategy;
use libtest_mimic::{Failed, Trial};
use std::process::Command;

/// Inside a page, a sector and a block of every strategy.
const LIMIT: usize = (1 << 20) + 777;

pub(crate) fn tests(suite: &Suite) -> Vec<Trial> {
    let mut tests = suite.each("file size limit", another_program, refused_there);
    tests.extend(suite.each("file size limit of the command", not_the_first, command_survives));
    tests
}

fn refused_there(strategy: &'static Strategy) -> Result<(), Failed> {
    let directory = tempfile::tempdir_in(common::places().0.path())?;
    let (source, target) = (directory.path().join("source"), directory.path().join("target"));
    std::fs::write(&source, sample())?;
    let mut copy = child::copy(strategy.name, &source, &target);
    let ended = child::run(copy.arg(format!("--limit={LIMIT}")), child::LIMIT)?;
    let outcome = Outcome::parse(&ended.output).ok_or_else(|| format!("{ended:?}"))?;
    let word = outcome.judge(sample(), &target)?;
    matrix::note("file size limit", strategy, &word);
    match outcome {
        // A clone beyond the limit is not refused by every file system.
        Outcome::Copied(copied) if copied as usize == LENGTH => Ok(()),
        Outcome::Failed { ref what, .. } if what == "EFBIG" => Ok(()),
        Outcome::Failed { ref what, .. } if what == "EINVAL" && takes_sectors_alone(strategy) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

/// The command itself, started with the default action of SIGXFSZ, which is death.
fn command_survives(strategy: &'static Strategy) -> Result<(), Failed> {
    let directory = tempfile::tempdir_in(common::places().0.path())?;
    std::fs::write(directory.path().join("source"), sample())?;
    let script = "ulimit -f 1024; exec \"$@\" source target";
    let words = ["sh", env!("CARGO_BIN_EXE_copybench"), "copy", "--strategy", strategy.name];
    let mut command = Command::new("sh");
    command.args(["-c", script]).args(words).current_dir(directory.path());
    let ended = child::run(&mut command, child::LIMIT)?;
    let said = |word| ended.errors.contains(word);
    let is_told = said("EFBIG") || said("File too large") || said("EINVAL") && takes_sectors_alone(strategy);
    if ended.code == 0 || (ended.code == 1 && is_told) {
        return Ok(());
    }
    Err(format!("{ended:?}").into())
}

/// What is left up to the limit is less than a sector or a block, which direct writes and clones
/// call invalid.
fn takes_sectors_alone(strategy: &Strategy) -> bool {
    ["direct", "ficlone"].iter().any(|word| strategy.name.contains(word))
}

//! SIGKILL while copies are being made: nothing with a name is left, or the next start removes it.

use crate::{Suite, another_program, common, matrix, not_the_first};
use copybench::strategy::Strategy;
use libtest_mimic::{Failed, Trial};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, pidfd_open, pidfd_send_signal, waitid,
};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn tests(suite: &Suite) -> Vec<Trial> {
    let why_not = |strategy: &Strategy| {
        let one_of_many = if strategy.takes_paths() { None } else { not_the_first(strategy) };
        another_program(strategy).or(one_of_many)
    };
    suite.each("killed", why_not, |strategy| {
        let directory = killed(strategy)?;
        if !strategy.takes_paths() {
            matrix::note("killed", strategy, "nothing left");
            return expect_left(&directory, 0);
        }
        expect_left(&directory, 1)?;
        let list = copybench(&["list", "--dir"]).arg(directory.path()).output()?;
        if !list.status.success() {
            return Err(String::from_utf8_lossy(&list.stderr).into_owned().into());
        }
        matrix::note("killed", strategy, "removed at the next start");
        expect_left(&directory, 0)
    })
}

fn copybench(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copybench"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// A directory whose run was killed once it had measured something.
fn killed(strategy: &Strategy) -> Result<TempDir, Failed> {
    let records = tempfile::tempdir_in(common::places().0.path())?;
    let directory = tempfile::tempdir_in(common::places().0.path())?;
    let record = records.path().join("run.jsonl");
    let words =
        ["run", "--rounds", "1000", "--no-limits", "--layout", "dense", "--size", "8MiB", "--strategy"];
    let mut run = copybench(&words);
    run.arg(strategy.name).arg("--dir").arg(directory.path()).arg("--out").arg(&record);
    let mut run = run.spawn()?;
    let measured = wait_for_a_sample(&record, strategy, &mut run);
    kill_with_workers(&mut run)?;
    let ended = run.wait_with_output()?;
    measured?;
    // Nothing that a run leaves in order shows what a killed one leaves.
    if ended.status.signal() != Some(9) {
        return Err(format!("ended by itself: {}", String::from_utf8_lossy(&ended.stderr)).into());
    }
    Ok(directory)
}

/// The workers first, while the run is stopped: one that sees its run end before the signal reaches
/// it ends in order.
fn kill_with_workers(run: &mut Child) -> Result<(), Failed> {
    let pid = Pid::from_child(run);
    kill_process(pid, Signal::STOP)?;
    let stopped = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(pid), stopped)?;
    for thread in fs::read_dir(format!("/proc/{}/task", run.id()))? {
        let workers = fs::read_to_string(thread?.path().join("children"))?;
        for worker in workers.split_whitespace() {
            let worker = Pid::from_raw(worker.parse()?).ok_or("a worker without a number")?;
            let worker = pidfd_open(worker, PidfdFlags::empty())?;
            pidfd_send_signal(&worker, Signal::KILL)?;
            // Until it has ended, its files are locked.
            poll(&mut [PollFd::new(&worker, PollFlags::IN)], None)?;
        }
    }
    run.kill()?;
    Ok(())
}

/// Waits until the run is copying with the strategy for sure; its base comes first.
fn wait_for_a_sample(record: &Path, strategy: &Strategy, run: &mut Child) -> Result<(), Failed> {
    let name = format!(r#""strategy":"{}""#, strategy.name);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(record).unwrap_or_default();
        if text.lines().any(|line| line.contains(r#""t":"sample""#) && line.contains(&name)) {
            return Ok(());
        }
        if run.try_wait()?.is_some() || Instant::now() > deadline {
            return Err(format!("no sample in {text:?}").into());
        }
        sleep(Duration::from_millis(2));
    }
}

fn expect_left(directory: &TempDir, expected: usize) -> Result<(), Failed> {
    let entries = fs::read_dir(directory.path())?.map(|entry| entry.map(|entry| entry.file_name()));
    let left = entries.collect::<Result<Vec<_>, _>>()?;
    if left.len() == expected { Ok(()) } else { Err(format!("left behind: {left:?}").into()) }
}

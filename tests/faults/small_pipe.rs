//! A user whose share of pipe pages is spent gets pipes of two pages. A strategy that asks for
//! more is refused; one that is told that it got more, or whose pipe the kernel makes, meets a
//! short count at every call.

use crate::outcome::Outcome;
use crate::trace::{self, Injection};
use crate::{LENGTH, Suite, another_program, child, common, matrix, sample};
use copybench::strategy::Strategy;
use libtest_mimic::{Failed, Trial};
use std::sync::{Mutex, PoisonError};

/// The share is one user's, so the tests take turns.
static SHARE: Mutex<()> = Mutex::new(());

pub(crate) fn tests(suite: &Suite) -> Vec<Trial> {
    let root = rustix::process::geteuid().is_root();
    let untraceable = trace::why_not();
    let why_not = |strategy: &Strategy| {
        let pipes = ["splice", "sendfile", "copy-file-range", "std-io"];
        let without = (!pipes.iter().any(|pipe| strategy.name.contains(pipe))).then(|| "no pipe".to_owned());
        let unable = (!root).then(|| "root: it becomes another user".to_owned());
        another_program(strategy).or(without).or(unable).or_else(|| untraceable.clone())
    };
    suite.each("pipe of two pages", why_not, short_counts)
}

fn short_counts(strategy: &'static Strategy) -> Result<(), Failed> {
    let _turn = SHARE.lock().unwrap_or_else(PoisonError::into_inner);
    let directory = tempfile::tempdir_in(common::places().0.path())?;
    let source = directory.path().join("source");
    std::fs::write(&source, sample())?;
    let copy = |name: &str, injection: Option<&Injection>| {
        let target = directory.path().join(name);
        let mut command = child::copy(strategy.name, &source, &target);
        let traced = trace::run(command.arg("--spend-pipes"), &directory.path().join("trace"), injection)?;
        let outcome = Outcome::parse(&traced.ended.output).ok_or_else(|| format!("{:?}", traced.ended))?;
        let word = outcome.judge(sample(), &target)?;
        matrix::note("pipe of two pages", strategy, &word);
        Ok::<_, Failed>(outcome)
    };
    match copy("first", None)? {
        Outcome::Copied(copied) if copied == LENGTH as u64 => return Ok(()),
        Outcome::Failed { call, what, .. } if call.starts_with("fcntl") && what == "EPERM" => {}
        other => return Err(format!("{other:?}").into()),
    }
    let told = Injection {
        call: "fcntl".into(),
        answer: "retval=1048576".into(),
        when: "1+".into(),
        first_thread_alone: false,
    };
    match copy("second", Some(&told))? {
        Outcome::Copied(copied) if copied == LENGTH as u64 => Ok(()),
        other => Err(format!("told that its pipe is large: {other:?}").into()),
    }
}

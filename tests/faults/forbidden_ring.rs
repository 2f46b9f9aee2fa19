//! io_uring where it is forbidden, by a setting, by a filter of system calls, or by a kernel without
//! it: refused before anything is written, and the error says what to do about it.

use crate::outcome::Outcome;
use crate::trace::{self, Injection};
use crate::{Suite, child, common, matrix, sample};
use copybench::strategy::{CopyError, Strategy};
use libtest_mimic::{Failed, Trial};
use rustix::io::Errno;

const WAYS: [(&str, Errno); 2] = [("EPERM", Errno::PERM), ("ENOSYS", Errno::NOSYS)];

pub(crate) fn tests(suite: &Suite) -> Vec<Trial> {
    let untraceable = trace::why_not();
    let why_not = |strategy: &Strategy| {
        let without = (!strategy.name.contains("io-uring")).then(|| "no ring".to_owned());
        without.or_else(|| untraceable.clone())
    };
    suite.each("io_uring forbidden", why_not, is_refused)
}

fn is_refused(strategy: &'static Strategy) -> Result<(), Failed> {
    let directory = tempfile::tempdir_in(common::places().0.path())?;
    let (source, target) = (directory.path().join("source"), directory.path().join("target"));
    std::fs::write(&source, sample())?;
    for (name, errno) in WAYS {
        let injection = Injection {
            call: "io_uring_setup".to_owned(),
            answer: format!("error={name}"),
            when: "1+".to_owned(),
            first_thread_alone: false,
        };
        let mut copy = child::copy(strategy.name, &source, &target);
        let traced = trace::run(&mut copy, &directory.path().join("trace"), Some(&injection))?;
        let outcome = Outcome::parse(&traced.ended.output).ok_or_else(|| format!("{:?}", traced.ended))?;
        let length = std::fs::metadata(&target)?.len();
        match outcome {
            Outcome::Failed { copied: 0, ref call, ref what, .. }
                if call == "io_uring_setup" && what == name && length == 0 =>
            {
                matrix::note("io_uring forbidden", strategy, name);
            }
            other => return Err(format!("{other:?}, {length} bytes in the target").into()),
        }
        if CopyError::call("io_uring_setup", 0, errno).hint().is_none() {
            return Err(format!("no hint for {name}").into());
        }
    }
    Ok(())
}

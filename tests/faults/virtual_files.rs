//! Files of procfs and sysfs, whose size says nothing about their content.

use crate::{Suite, another_program, child, common, matrix, outcome::Outcome};
use copybench::strategy::Strategy;
use libtest_mimic::{Failed, Trial};
use std::path::Path;

/// How a copy is compared: by bytes, or by what stands before the colon of each line, as the rest
/// changes from one read to the next.
#[derive(Clone, Copy)]
enum Compare {
    Bytes,
    Keys,
}

const FILES: [(&str, Compare); 5] = [
    ("/proc/cpuinfo", Compare::Keys),
    ("/proc/self/status", Compare::Keys),
    ("/proc/filesystems", Compare::Bytes),
    ("/sys/kernel/mm/transparent_hugepage/enabled", Compare::Bytes),
    ("/sys/kernel/btf/vmlinux", Compare::Bytes),
];

pub(crate) fn tests(suite: &Suite) -> Vec<Trial> {
    suite.each("size that lies", another_program, whole_or_refused)
}

fn whole_or_refused(strategy: &'static Strategy) -> Result<(), Failed> {
    let directory = tempfile::tempdir_in(common::places().0.path())?;
    for (path, compare) in FILES.into_iter().filter(|(path, _)| Path::new(path).exists()) {
        let target = directory.path().join(path.rsplit('/').next().unwrap_or_default());
        let ended = child::run(&mut child::copy(strategy.name, Path::new(path), &target), child::LIMIT)?;
        let outcome = Outcome::parse(&ended.output).ok_or_else(|| format!("{path}: {ended:?}"))?;
        let Outcome::Copied(copied) = outcome else {
            matrix::note("size that lies", strategy, "refused");
            continue;
        };
        let (expected, found) = (std::fs::read(path)?, std::fs::read(&target)?);
        let same = match compare {
            Compare::Bytes => expected == found,
            Compare::Keys => keys(&expected) == keys(&found),
        };
        if !same || found.is_empty() || copied != found.len() as u64 {
            return Err(
                format!("{path}: {outcome:?}, but {} bytes of {}", found.len(), expected.len()).into()
            );
        }
        matrix::note("size that lies", strategy, "copied");
    }
    Ok(())
}

fn keys(text: &[u8]) -> Vec<&[u8]> {
    text.split(|byte| *byte == b'\n').filter_map(|line| line.split(|byte| *byte == b':').next()).collect()
}

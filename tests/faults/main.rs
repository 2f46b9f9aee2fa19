//! Every strategy under every fault, one named test each: what goes wrong ends as an error or as a
//! right prefix, never as a signal, a hang or wrong bytes that were reported as copied.
//!
//! Each copy runs in a process of its own, this very program with `helper` as first argument,
//! under a time limit. What every family did stands in docs/faults.md, and nothing else may happen.
//! `COPYBENCH_FAULTS=all` tries all errnos instead of a sample, and writes the largest files.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot begin has failed")]

mod child;
#[path = "../common/mod.rs"]
mod common;
mod far_offsets;
mod forbidden_ring;
mod full_target;
mod helper;
mod killed;
mod matrix;
mod moving_rounds;
mod moving_source;
mod outcome;
mod refused_calls;
mod short_counts;
mod size_limit;
mod small_pipe;
mod special_files;
mod trace;
mod virtual_files;

use copybench::measure::availability;
use copybench::strategy::{Strategy, all, representatives};
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

/// Length of the usual source: several blocks of most strategies, and a part of a sector.
pub(crate) const LENGTH: usize = (3 << 20) + 77;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("helper") {
        return helper::main();
    }
    let arguments = Arguments::from_args();
    let suite = Suite::new();
    let mut tests = Vec::new();
    tests.extend(moving_source::tests(&suite));
    tests.extend(full_target::tests(&arguments));
    tests.extend(size_limit::tests(&suite));
    tests.extend(refused_calls::tests(&suite));
    tests.extend(forbidden_ring::tests(&suite));
    tests.extend(short_counts::tests(&suite));
    tests.extend(small_pipe::tests(&suite));
    tests.extend(virtual_files::tests(&suite));
    tests.extend(far_offsets::tests(&suite));
    tests.extend(special_files::tests());
    tests.extend(killed::tests(&suite));
    let conclusion = libtest_mimic::run(&arguments, tests);
    match matrix::settle(&suite.file_system) {
        Ok(()) => conclusion.exit_code(),
        Err(differences) => {
            eprintln!("{differences}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all errnos and the largest files are asked for.
pub(crate) fn all_faults() -> bool {
    std::env::var_os("COPYBENCH_FAULTS").is_some_and(|asked| asked == "all")
}

/// The reason to leave all but one strategy of each family to `COPYBENCH_FAULTS=all`, where a fault
/// is costly and meets code that the family shares.
pub(crate) fn not_the_first(strategy: &Strategy) -> Option<String> {
    let first = representatives(usize::MAX).any(|first| first.name == strategy.name);
    (!first && !all_faults()).then(|| "one of each family is enough; COPYBENCH_FAULTS=all".to_owned())
}

/// Bytes of the usual source.
pub(crate) fn sample() -> &'static [u8] {
    static SAMPLE: OnceLock<Vec<u8>> = OnceLock::new();
    SAMPLE.get_or_init(|| bytes(LENGTH))
}

/// Bytes without a period that a misplaced page could hide in.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    (0..length as u64).map(|index| (index.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}

/// What all faults share: which strategies cannot be tried in this directory, and why.
pub(crate) struct Suite {
    refused: BTreeMap<&'static str, String>,
    file_system: String,
}

/// A copy of one strategy under one fault.
pub(crate) type Check = Arc<dyn Fn(&'static Strategy) -> Result<(), Failed> + Send + Sync>;

impl Suite {
    fn new() -> Self {
        let (from, to) = common::places();
        let tried = availability(&from, &to).expect("a page of random bytes");
        let refused = |tried: copybench::measure::Availability| {
            tried.refusal.map(|refused| (tried.strategy.name, refused.reason))
        };
        let refused = tried.into_iter().filter_map(refused).collect();
        Self { refused, file_system: from.file_system().to_owned() }
    }

    /// One test a strategy; ignored where `why_not` or the directory gives a reason.
    pub(crate) fn each(
        &self,
        fault: &str,
        why_not: impl Fn(&Strategy) -> Option<String>,
        check: impl Fn(&'static Strategy) -> Result<(), Failed> + Send + Sync + 'static,
    ) -> Vec<Trial> {
        let check: Check = Arc::new(check);
        let test = |strategy: &'static Strategy| {
            let name = format!("{fault}::{}", strategy.name);
            let refusal = self.refused.get(strategy.name).cloned();
            if let Some(reason) = why_not(strategy).or(refusal) {
                return ignored(name, reason);
            }
            let check = Arc::clone(&check);
            Trial::test(name, move || check(strategy))
        };
        all().map(|(_, strategy)| test(strategy)).collect()
    }
}

/// A test that is shown as ignored, with the reason as its kind.
pub(crate) fn ignored(name: String, reason: String) -> Trial {
    Trial::test(name, || Ok(())).with_kind(reason).with_ignored_flag(true)
}

/// The reason to leave other programs out of faults that would test them, not us.
pub(crate) fn another_program(strategy: &Strategy) -> Option<String> {
    let family = copybench::strategy::family_of(strategy.name)?;
    (family.name == "external").then(|| "another program, which answers for itself".to_owned())
}

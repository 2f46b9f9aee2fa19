//! A record is never somebody's file and never two people's; nothing measured is not success; a record
//! holds no path; a signal says what is kept.

mod ended;
mod nothing;
mod odd;
mod program;
mod published;
mod shared;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let root = rustix::process::geteuid().is_root();
    let mut trials = Vec::new();
    for tests in [odd::TESTS, shared::TESTS, nothing::TESTS, published::TESTS, ended::TESTS] {
        trials.extend(tests.iter().map(|(name, test)| Trial::test(*name, *test)));
    }
    let memory = nothing::no_group_to_limit();
    trials.push(
        Trial::test(
            "a limit of 40 MiB on memory costs what needs more, and nothing else",
            nothing::little_memory,
        )
        .with_kind(memory.clone().unwrap_or_else(|| "root".to_owned()))
        .with_ignored_flag(memory.is_some()),
    );
    trials.push(
        Trial::test("a record of another user is refused", odd::of_another_user)
            .with_kind("root")
            .with_ignored_flag(!root),
    );
    // The bench is an executable of its own, which `cargo test` alone does not build.
    let built = program::bench();
    for (name, test) in [odd::BENCH, nothing::BENCH, published::BENCH, ended::BENCH].concat() {
        trials.push(
            Trial::test(name, test)
                .with_kind(built.as_ref().err().map_or("cargo bench", String::as_str))
                .with_ignored_flag(built.is_err()),
        );
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

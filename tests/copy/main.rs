//! `copybench copy` as its users meet it: what the target is afterwards, also where something went
//! wrong in the middle. What cannot be tried here is shown as ignored, with what it lacks.

#![allow(clippy::unwrap_used, reason = "tests")]

mod bench;
mod odd;
mod oracle;
mod range;
mod resume;
mod sparse;
mod target;
#[path = "../common/tools.rs"]
mod tools;

use bench::Bench;
use libtest_mimic::{Arguments, Trial};

/// A test with a directory of its own, and what it cannot do without.
type Row = (&'static str, &'static [Need], fn(&Bench));

/// What a machine may lack.
#[derive(Clone, Copy, Debug)]
enum Need {
    /// Mounting and other users.
    Root,
    /// A program in PATH.
    Program(&'static str),
    /// A file system that `scripts/filesystems` makes.
    FileSystem(&'static str),
}

impl Need {
    /// Why it is not met here.
    fn lacking(self) -> Option<String> {
        match self {
            Self::Root => tools::no_mounts(),
            Self::Program(name) => tools::missing(&[name]),
            Self::FileSystem(kind) => tools::no_file_systems(&[kind]),
        }
    }
}

fn main() {
    let rows = [target::ROWS, odd::ROWS, sparse::ROWS, range::ROWS, resume::ROWS, oracle::ROWS].concat();
    let trials = rows.into_iter().map(|(name, needs, test): Row| {
        let lacking = needs.iter().find_map(|need| need.lacking());
        let trial = Trial::test(name, move || {
            test(&Bench::new());
            Ok(())
        });
        match lacking {
            Some(reason) => trial.with_kind(reason).with_ignored_flag(true),
            None => trial,
        }
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

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
}

impl Need {
    fn is_met(self) -> bool {
        match self {
            Self::Root => rustix::process::geteuid().is_root(),
            Self::Program(name) => std::env::var_os("PATH")
                .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file())),
        }
    }
}

fn main() {
    let rows = [target::ROWS, odd::ROWS, sparse::ROWS, range::ROWS, resume::ROWS, oracle::ROWS].concat();
    let trials = rows.into_iter().map(|(name, needs, test): Row| {
        let lacking = needs.iter().find(|need| !need.is_met());
        let trial = Trial::test(name, move || {
            test(&Bench::new());
            Ok(())
        });
        match lacking {
            Some(need) => trial.with_kind(format!("needs {need:?}")).with_ignored_flag(true),
            None => trial,
        }
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

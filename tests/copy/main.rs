//! `copybench copy` as its users meet it: what the target is afterwards, also where something went
//! wrong in the middle. What cannot be tried here is shown as ignored, with what it lacks.

#![allow(clippy::unwrap_used, reason = "tests")]

mod as_cp;
mod bench;
mod durable;
#[path = "../common/executable.rs"]
mod executable;
mod extremes;
#[path = "../common/golden.rs"]
mod golden;
mod odd;
mod oracle;
mod range;
mod refused;
mod resume;
mod sparse;
mod target;
mod threads;
#[path = "../common/tools.rs"]
mod tools;

use bench::Bench;
use libtest_mimic::{Arguments, Trial};
use std::process::Command;

/// A test with a directory of its own, and what it cannot do without.
type Row = (&'static str, &'static [Need], fn(&Bench));

/// What a machine may lack.
#[derive(Clone, Copy, Debug)]
enum Need {
    /// Mounting and other users.
    Root,
    /// A kernel that restricts a process by Landlock.
    Landlock,
    /// A control group that limits processor time.
    Quota,
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
            Self::Quota => threads::no_quota(),
            Self::Landlock => tools::no_landlock(),
            Self::Program(name) => tools::missing(&[name]),
            Self::FileSystem(kind) => tools::no_file_systems(&[kind]),
        }
    }
}

/// Rows that begin with this are tried on each of these file systems too.
const EVERYWHERE: (&str, &[&str]) = ("as cp: ", &["ext4", "xfs", "btrfs", "tmpfs", "overlay"]);

fn main() {
    let rows = [
        target::ROWS,
        odd::ROWS,
        sparse::ROWS,
        range::ROWS,
        resume::ROWS,
        oracle::ROWS,
        as_cp::ROWS,
        durable::ROWS,
        extremes::ROWS,
        refused::ROWS,
        threads::ROWS,
    ]
    .concat();
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
    let trials = trials.chain(on_file_systems());
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

/// This program once more on each file system, where it is not on one of them already.
fn on_file_systems() -> impl Iterator<Item = Trial> {
    let (rows, kinds) = EVERYWHERE;
    let kinds = if std::env::var_os("COPYBENCH_DIR").is_some() { &[] } else { kinds };
    kinds.iter().map(move |kind| {
        let makers = if *kind == "overlay" { "ext4" } else { kind };
        let trial = Trial::test(format!("on {kind}, {}", rows.trim_end_matches([':', ' '])), move || {
            let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/filesystems"))
                .args(["--fs", kind, "--size", "512MiB", "--require", "--"])
                .arg(std::env::current_exe()?)
                .arg(rows)
                .output()?;
            let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            if output.status.success() { Ok(()) } else { Err(text.into_owned().into()) }
        });
        let lacking = tools::no_file_systems(&[makers]).or_else(|| tools::missing(&["setfacl", "strace"]));
        match lacking {
            Some(reason) => trial.with_kind(reason).with_ignored_flag(true),
            None => trial,
        }
    })
}

//! copybench in a directory that has nothing else, and a run of it in one small cell.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program, which sees nothing of the user's own programs and calibrations.
pub(crate) fn copybench(here: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copybench"));
    command.current_dir(here).stdin(Stdio::null());
    command.env("XDG_CACHE_HOME", here.join("no-calibration")).env_remove("COPYBENCH_COMMANDS");
    command
}

/// A run in one small cell, recorded in `r.jsonl`.
pub(crate) fn small_run(here: &Path) -> Command {
    let mut command = copybench(here);
    command.args([
        "run",
        "--size",
        "64KiB",
        "--layout",
        "dense",
        "--no-limits",
        "--dir",
        ".",
        "--out",
        "r.jsonl",
    ]);
    command
}

/// Both streams of a program that has ended.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

//! Programs that a machine may lack, and the packages that bring them: scripts/tools.txt.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::expect_used, reason = "a test that cannot begin has failed")]

use std::path::{Path, PathBuf};
use std::process::Command;

const TABLE: &str = include_str!("../../scripts/tools.txt");

/// Why the first of `programs` that is missing cannot be run, with the package that brings it.
pub(crate) fn missing(programs: &[&str]) -> Option<String> {
    programs.iter().find_map(|program| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let candidates: Vec<PathBuf> = std::env::split_paths(&path)
            .map(|directory| directory.join(program))
            .filter(|candidate| candidate.is_file())
            .collect();
        if candidates.iter().any(|candidate| may_be_run(candidate)) {
            return None;
        }
        let what = if candidates.is_empty() { "not installed" } else { "not for this user to run" };
        Some(format!("{program} is {what}: Debian package {}", package(program)))
    })
}

/// Why nothing can be mounted here.
pub(crate) fn no_mounts() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("root: it mounts file systems".to_owned());
    }
    let permitted = Command::new("unshare").args(["--mount", "true"]).output();
    let permitted = permitted.is_ok_and(|output| output.status.success());
    (!permitted).then(|| "no mount namespaces are permitted here".to_owned())
}

/// Why no process can be restricted by Landlock.
pub(crate) fn no_landlock() -> Option<String> {
    let launcher = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/landlock.py");
    let restricted = Command::new("python3").args([launcher, "write", ".", "true"]).output();
    let restricted = restricted.is_ok_and(|output| output.status.success());
    (!restricted).then(|| "this kernel has no Landlock".to_owned())
}

/// Why `scripts/filesystems` cannot make one of these.
pub(crate) fn no_file_systems(kinds: &[&str]) -> Option<String> {
    let on_disk: Vec<&str> = kinds.iter().copied().filter(|kind| *kind != "tmpfs").collect();
    let no_loop = || {
        let none = !on_disk.is_empty() && !Path::new("/dev/loop-control").exists();
        none.then(|| "no /dev/loop-control".to_owned())
    };
    let makers: Vec<String> = on_disk.iter().map(|kind| format!("mkfs.{kind}")).collect();
    let programs: Vec<&str> = ["python3"].into_iter().chain(makers.iter().map(String::as_str)).collect();
    no_mounts().or_else(|| missing(&programs)).or_else(no_loop)
}

fn may_be_run(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

fn package(program: &str) -> &'static str {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    let mut cells = rows.map(|row| row.split('\t'));
    cells
        .find_map(|mut row| (row.next() == Some(program)).then(|| row.next())?)
        .expect("a row of scripts/tools.txt")
}

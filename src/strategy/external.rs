//! Other programs, timed as whole processes: starting and ending them is part of their time.

use super::error::{Cause, CopyError};
use super::{Family, Holes, Method, Strategy};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

pub(super) static FAMILY: Family = Family {
    name: "external",
    summary: "other programs, timed as whole processes",
    strategies: &[
        program("cp", "GNU or other cp, whole process", |s, t| {
            run("cp", "coreutils", &[s.into(), t.into()], t)
        }),
        program("cp-reflink-never", "cp --reflink=never, whole process", |s, t| {
            run("cp", "coreutils", &["--reflink=never".into(), s.into(), t.into()], t)
        }),
        program("dd-1m", "dd bs=1M, whole process", |s, t| {
            let file = |operand: &str, path: &Path| {
                let mut word = OsString::from(operand);
                word.push(path);
                word
            };
            run("dd", "coreutils", &["bs=1M".into(), "status=none".into(), file("if=", s), file("of=", t)], t)
        }),
        program("rsync-whole-file", "rsync -W, whole process, written in place", |s, t| {
            // The source's path may be a link, and times alone must not decide what is copied.
            let options = ["--whole-file", "--copy-links", "--inplace", "--ignore-times"].map(OsString::from);
            run("rsync", "rsync", &[&options[..], &[s.into(), t.into()]].concat(), t)
        }),
    ],
};

const fn program(
    name: &'static str,
    summary: &'static str,
    copy: fn(&Path, &Path) -> Result<u64, CopyError>,
) -> Strategy {
    Strategy { name, summary, holes: Holes::ByFileSystem, method: Method::Paths(copy), ..Strategy::BASE }
}

fn run(name: &'static str, package: &str, words: &[OsString], target: &Path) -> Result<u64, CopyError> {
    let failed = |message| CopyError::at(0, Cause::Program { program: name, message });
    let output = Command::new(name)
        .args(words)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => failed(format!("not installed; it is in the package {package}")),
            _ => failed(error.to_string()),
        })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(format!(
            "{}: {}",
            output.status,
            said.lines().last().unwrap_or("it said nothing")
        )));
    }
    std::fs::metadata(target).map(|meta| meta.len()).map_err(|error| failed(error.to_string()))
}

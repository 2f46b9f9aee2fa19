//! Other programs, timed as whole processes: starting and ending them is part of their time.

use super::error::{Cause, CopyError};
use super::{Family, Holes, Method, Sharing, Strategy};
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

pub(super) static FAMILY: Family = Family {
    name: "external",
    summary: "other programs, timed as whole processes",
    strategies: &[
        Strategy {
            sharing: Sharing::Maybe,
            ..program("cp", "GNU or other cp, whole process", |s, t| {
                run("cp", "coreutils", s, t, |from, to| vec![from, to])
            })
        },
        program("cp-reflink-never", "cp --reflink=never, whole process", |s, t| {
            run("cp", "coreutils", s, t, |from, to| vec!["--reflink=never".into(), from, to])
        }),
        program("dd-1m", "dd bs=1M, whole process", |s, t| {
            run("dd", "coreutils", s, t, |from, to| {
                vec!["bs=1M".into(), "status=none".into(), operand("if=", &from), operand("of=", &to)]
            })
        }),
        program("rsync-whole-file", "rsync -W, whole process, written in place", |s, t| {
            run("rsync", "rsync", s, t, |from, to| {
                // The source's path may be a link, and times alone must not decide what is copied.
                let options = ["--whole-file", "--copy-links", "--inplace", "--ignore-times"];
                options.map(OsString::from).into_iter().chain([from, to]).collect()
            })
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

fn operand(name: &str, path: &OsStr) -> OsString {
    let mut word = OsString::from(name);
    word.push(path);
    word
}

/// Runs a program with the words that `arguments` makes of the two paths. They are absolute, as
/// programs read a path that begins with a dash as an option, and rsync one with a colon as a host.
fn run(
    name: &'static str,
    package: &str,
    source: &Path,
    target: &Path,
    arguments: impl FnOnce(OsString, OsString) -> Vec<OsString>,
) -> Result<u64, CopyError> {
    let failed = |message| CopyError::at(0, Cause::Program { program: name, message });
    let absolute = |path| std::path::absolute(path).map_err(|error| failed(error.to_string()));
    let output = Command::new(name)
        .args(arguments(absolute(source)?.into(), absolute(target)?.into()))
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => failed(format!("not installed; it is in the package {package}")),
            ErrorKind::PermissionDenied => failed(format!(
                "this user may not run the one that is found; another is in the package {package}"
            )),
            _ => failed(error.to_string()),
        })?;
    // What a child that could not become the program says where its parent cannot be told, as under qemu's emulation.
    if output.status.code() == Some(127) {
        return Err(failed(format!("it cannot be started; it is in the package {package}")));
    }
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or("it said nothing");
        return Err(failed(format!("{}: {last}", output.status)));
    }
    std::fs::metadata(target).map(|file| file.len()).map_err(|error| failed(error.to_string()))
}

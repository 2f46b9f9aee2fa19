//! The programs that write records, and what they are called with.

use libtest_mimic::Failed;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// A name and what it does.
pub(crate) type Test = (&'static str, fn() -> Result<(), Failed>);

/// A run that takes little time.
pub(crate) const SMALL: &str = "run --size 4KiB --layout dense --strategy read-write-4k,read-write-256k --rounds 1 --processes 1 --no-limits";

pub(crate) fn directory() -> Result<TempDir, Failed> {
    Ok(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
}

/// `program` in `here`, without what the caller's environment says of copybench.
pub(crate) fn clean(here: &Path, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("COPYBENCH_"))
    {
        command.env_remove(name);
    }
    command.current_dir(here).stdin(Stdio::null());
    command
}

pub(crate) fn copybench(here: &Path, arguments: &str) -> Command {
    let mut command = clean(here, env!("CARGO_BIN_EXE_copybench"));
    command.args(arguments.split(' '));
    command
}

/// The executable of `cargo bench`, unoptimised, or why there is none.
pub(crate) fn bench() -> Result<&'static Path, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(build).as_deref().map_err(Clone::clone)
}

fn build() -> Result<PathBuf, String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--offline", "--quiet", "--bench", "copy", "--message-format", "json"])
        .output()
        .map_err(|error| format!("cargo, which {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut executables = messages
        .filter(|message| message["target"]["name"] == "copy")
        .filter_map(|message| Some(PathBuf::from(message["executable"].as_str()?)));
    executables.next().ok_or_else(|| "the bench, which cannot be built".to_owned())
}

/// Small cells under `cargo bench`.
pub(crate) fn small_bench(here: &Path, arguments: &str) -> Result<Command, Failed> {
    let mut command = clean(here, bench()?);
    command.arg("--bench").args(arguments.split_whitespace());
    command.env("COPYBENCH_SIZES", "4KiB").env("COPYBENCH_LAYOUTS", "dense");
    command.env("COPYBENCH_STRATEGIES", "read-write-4k").env("CRITERION_HOME", here.join("criterion"));
    Ok(command)
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn expect(condition: bool, found: &str) -> Result<(), Failed> {
    if condition { Ok(()) } else { Err(found.to_owned().into()) }
}

/// That `output` has this exit code and says all of `words`.
pub(crate) fn ends(output: &Output, code: i32, words: &[&str]) -> Result<(), Failed> {
    let said = said(output);
    expect(output.status.code() == Some(code), &format!("{}: {said}", output.status))?;
    words.iter().try_for_each(|word| expect(said.contains(word), &format!("no {word:?} in {said}")))
}

/// Names in a directory.
pub(crate) fn names(here: &Path) -> Result<Vec<String>, Failed> {
    let entries = std::fs::read_dir(here)?.collect::<Result<Vec<_>, _>>()?;
    let mut names: Vec<String> =
        entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

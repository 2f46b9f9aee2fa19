//! Puts the commit into the executable, for `--version` and for every record, and the scripts that
//! draw charts, so that an installed executable has them.

// This is how a build script talks to cargo.
#![allow(clippy::print_stdout)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// What draws charts: files, and directories with more of them.
const CHARTS: [&str; 4] =
    ["scripts/chart.py", "scripts/charts", "scripts/python", "scripts/requirements.txt"];

/// What else an executable is made of, the one of `cargo bench` included.
const SOURCES: [&str; 5] = ["src", "benches", "build.rs", "Cargo.toml", "Cargo.lock"];

/// What `cargo package` says of the commit, in a package.
const PACKAGED: &str = ".cargo_vcs_info.json";

fn main() -> io::Result<()> {
    // Naming a path that does not exist would run this anew at every build.
    for path in SOURCES.iter().chain(&CHARTS).chain([&PACKAGED]).filter(|path| Path::new(path).exists()) {
        println!("cargo::rerun-if-changed={path}");
    }
    let (sha, dirty) = packaged().or_else(checked_out).unwrap_or_else(|| ("unknown".to_owned(), false));
    println!("cargo::rustc-env=COPYBENCH_COMMIT={sha}");
    println!("cargo::rustc-env=COPYBENCH_DIRTY={dirty}");
    println!("cargo::rustc-env=COPYBENCH_RUSTC={}", rustc().unwrap_or_else(|| "unknown".to_owned()));
    fs::write(Path::new(&variable("OUT_DIR")?).join("chart_files.rs"), chart_files()?)
}

/// The commit that this package was made from: `{"git": {"sha1": "…", "dirty": true}, …}`, where
/// what is clean is not said.
fn packaged() -> Option<(String, bool)> {
    let text = fs::read_to_string(PACKAGED).ok()?.split_whitespace().collect::<String>();
    let (_, rest) = text.split_once("\"sha1\":\"")?;
    let (sha, _) = rest.split_once('"')?;
    Some((sha.to_owned(), text.contains("\"dirty\":true")))
}

/// The commit that is checked out, and whether what is built differs from it. A repository around
/// this directory, as where it was copied into another project, says nothing of it.
fn checked_out() -> Option<(String, bool)> {
    let top = PathBuf::from(git(&["rev-parse", "--show-toplevel"])?);
    if top.canonicalize().ok()? != env::current_dir().ok()?.canonicalize().ok()? {
        return None;
    }
    let sha = git(&["rev-parse", "HEAD"])?;
    // Whatever moves HEAD writes one of these; the index, which `git status` and `git add` touch,
    // is not among them, as what is staged changes nothing that is built.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    for name in ["HEAD", "logs/HEAD", "packed-refs"].into_iter().chain(branch.as_deref()) {
        if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    let status = ["--no-optional-locks", "status", "--porcelain", "--untracked-files=no", "--"];
    let changes = git(&[&status[..], &SOURCES, &CHARTS].concat())?;
    Some((sha, !changes.is_empty()))
}

/// Name and text of every file that draws charts, as a slice for `include!`.
fn chart_files() -> io::Result<String> {
    let mut files = Vec::new();
    let mut left = CHARTS.map(PathBuf::from).to_vec();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                left.push(entry?.path());
            }
            continue;
        }
        // Beside these stands what Python and editors leave.
        if let None | Some("py" | "json" | "js" | "css" | "html" | "txt") =
            path.extension().map(|extension| extension.to_str().unwrap_or(""))
        {
            files.push(path);
        }
    }
    files.sort();
    let here = env::current_dir()?;
    let rows = files.iter().map(|file| format!("({file:?}, include_str!({:?})),\n", here.join(file)));
    Ok(format!("&[\n{}]\n", rows.collect::<String>()))
}

fn git(arguments: &[&str]) -> Option<String> {
    output(Command::new("git").args(arguments))
}

fn rustc() -> Option<String> {
    output(Command::new(env::var_os("RUSTC")?).arg("--version"))
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

fn variable(name: &str) -> io::Result<OsString> {
    env::var_os(name).ok_or_else(|| io::Error::other(format!("cargo sets no {name}")))
}

//! What is built: which commit an executable says that it was made from, what makes cargo build it
//! anew, and how large the package is.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "common/executable.rs"]
mod executable;

use executable::copy_executable;
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Most bytes of the compressed package.
const MOST: u64 = 1 << 20;

fn main() {
    let git = Command::new("git").arg("--version").output().is_err();
    let trial = |name: &str, test: fn() -> Result<(), Failed>| Trial::test(name, test);
    let needing_git = |name: &str, test| {
        let trial = trial(name, test);
        if git { trial.with_kind("no git: install git").with_ignored_flag(true) } else { trial }
    };
    // A package has no repository to be packed from.
    let packed = !Path::new(ROOT).join(".cargo_vcs_info.json").exists();
    let size = needing_git("the package is below 1 MiB", the_package_is_small);
    let deny = deny();
    let trials = vec![
        Trial::test(
            "what is built in is allowed by deny.toml, and nothing else is",
            what_is_built_in_is_allowed,
        )
        .with_kind(if deny.is_some() { "" } else { "no cargo-deny: .ci/run installs it" })
        .with_ignored_flag(deny.is_none()),
        needing_git("a repository says its commit and what differs from it", a_repository_says_its_commit),
        needing_git("the repository around a copy says nothing of it", the_repository_around_says_nothing),
        needing_git("a package says the commit that it was made from", a_package_says_its_commit),
        needing_git("staging and asking for the status compile nothing", the_index_compiles_nothing),
        trial("an executable elsewhere has what draws charts", an_executable_has_what_draws),
        if packed { size } else { size.with_kind("this is the package").with_ignored_flag(true) },
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Where `cargo deny` is: installed, or as .ci/run gets it.
fn deny() -> Option<PathBuf> {
    let places = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
    let own = Path::new(ROOT).join("target/deny/bin");
    places.into_iter().chain([own]).map(|place| place.join("cargo-deny")).find(|program| program.is_file())
}

fn what_is_built_in_is_allowed() -> Result<(), Failed> {
    let program = deny().ok_or("no cargo-deny")?;
    let check = |rules: &Path| {
        let mut command = Command::new(&program);
        command.current_dir(ROOT).args(["--offline", "--locked", "--config"]).arg(rules);
        done(command.args(["check", "bans", "licenses", "sources"]))
    };
    let rules = Path::new(ROOT).join("deny.toml");
    check(&rules)?;
    let place = tempfile::tempdir()?;
    let narrower = place.path().join("deny.toml");
    fs::write(&narrower, fs::read_to_string(rules)?.replace("\"MIT\", ", ""))?;
    let Err(error) = check(&narrower) else { return Err("a licence that is not allowed passed".into()) };
    let said = error.message().unwrap_or_default();
    if said.contains("license") { Ok(()) } else { Err(said.to_owned().into()) }
}

/// A package that prints what our build script finds out, by that very script.
fn package(at: &Path) -> Result<(), Failed> {
    fs::create_dir_all(at.join("src"))?;
    fs::create_dir_all(at.join("scripts/charts"))?;
    fs::copy(Path::new(ROOT).join("build.rs"), at.join("build.rs"))?;
    fs::write(at.join("scripts/chart.py"), "draw\n")?;
    fs::write(
        at.join("Cargo.toml"),
        "[package]\nname = \"made\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n",
    )?;
    let print = r#"fn main() { println!("{} {}", env!("COPYBENCH_COMMIT"), env!("COPYBENCH_DIRTY")); }"#;
    fs::write(at.join("src/main.rs"), print)?;
    fs::write(at.join(".gitignore"), "/target\n")?;
    cargo(at, &["generate-lockfile", "--offline"]).map(drop)
}

fn cargo(at: &Path, arguments: &[&str]) -> Result<Output, Failed> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(at).args(arguments).env("CARGO_TARGET_DIR", at.join("target"));
    done(&mut command)
}

fn git(at: &Path, arguments: &[&str]) -> Result<String, Failed> {
    let mut command = Command::new("git");
    let author =
        ["-c", "user.name=nobody", "-c", "user.email=nobody@localhost", "-c", "commit.gpgsign=false"];
    command.current_dir(at).args(author).args(arguments);
    Ok(String::from_utf8(done(&mut command)?.stdout)?.trim().to_owned())
}

fn done(command: &mut Command) -> Result<Output, Failed> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(output);
    }
    Err(format!("{command:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}

/// Commit and dirtiness that the package says when it is built.
fn says(at: &Path) -> Result<String, Failed> {
    let output = cargo(at, &["run", "--quiet", "--offline"])?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn commit(at: &Path) -> Result<String, Failed> {
    git(at, &["add", "."])?;
    git(at, &["commit", "--quiet", "--message", "made"])?;
    git(at, &["rev-parse", "HEAD"])
}

fn is(found: &str, expected: &str) -> Result<(), Failed> {
    if found == expected { Ok(()) } else { Err(format!("{found:?} instead of {expected:?}").into()) }
}

fn a_repository_says_its_commit() -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let at = place.path();
    package(at)?;
    git(at, &["init", "--quiet"])?;
    let first = commit(at)?;
    is(&says(at)?, &format!("{first} false"))?;
    let source = at.join("src/main.rs");
    let text = fs::read_to_string(&source)?;
    fs::write(&source, format!("{text}\n// another line\n"))?;
    is(&says(at)?, &format!("{first} true"))?;
    let second = commit(at)?;
    is(&says(at)?, &format!("{second} false"))?;
    // What nothing is built from.
    fs::write(at.join("notes.md"), "notes\n")?;
    git(at, &["add", "notes.md"])?;
    is(&says(at)?, &format!("{second} false"))?;
    // A branch whose name stands in packed-refs only, and a commit on it.
    git(at, &["pack-refs", "--all"])?;
    is(&says(at)?, &format!("{second} false"))?;
    let third = commit(at)?;
    is(&says(at)?, &format!("{third} false"))
}

fn the_repository_around_says_nothing() -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let at = place.path().join("vendor/copybench");
    package(&at)?;
    git(place.path(), &["init", "--quiet"])?;
    commit(place.path())?;
    is(&says(&at)?, "unknown false")
}

fn a_package_says_its_commit() -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let at = place.path().join("unpacked");
    package(&at)?;
    // As cargo writes it.
    let of = |dirty: &str| {
        format!("{{\n  \"git\": {{\n    \"sha1\": \"0123abc\"{dirty}\n  }},\n  \"path_in_vcs\": \"\"\n}}")
    };
    let info = at.join(".cargo_vcs_info.json");
    fs::write(&info, of(""))?;
    git(place.path(), &["init", "--quiet"])?;
    commit(place.path())?;
    is(&says(&at)?, "0123abc false")?;
    fs::write(&info, of(",\n    \"dirty\": true"))?;
    is(&says(&at)?, "0123abc true")
}

fn the_index_compiles_nothing() -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let at = place.path();
    package(at)?;
    git(at, &["init", "--quiet"])?;
    commit(at)?;
    cargo(at, &["build", "--offline"])?;
    fs::write(at.join("notes.md"), "notes\n")?;
    git(at, &["add", "notes.md"])?;
    git(at, &["status"])?;
    let output = cargo(at, &["build", "--offline", "--verbose"])?;
    let told = String::from_utf8(output.stderr)?;
    if told.contains("Fresh made") { Ok(()) } else { Err(told.into()) }
}

/// A Python that lists the scripts which it is given instead of running them.
fn an_executable_has_what_draws() -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let (at, scratch) = (place.path(), place.path().join("scratch"));
    fs::create_dir(&scratch)?;
    copy_executable(&at.join("copybench"))?;
    let python = at.join("python");
    let list = "#!/bin/sh\ncd \"${1%/*}\" && find . -type f\necho \"$COPYBENCH\"; shift; echo \"$*\"\n";
    fs::write(&python, list)?;
    fs::set_permissions(&python, Permissions::from_mode(0o755))?;
    let mut command = Command::new(at.join("copybench"));
    command.current_dir(at).args(["chart", "run.jsonl", "--out", "page"]);
    command.env("COPYBENCH_PYTHON", &python).env("TMPDIR", &scratch).env("XDG_CACHE_HOME", at.join("cache"));
    let output = String::from_utf8(done(&mut command)?.stdout)?;
    let mut found: Vec<&str> = output.lines().collect();
    is(found.pop().unwrap_or_default(), "--out page -- run.jsonl")?;
    is(found.pop().unwrap_or_default(), &at.join("copybench").canonicalize()?.display().to_string())?;
    let mut expected = files(&Path::new(ROOT).join("scripts/charts"), "./charts")?;
    expected.extend(["./chart.py", "./python", "./requirements.txt"].map(str::to_owned));
    expected.sort();
    found.sort_unstable();
    is(&found.join("\n"), &expected.join("\n"))?;
    if fs::read_dir(&scratch)?.next().is_none() { Ok(()) } else { Err("something is left".into()) }
}

/// Names of the files below `folder`, without what Python makes of them.
fn files(folder: &Path, name: &str) -> Result<Vec<String>, Failed> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if !entry.path().is_dir() {
            names.push(name);
        } else if !name.ends_with("__pycache__") {
            names.extend(files(&entry.path(), &name)?);
        }
    }
    Ok(names)
}

fn the_package_is_small() -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(ROOT).args(["package", "--quiet", "--no-verify", "--allow-dirty", "--offline"]);
    done(command.arg("--target-dir").arg(place.path()))?;
    let packages = fs::read_dir(place.path().join("package"))?.collect::<Result<Vec<_>, _>>()?;
    let mut sizes = packages
        .iter()
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "crate"))
        .map(|entry| entry.metadata().map(|metadata| metadata.len()));
    let size = sizes.next().ok_or("no package")??;
    if size < MOST { Ok(()) } else { Err(format!("{size} bytes").into()) }
}

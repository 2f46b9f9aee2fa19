//! What a record says of the machine: no path, and variables that have an effect.

use super::program::{SMALL, Test, copybench, directory, ends, expect, small_bench};
use copybench::measure::VARIABLES;
use libtest_mimic::Failed;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

pub(crate) const TESTS: &[Test] = &[
    ("a record holds no path of its command line", no_path),
    ("reasons of skips hold no path", no_path_in_reasons),
    ("a variable that does not exist is refused with the nearest that do", unknown_variable),
    ("every variable that the repository names is in the table", variables),
];

pub(crate) const BENCH: &[Test] = &[
    ("a record of cargo bench holds no path of its command line", no_path_of_bench),
    ("cargo bench measures commands of the user's", commands_of_bench),
];

fn no_path() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    fs::create_dir_all(here.join("clients/acme"))?;
    fs::write(here.join("secret.img"), vec![7; 5000])?;
    let whole = here.join("clients/acme");
    let whole = whole.to_str().ok_or("a path")?;
    for (number, paths) in [
        "--source secret.img --out clients/acme/N.jsonl --dir clients/acme --to clients",
        "--source=secret.img --out=clients/acme/N.jsonl --dir=./clients --to=clients/../clients/acme",
        "--source ./secret.img --out acme-N.jsonl --dir clients",
        "--source secret.img --out clients/N.jsonl --to WHOLE",
    ]
    .iter()
    .enumerate()
    {
        let paths = paths.replace('N', &number.to_string()).replace("WHOLE", whole);
        let arguments = format!("run --strategy read-write-4k,cp* --rounds 1 --no-limits {paths}");
        ends(&copybench(here, &arguments).output()?, 0, &[])?;
        let out = paths.split([' ', '=']).find(|word| word.ends_with(".jsonl")).ok_or("a record")?;
        let text = fs::read_to_string(here.join(out))?;
        for word in ["secret", "clients", "acme", "jsonl", here.to_str().ok_or("a path")?] {
            expect(!text.contains(word), &format!("{word} in {}", text.lines().next().unwrap_or_default()))?;
        }
        expect(text.contains(r#""--source","SOURCE""#) && text.contains(r#""--out","OUT""#), &text)?;
        expect(text.contains(r#""--strategy","read-write-4k,cp*","--rounds","1""#), &text)?;
    }
    Ok(())
}

fn no_path_in_reasons() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    fs::create_dir_all(here.join("clients/acme"))?;
    for directory in ["clients", "clients/acme", "./clients"] {
        let _ = fs::remove_file(here.join("r.jsonl"));
        let arguments = format!(
            "run --strategy read-write-4k --size 1048576GiB --layout dense --rounds 1 --out r.jsonl --dir {directory}"
        );
        ends(&copybench(here, &arguments).output()?, 2, &[&format!("not enough space in {directory}")])?;
        let text = fs::read_to_string(here.join("r.jsonl"))?;
        expect(text.contains("not enough space in DIR:") && !text.contains("clients"), &text)?;
    }
    Ok(())
}

fn commands_of_bench() -> Result<(), Failed> {
    let here = directory()?;
    let output = small_bench(here.path(), "--warm-up-time 0.01 --measurement-time 0.02")?
        .env("COPYBENCH_OUT", "r.jsonl")
        .env("COPYBENCH_COMMANDS", "mine=sh -c 'cp \"$1\" \"$2\"' secret {source} {target}")
        .output()?;
    ends(&output, 0, &[])?;
    let text = fs::read_to_string(here.path().join("r.jsonl"))?;
    let timed = |line: &str| line.contains(r#""strategy":"mine""#) && !line.contains(r#""elapsed":[]"#);
    expect(text.lines().any(timed) && !text.contains("secret"), &text)
}

fn no_path_of_bench() -> Result<(), Failed> {
    for arguments in [
        "--save-baseline clients/acme dense",
        "--save-baseline=clients dense",
        "-s clients dense",
        "-sclients dense",
    ] {
        let here = directory()?;
        let quick = format!("{arguments} --warm-up-time 0.01 --measurement-time 0.02");
        let output = small_bench(here.path(), &quick)?.env("COPYBENCH_OUT", "new/r.jsonl").output()?;
        ends(&output, 0, &[])?;
        let text = fs::read_to_string(here.path().join("new/r.jsonl"))?;
        expect(!text.contains("clients") && !text.contains("acme"), &text)?;
        expect(text.contains(r#""BASELINE","dense","--warm-up-time","0.01""#), &text)?;
    }
    Ok(())
}

fn unknown_variable() -> Result<(), Failed> {
    let here = directory()?;
    for (name, nearest) in [
        ("COPYBENCH_SIZE", "did you mean COPYBENCH_SIZES"),
        ("COPYBENCH_LAYOUT", "COPYBENCH_LAYOUTS"),
        ("COPYBENCH_TARGET", "COPYBENCH_"),
    ] {
        for arguments in [SMALL, "list", "report r.jsonl", "lab"] {
            let output = copybench(here.path(), arguments).env(name, "1").output()?;
            ends(&output, 2, &[&format!("no variable is called {name}"), nearest])?;
        }
    }
    Ok(())
}

fn variables() -> Result<(), Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::new();
    let mut folders: Vec<_> =
        ["src", "benches", "tests", "scripts", ".ci", "docs"].map(|name| root.join(name)).to_vec();
    let mut files: Vec<_> =
        ["build.rs", "README.md", "METHOD.md", "CONTRIBUTING.md"].map(|name| root.join(name)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    for file in files {
        // These name some that do not exist.
        if file.ends_with("records/published.rs") || file.ends_with("plan/variables.rs") {
            continue;
        }
        let text = fs::read(&file).unwrap_or_default();
        for part in String::from_utf8_lossy(&text).split("COPYBENCH_").skip(1) {
            let name: String =
                part.chars().take_while(|next| next.is_ascii_uppercase() || *next == '_').collect();
            found.insert(format!("COPYBENCH_{}", name.trim_end_matches('_')));
        }
    }
    let unknown: Vec<_> = found
        .iter()
        .filter(|name| *name != "COPYBENCH_" && !VARIABLES.iter().any(|variable| variable.name == *name))
        .collect();
    expect(unknown.is_empty(), &format!("not in VARIABLES of src/measure/plan/variables.rs: {unknown:?}"))?;
    let unused: Vec<_> = VARIABLES.iter().filter(|variable| !found.contains(variable.name)).collect();
    expect(unused.is_empty(), &format!("{unused:?}"))
}

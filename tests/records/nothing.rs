//! Nothing measured is not success, and what fails costs its own line alone.

use super::program::{SMALL, Test, clean, copybench, directory, ends, expect, names, said, small_bench};
use copybench::host::MemoryGroups;
use copybench::record::read_files;
use copybench::strategy::{self, DstMode};
use libtest_mimic::Failed;
use std::fs;
use std::path::PathBuf;

pub(crate) const TESTS: &[Test] = &[
    ("a part without cells is refused and leaves nothing", empty_part),
    ("where no selected strategy works, the reasons are said and nothing is left", no_strategy),
    ("files without bytes are measured, without the limits", no_bytes),
    ("where memory cannot be mapped, what needs it is skipped, said once a reason", no_mappings),
    ("reports, comparisons, histories and exports of nothing are refused", readers),
    ("of the parts of a plan those that are missing are named", missing_part),
    ("of many inputs those that hold nothing or have no end are named", named),
];

pub(crate) const BENCH: &[Test] = &[
    ("a filter that matches no benchmark is refused and leaves nothing", no_benchmark),
    ("cargo bench ends with what was skipped", skipped_at_the_end),
];

fn empty_part() -> Result<(), Failed> {
    let here = directory()?;
    let arguments = ["--partition", "hash:2/2", "--out", "new/r.jsonl"];
    let output = copybench(here.path(), SMALL).args(arguments).output()?;
    ends(&output, 2, &["none of the 1 cells is in this part"])?;
    expect(names(here.path())?.is_empty(), "something is left")
}

fn unfit_for_preallocated() -> Vec<&'static str> {
    let unfit = |strategy: &&strategy::Strategy| !strategy.dst.contains(&DstMode::Preallocated);
    strategy::all().map(|(_, strategy)| strategy).filter(unfit).map(|strategy| strategy.name).collect()
}

fn no_strategy() -> Result<(), Failed> {
    let here = directory()?;
    let unfit = unfit_for_preallocated();
    let output = copybench(
        here.path(),
        "run --size 4KiB --layout dense --dst preallocated --out new/r.jsonl --strategy",
    )
    .arg(unfit.join(","))
    .output()?;
    ends(&output, 2, &["cannot start from a target that is preallocated", "nothing can be measured"])?;
    let lines = said(&output).matches("cannot start from a target that is preallocated").count();
    expect(lines == 1, &said(&output))?;
    expect(names(here.path())?.is_empty(), "something is left")
}

fn no_bytes() -> Result<(), Failed> {
    let here = directory()?;
    let arguments = "run --size 0 --layout dense --rounds 1 --strategy read-write-4k,mmap-mmap --out r.jsonl";
    let output = copybench(here.path(), arguments).output()?;
    ends(&output, 0, &["limit-copy", "a file without bytes has no limit"])
}

fn no_mappings() -> Result<(), Failed> {
    let here = directory()?;
    let script = "ulimit -v 120000; exec \"$0\" run --size 64MiB --layout dense --rounds 1 --out r.jsonl \
                  --strategy read-write-64k,mmap-mmap,mmap-write";
    let output = clean(here.path(), "sh").args(["-c", script, env!("CARGO_BIN_EXE_copybench")]).output()?;
    ends(&output, 0, &["mmap-mmap", "ENOMEM", "skipped limit-copy, limit-copy-4k, limit-zero-copy-4k in"])?;
    let read = read_files(&[here.path().join("r.jsonl")])?;
    let measured = read.runs[0]
        .samples
        .iter()
        .any(|sample| sample.strategy == "read-write-64k" && sample.round == Some(0));
    expect(measured && read.runs[0].end.is_some(), "read-write-64k was not measured")
}

fn readers() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    ends(&copybench(here, SMALL).args(["--out", "whole.jsonl"]).output()?, 0, &[])?;
    let text = fs::read_to_string(here.join("whole.jsonl"))?;
    let kept = |line: &&str| !line.starts_with(r#"{"t":"sample""#);
    let without: Vec<&str> = text.lines().filter(kept).collect();
    fs::write(here.join("without.jsonl"), without.join("\n") + "\n")?;
    fs::write(here.join("empty.jsonl"), "")?;
    fs::create_dir(here.join("folder"))?;
    for input in ["without.jsonl", "empty.jsonl"] {
        let mut commands = vec!["report".to_owned(), "history".to_owned(), "compare whole.jsonl".to_owned()];
        let formats = [
            "bencher",
            "gab-bigger",
            "gab-smaller",
            "criterion",
            "hyperfine",
            "csv",
            "chart",
            "otava --out o",
        ];
        commands.extend(formats.map(|format| format!("export --format {format}")));
        for command in commands {
            let output = copybench(here, &format!("{command} {input}")).output()?;
            expect(output.status.code() == Some(2), &format!("{command} {input}: {}", output.status))?;
            expect(output.stdout.is_empty(), &format!("{command} {input} wrote something"))?;
            let word = if input == "empty.jsonl" {
                "empty.jsonl: it is empty"
            } else {
                "nothing was measured in it"
            };
            expect(said(&output).contains(word), &format!("{command} {input}: {}", said(&output)))?;
        }
    }
    ends(&copybench(here, "report folder").output()?, 2, &["no record below"])?;
    expect(!here.join("o").exists(), "a directory is left")
}

fn missing_part() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    let cells = "run --size 4KiB,8KiB --layout dense,sparse --strategy read-write-4k --rounds 1 --processes 1 --no-limits";
    let parts = || (1..=4).map(|part| format!("{part}.jsonl"));
    for (part, out) in (1..).zip(parts()) {
        let arguments = format!("{cells} --partition hash:{part}/4 --out {out}");
        ends(&copybench(here, &arguments).output()?, 0, &[])?;
        let read = read_files(&[here.join(&out)])?;
        expect(read.runs[0].cells.len() == 1, &format!("{} cells in {out}", read.runs[0].cells.len()))?;
    }
    let report = |records: &str| copybench(here, &format!("report {records}")).output();
    let whole = report("1.jsonl 2.jsonl 3.jsonl 4.jsonl")?;
    ends(&whole, 0, &[])?;
    expect(said(&whole).is_empty(), &said(&whole))?;
    fs::write(here.join("3.jsonl"), "")?;
    ends(
        &report("1.jsonl 2.jsonl 3.jsonl 4.jsonl")?,
        0,
        &["3.jsonl: it is empty", "of 4 parts, these are missing: 3"],
    )?;
    fs::write(
        here.join("cat.jsonl"),
        parts().map(|part| fs::read_to_string(here.join(part))).collect::<Result<String, _>>()?,
    )?;
    ends(&report("cat.jsonl")?, 0, &["of 4 parts, these are missing: 3"])?;
    let alone = report("1.jsonl")?;
    expect(said(&alone).is_empty(), &said(&alone))
}

fn named() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    fs::create_dir(here.join("all"))?;
    ends(&copybench(here, SMALL).args(["--out", "all/whole.jsonl"]).output()?, 0, &[])?;
    let text = fs::read_to_string(here.join("all/whole.jsonl"))?;
    let lines: Vec<&str> = text.lines().collect();
    let kept = |tags: &[&str]| {
        let is = |line: &&&str| tags.iter().any(|tag| line.starts_with(&format!(r#"{{"t":"{tag}""#)));
        lines.iter().filter(is).map(|line| format!("{line}\n")).collect::<String>()
    };
    let skip =
        r#"{"t":"skip","cell":"ext4|dense|4KiB|warm|new|none","strategy":"*","reason":"the boot failed"}"#;
    for (name, text) in [
        ("empty", String::new()),
        ("boots", kept(&["run", "cell"]) + skip + "\n" + &kept(&["end"])),
        (
            "limits",
            kept(&["run", "cell"])
                + &kept(&["sample"])
                    .replace("read-write-4k", "limit-copy")
                    .replace("read-write-256k", "limit-copy")
                + &kept(&["end"]),
        ),
        ("going", kept(&["run", "cell", "sample"])),
    ] {
        fs::write(here.join(format!("all/{name}.jsonl")), text)?;
    }
    let words = [
        "all/empty.jsonl: it is empty",
        "all/boots.jsonl: nothing was measured in it (skipped * in ext4|dense|4KiB|warm|new|none: the boot failed)",
        "all/limits.jsonl: nothing was measured in it",
        "all/going.jsonl: a run in it has no end",
    ];
    for command in ["report all", "history all", "export --format csv all", "compare all all"] {
        let output = copybench(here, command).output()?;
        ends(&output, 0, &words)?;
        expect(!said(&output).contains("whole.jsonl"), &said(&output))?;
    }
    let chart = copybench(here, "export --format chart all").output()?;
    let page = String::from_utf8_lossy(&chart.stdout).into_owned();
    words.iter().try_for_each(|word| expect(page.contains(word), &format!("no {word:?} in the page")))
}

fn no_benchmark() -> Result<(), Failed> {
    for arguments in ["no-such-benchmark", "--list no-such-benchmark", "--test no-such-benchmark"] {
        let here = directory()?;
        let output = small_bench(here.path(), arguments)?.env("COPYBENCH_OUT", "new/r.jsonl").output()?;
        ends(&output, 2, &["matches no benchmark", "--list"])?;
        expect(names(here.path())?.is_empty(), "something is left")?;
    }
    Ok(())
}

fn skipped_at_the_end() -> Result<(), Failed> {
    let here = directory()?;
    let unfit = unfit_for_preallocated()[0];
    let output = small_bench(here.path(), "--warm-up-time 0.01 --measurement-time 0.02")?
        .env("COPYBENCH_OUT", "r.jsonl")
        .env("COPYBENCH_STRATEGIES", format!("read-write-4k,{unfit}"))
        .env("COPYBENCH_DST", "preallocated")
        .output()?;
    ends(&output, 0, &[&format!("skipped {unfit} in"), "cannot start from a target that is preallocated"])?;
    expect(
        said(&output).trim_end().lines().last().is_some_and(|line| line.contains("skipped")),
        &said(&output),
    )
}

fn groups() -> Option<MemoryGroups> {
    let read = |path| fs::read_to_string(path).ok();
    MemoryGroups::find(&read("/proc/self/cgroup")?, &read("/proc/self/mountinfo")?)
}

/// A new control group, removed when dropped.
struct Group(PathBuf);

impl Group {
    fn new() -> Option<Self> {
        let groups = groups()?;
        let path = groups.parent.join(format!("copybench-test-{}", std::process::id()));
        fs::create_dir(&path).ok()?;
        let group = Self(path);
        fs::write(group.0.join(groups.limit), (40 << 20).to_string()).ok().map(|()| group)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// Why no memory limit can be set.
pub(crate) fn no_group_to_limit() -> Option<String> {
    Group::new().is_none().then(|| "root and a control group for memory".to_owned())
}

pub(crate) fn little_memory() -> Result<(), Failed> {
    let here = directory()?;
    let group = Group::new().ok_or("no group")?;
    let script = "echo $$ >\"$1/cgroup.procs\"; exec \"$0\" run --size 32MiB --layout dense --rounds 1 \
                  --out r.jsonl --strategy read-write-64k,mmap-write,mmap-private-write";
    let output = clean(here.path(), "sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_copybench")])
        .arg(&group.0)
        .output()?;
    ends(&output, 0, &["skipped limit-copy", "bytes of private memory", "are available"])?;
    let read = read_files(&[here.path().join("r.jsonl")])?;
    let measured = read.runs[0]
        .samples
        .iter()
        .any(|sample| sample.strategy == "read-write-64k" && sample.round == Some(0));
    expect(measured, "read-write-64k was not measured")
}

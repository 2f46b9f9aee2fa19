//! Copies by several threads: what is copied is what cp copies, whatever happens to one of them.

use super::bench::{Bench, COPYBENCH, fails, noise, succeeds};
use super::{Need, Row};
use copybench::copier::is_candidate;
use copybench::strategy;
use std::path::Path;
use std::process::{Command, Output};

pub(crate) const ROWS: &[Row] = &[
    ("as cp: files of all lengths by several threads", &[], lengths),
    ("threads fill the holes of a source, or leave them to one", &[], holes),
    ("a source that changes under threads ends as a copy of its beginning", &[], changing),
    ("a full disk that one thread meets leaves the target whole", &[Need::Program("strace")], full_disk),
    ("no more threads than are allowed", &[], allowed),
    ("where one of several ranges fails, all behind it is copied", CHOSEN, resumed),
    ("one processor is given one thread", CHOSEN, one_processor),
    ("a control group's quota of one processor is given one thread", QUOTA, quota),
];

const CHOSEN: &[Need] = &[Need::Root, Need::Program("strace"), Need::FileSystem("ext4")];
const QUOTA: &[Need] = &[Need::Root, Need::Quota, Need::FileSystem("ext4")];

/// Those that a copy may be left to.
fn names() -> impl Iterator<Item = &'static str> {
    strategy::all()
        .map(|(_, strategy)| strategy)
        .filter(|strategy| strategy.threads > 1 && is_candidate(strategy))
        .map(|strategy| strategy.name)
}

/// Where fallocate(2) is refused, a strategy that begins with it is.
fn copies(output: &Output) -> bool {
    output.status.success() || !String::from_utf8_lossy(&output.stderr).contains("fallocate: ")
}

fn lengths(bench: &Bench) {
    for length in [0, 1, 4095, 4096, 262_144, 262_145, (1 << 20) + 4095, (3 << 20) + 77] {
        bench.write("a", noise(length));
        succeeds(bench.command("cp", &["a", "cp"]).output().unwrap());
        for name in names() {
            let _ = std::fs::remove_file(bench.path("new"));
            bench.write("old", vec![b'Z'; 4 << 20]);
            for target in ["new", "old"] {
                let output = bench.copy(&["--verify", "--strategy", name, "a", target]);
                if copies(&output) {
                    succeeds(output);
                    assert!(bench.read(target) == bench.read("cp"), "{name} {length} {target}");
                }
            }
        }
    }
}

fn holes(bench: &Bench) {
    bench.write_sparse("a", 8 << 20, &[0, 3 << 20, (8 << 20) - 65536]);
    for name in names() {
        for options in [&[][..], &["--sparse", "auto"]] {
            let options = [options, &["--verify", "--strategy", name, "a", "b"]].concat();
            let output = bench.copy(&options);
            if copies(&output) {
                succeeds(output);
                assert!(bench.read("b") == bench.read("a"), "{options:?}");
            }
            let _ = std::fs::remove_file(bench.path("b"));
        }
    }
}

/// Whenever it happens: the copy is as much of the source as there was at some moment.
fn changing(bench: &Bench) {
    let (long, short) = (6 << 20, 1_500_001);
    let content = noise(long);
    for name in names() {
        for round in 0..10 {
            for (before, after) in [(long, short), (short, long)] {
                bench.write("whole", &content);
                bench.write("a", &content[..before]);
                // The length of the loop spreads the moments.
                let change =
                    if after < before { format!("truncate -s {after} a") } else { "cat whole >a".into() };
                let script = format!(
                    "$COPY --strategy {name} a b & child=$!
                    i=0; while test $i -lt {}; do i=$((i + 1)); done
                    {change}; code=0; wait $child || code=$?; exit $code",
                    round * 300
                );
                let output = bench.shell(&script);
                if !copies(&output) {
                    continue;
                }
                let told = succeeds(output);
                let copy = bench.read("b");
                // A shell that writes to a file empties it first.
                let least = if after < before { short } else { 0 };
                assert!(copy.len() >= least && copy.len() <= long, "{name}: {} {told}", copy.len());
                let differs = copy.iter().zip(&content).any(|(copy, source)| copy != source);
                assert!(!differs, "{name}, round {round}: {told}");
                std::fs::remove_file(bench.path("b")).unwrap();
                assert_eq!(bench.names(), ["a", "whole"]);
            }
        }
    }
}

fn full_disk(bench: &Bench) {
    bench.write("a", noise(5 << 20));
    for name in names() {
        for number in [1, 3] {
            bench.write("b", "old");
            let write = if name.contains("splice") { "splice" } else { "pwrite64" };
            let output = bench
                .inject(&[&format!("{write}:error=ENOSPC:when={number}")], &["--strategy", name, "a", "b"]);
            let message = fails(1, output);
            assert!(message.contains("ENOSPC") || message.contains("fallocate"), "{message}");
            assert_eq!(bench.read("b"), b"old");
            std::fs::remove_file(bench.path("b")).unwrap();
            fails(
                1,
                bench.inject(
                    &[&format!("{write}:error=ENOSPC:when={number}")],
                    &["--strategy", name, "a", "b"],
                ),
            );
            assert_eq!(bench.names(), ["a"]);
        }
    }
}

fn allowed(bench: &Bench) {
    bench.write("a", noise(100_000));
    for name in names() {
        let message = fails(2, bench.copy(&["--threads", "1", "--strategy", name, "a", "b"]));
        assert!(message.contains("more threads than --threads allows"), "{message}");
    }
    for words in [&["--threads", "1"][..], &["--threads", "auto"], &["--threads", "1", "--threads", "64"]] {
        succeeds(bench.copy(&[words, &["a", "b"]].concat()));
        assert!(bench.read("a") == bench.read("b"));
    }
    for wrong in ["0", "-1", "", "many"] {
        fails(2, bench.copy(&[&format!("--threads={wrong}"), "a", "b"]));
    }
}

/// `script` on every file system where a file of `MIB` is copied by several threads, which is one at least.
/// It finds the file as `a`, and the command as `$COPY`.
fn where_chosen(bench: &Bench, script: &str) -> Output {
    let script = format!(
        r#"cd "$COPYBENCH_DIR"; head -c {MIB}M /dev/urandom >a
        case $($COPY --threads 2 --debug a b 2>&1 | grep '^chosen ') in
            *threads-2-*) echo chosen; rm b;;
            *) exit 0;;
        esac
        {script}"#
    );
    let filesystems = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/filesystems");
    let output = Command::new(filesystems)
        .args(["--fs", "ext4,xfs,btrfs,tmpfs", "--size", "1GiB", "--", "sh", "-ec", &script])
        .env("COPY", format!("{COPYBENCH} copy --reflink never"))
        .env("TMPDIR", bench.path(""))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("chosen"), "{told} {}", String::from_utf8_lossy(&output.stderr));
    output
}

const MIB: u64 = 260;

fn resumed(bench: &Bench) {
    let script = r#"
        try() { strace -f -o /dev/null $4 -e inject=$1:error=$2:when=$3 $COPY --threads 2 --debug a b 2>told; }
        for call in pwrite64 pread64 splice fallocate clone3; do
            # The loader makes the call too, on other files.
            path=; test $call != pread64 || path='-P a'
            for number in 2 9+; do
                try $call EINVAL $number "$path" || { cat told; exit 1; }
                cmp a b; rm b
                # Each byte once, and in their order.
                sed -n 's/^copied \([0-9]*\)[.][.]\([0-9]*\) by .*/\1 \2/p' told |
                    awk '$1 != at + 0 { exit 1 } { at = $2 } END { if (at != '$(stat -c %s a)') exit 1 }' ||
                    { cat told; exit 1; }
            done
        done
        echo old >b; code=0; try pwrite64,splice ENOSPC 40 || code=$?
        test $code = 1; test "$(cat b)" = old; test "$(ls -A)" = "$(printf 'a\nb\ntold')""#;
    succeeds(where_chosen(bench, script));
}

fn one_processor(bench: &Bench) {
    let script = "
        taskset -c $(taskset -cp $$ | sed 's/.*: *//; s/[-,].*//') $COPY --debug a b 2>told
        ! grep -q threads told; cmp a b";
    succeeds(where_chosen(bench, script));
}

/// Where control groups may be: of version 1, and of version 2.
const GROUPS: [&str; 2] = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup"];

/// The directory to make a group in, and the file of its quota.
fn groups() -> Option<(&'static str, &'static str)> {
    GROUPS.into_iter().find_map(|top| {
        let group = Path::new(top).join(format!("copybench-test-{}", std::process::id()));
        std::fs::create_dir(&group).ok()?;
        let found = ["cpu.cfs_quota_us", "cpu.max"].into_iter().find(|file| group.join(file).exists());
        std::fs::remove_dir(&group).ok()?;
        Some((top, found?))
    })
}

/// Why no process can be given a quota of processors.
pub(crate) fn no_quota() -> Option<String> {
    groups().is_none().then(|| "no control group with a quota can be made here".to_owned())
}

fn quota(bench: &Bench) {
    let (top, file) = groups().unwrap();
    // The usual period in microseconds, and as much of it.
    let quota = if file == "cpu.max" { "100000 100000" } else { "100000" };
    let script = format!(
        "group={top}/copybench-test-$$; mkdir $group; trap 'rmdir $group' EXIT
        echo {quota} >$group/{file}
        group=$group sh -ec 'echo 0 >$group/cgroup.procs; exec $COPY --debug a b 2>told'
        ! grep -q threads told; cmp a b"
    );
    succeeds(where_chosen(bench, &script));
}

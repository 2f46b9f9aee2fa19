//! Every call beside the copying, refused with every errno: the same outcome as GNU cp under the same
//! refusal, or a better one, and nothing left behind. docs/copy.md has the outcomes as a table.

use super::as_cp::State;
use super::bench::{Bench, COPYBENCH, noise};
use super::golden::is_part;
use super::{Need, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

pub(crate) const ROWS: &[Row] = &[
    ("as cp: calls that are refused", NEEDS, refused_calls),
    ("as cp: a mode or the absence of an access list that is refused", NEEDS_ACL, refused_facts),
    ("a hole that may not be made is filled with zeros", &[Need::Program("strace")], refused_hole),
    ("as cp: in a sandbox of Landlock", &[Need::Root, Need::Program("python3"), Need::Landlock], sandbox),
    (
        "on a file system of FUSE that refuses, as cp",
        &[Need::Root, Need::Program("strace"), Need::Program("bindfs")],
        fuse,
    ),
];

const NEEDS: &[Need] = &[Need::Root, Need::Program("strace")];
const NEEDS_ACL: &[Need] = &[Need::Root, Need::Program("strace"), Need::Program("setfacl")];

/// Calls that make, change or ask something beside moving bytes; and those that move them for the kernel to
/// do.
const CALLS: &[&str] = &[
    "clone3",
    "copy_file_range",
    "fadvise64",
    "fallocate",
    "fchmod",
    "fchown",
    "fgetxattr",
    "flistxattr",
    "flock",
    "fremovexattr",
    "fsetxattr",
    "fstatfs",
    "fsync",
    "ftruncate",
    "getrandom",
    "ioctl",
    "linkat",
    "pipe2",
    "prlimit64",
    "readlinkat",
    "renameat",
    "sendfile",
    "socketpair",
    "splice",
    "statx",
    "unlinkat",
    "utimensat",
    "openat",
];

const ERRNOS: &[&str] = &[
    "EPERM",
    "EACCES",
    "EINVAL",
    "ENOSYS",
    "EOPNOTSUPP",
    "EXDEV",
    "ENOENT",
    "EBUSY",
    "EAGAIN",
    "ENOMEM",
    "EMFILE",
    "ESTALE",
    "ETIMEDOUT",
    "ENODEV",
    "EIO",
    "ENOSPC",
    "EDQUOT",
    "EROFS",
];

/// What tells of the disk. cp makes none of these calls but clones, after which it goes on; here the copy ends
/// with the target as it was.
const OF_THE_DISK: &[&str] = &["EIO", "ENOSPC", "EDQUOT", "EROFS"];

/// What is there before, and its name in the table.
const SITUATIONS: &[(&str, &str)] = &[
    ("new target", "true"),
    (
        "target with an owner, an access list and a flag",
        "echo old >b; chown 1234:5678 b; setfacl -m u:1:r b; \
     chattr +d b; chmod g-w b",
    ),
    ("holes, and a target with two names", "truncate -s 300k a; echo old >b; ln b c"),
];

/// How a command ended and what it left.
struct Outcome {
    succeeded: bool,
    left: Option<State>,
    names: Vec<String>,
    told: String,
    calls: BTreeSet<String>,
}

/// One command in a fresh directory, under strace with `options`.
fn outcome(bench: &Bench, set_up: &str, command: &str, options: &str) -> Outcome {
    let script = format!(
        "rm -rf d; mkdir d; cp --reflink=never a d/a; cd d; {{ {set_up}; }} 2>/dev/null || true
        code=0; strace -f -o ../log {options} {command} a b || code=$?; exit $code"
    );
    let output = bench.command("sh", &["-ec", &script]).output().unwrap();
    let names = bench.names_in("d");
    let log = fs::read_to_string(bench.path("log")).unwrap_or_default();
    let call = |line: &str| Some(line.split_whitespace().nth(1)?.split_once('(')?.0.to_owned());
    Outcome {
        succeeded: output.status.success(),
        left: State::of(bench, "d"),
        names,
        told: String::from_utf8_lossy(&output.stderr).into_owned(),
        calls: log.lines().filter_map(call).collect(),
    }
}

/// Which calls of a command are refused. Only opening a directory is: the loader opens files too.
fn injection(call: &str, errno: &str) -> String {
    match call {
        "openat" => format!("-P . -e inject=openat:error={errno}"),
        _ => format!("-e inject={call}:error={errno}"),
    }
}

fn refused_calls(bench: &Bench) {
    bench.write("a", noise(200_000));
    let mut table: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut wrong = Vec::new();
    // One file system makes the table; the others are held to cp alone, with one errno of each sort.
    let is_table =
        std::env::var_os("COPYBENCH_DIR").is_some_and(|path| path.to_string_lossy().contains("/ext4-0"));
    let errnos =
        if is_table { ERRNOS } else { &["EPERM", "EINVAL", "ENOSYS", "EOPNOTSUPP", "EMFILE", "EIO"] };
    let commands = [format!("{COPYBENCH} copy --debug"), "cp".to_owned()];
    for (situation, set_up) in SITUATIONS {
        let free = commands.each_ref().map(|command| outcome(bench, set_up, command, ""));
        let old = { outcome(bench, set_up, "true", "").left };
        for call in CALLS {
            let mut cell: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for errno in errnos {
                if !free[0].calls.contains(*call) {
                    cell.entry("no such call".to_owned()).or_default().push(errno);
                    continue;
                }
                let injection = injection(call, errno);
                let ours = outcome(bench, set_up, &commands[0], &injection);
                let cp =
                    free[1].calls.contains(*call).then(|| outcome(bench, set_up, &commands[1], &injection));
                let theirs = cp.as_ref().unwrap_or(&free[1]);
                let case = format!("{situation}, {call}: {errno}");
                if ours.names.iter().any(|name| !["a", "b", "c"].contains(&name.as_str())) {
                    wrong.push(format!("{case}: left {:?}", ours.names));
                }
                let right = |left: &Option<State>| left == &free[1].left;
                let listed = OF_THE_DISK.contains(errno);
                let told = ours.told.lines().find(|line| line.starts_with("target ")).unwrap_or_default();
                let word = match (ours.succeeded, theirs.succeeded) {
                    (true, _) if right(&ours.left) => match told {
                        told if told.starts_with("target unnamed")
                            && !ours.told.contains("target written in place")
                            && !ours.told.contains("target made") =>
                        {
                            "copied"
                        }
                        _ => "copied as cp does",
                    },
                    (true, true) if theirs.left == ours.left => "as cp",
                    (false, _) if ours.left == old && (!theirs.succeeded || listed) => {
                        "an error, the target is what it was"
                    }
                    (false, false) if ours.left.is_none() => "an error",
                    // It moves the data, and another call that does would meet the same disk.
                    (false, true) if listed && *call == "copy_file_range" => {
                        "an error, the target is not whole"
                    }
                    (false, false) if *situation == SITUATIONS[2].0 => "an error, as cp",
                    _ => {
                        wrong.push(format!(
                            "{case}: {}, cp {}: {:?} {}",
                            ours.succeeded, theirs.succeeded, ours.left, ours.told
                        ));
                        "wrong"
                    }
                };
                let cp = if theirs.succeeded { "" } else { " (cp: an error)" };
                cell.entry(format!("{word}{cp}")).or_default().push(errno);
            }
            let (most, _) = cell.iter().max_by_key(|(_, errnos)| errnos.len()).unwrap();
            let others = cell.iter().filter(|(word, _)| *word != most);
            let others = others.map(|(word, errnos)| format!("; {}: {word}", errnos.join(" ")));
            table.entry(call).or_default().push(format!("{most}{}", others.collect::<String>()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let names: Vec<&str> = SITUATIONS.iter().map(|(name, _)| *name).collect();
    let mut text = format!("| refused | {} |\n|---|---|---|---|\n", names.join(" | "));
    for (call, cells) in &table {
        if cells.iter().all(|cell| cell == "no such call") {
            continue;
        }
        text += &format!("| `{call}` | {} |\n", cells.join(" | "));
    }
    // Other versions of cp make other calls.
    let version = bench.command("cp", &["--version"]).output().unwrap().stdout;
    if is_table && String::from_utf8_lossy(&version).starts_with("cp (GNU coreutils) 9.1\n") {
        is_part("docs/copy.md", "refusals", &text);
    }
}

/// Where a replacement cannot be given what the target has, the target stays or is written in place.
fn refused_facts(bench: &Bench) {
    bench.write("a", noise(200_000));
    for (call, set_up) in [
        ("fchmod", "echo old >b; chmod 604 b"),
        ("fchmod", "echo old >b; chown 1234:5678 b; chmod 640 b"),
        ("fremovexattr", "echo old >b; setfacl -d -m u:65534:rwx,m::rwx ."),
    ] {
        let free = outcome(bench, set_up, "cp", "");
        let old = outcome(bench, set_up, "true", "").left;
        for errno in ERRNOS {
            let ours = outcome(bench, set_up, &format!("{COPYBENCH} copy --debug"), &injection(call, errno));
            let case = format!("{set_up}; {call}: {errno}: {}", ours.told);
            assert_eq!(ours.names, ["a", "b"], "{case}");
            if ours.succeeded {
                assert_eq!(ours.left, free.left, "{case}");
            } else {
                assert!(OF_THE_DISK.contains(errno) && ours.left == old, "{case}");
            }
        }
    }
}

fn refused_hole(bench: &Bench) {
    bench.write_sparse("a", 4 << 20, &[1 << 20]);
    for errno in ERRNOS {
        bench.write("b", vec![b'Z'; 5 << 20]);
        let injection = format!("fallocate:error={errno}");
        let output = bench.inject(&[&injection], &["--reflink", "never", "--dst-offset", "0", "a", "b"]);
        assert_eq!(output.status.success(), !OF_THE_DISK.contains(errno), "{errno}: {output:?}");
        if output.status.success() {
            let copy = bench.read("b");
            assert!(copy[..4 << 20] == bench.read("a"), "{errno}");
            assert!(copy[4 << 20..].iter().all(|byte| *byte == b'Z'), "{errno}");
        }
    }
}

/// What a sandbox allows below the directory, as in linux/landlock.h: to read and write what is there, and
/// then to make files too, but never to remove a name.
fn sandbox(bench: &Bench) {
    bench.write("a", noise(200_000));
    let launcher = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/landlock.py");
    for rights in ["write", "write,make"] {
        for (situation, set_up) in SITUATIONS {
            let run = |command: &str| {
                outcome(bench, set_up, &format!("python3 {launcher} {rights} . {command}"), "-e trace=none")
            };
            let (ours, theirs) = (run(&format!("{COPYBENCH} copy")), run("cp"));
            assert_eq!(
                ours.succeeded, theirs.succeeded,
                "{situation} {rights}: {} {}",
                ours.told, theirs.told
            );
            assert_eq!(ours.left, theirs.left, "{situation} {rights}");
            assert_eq!(ours.names, theirs.names, "{situation} {rights}");
        }
    }
}

/// The server is told to refuse, or its own calls are refused.
fn fuse(bench: &Bench) {
    bench.write("a", noise(200_000));
    let mut servers: Vec<String> = [
        "--chmod-deny --chown-deny --chgrp-deny",
        "--rename-deny",
        "--delete-deny --rename-deny",
        "--xattr-none",
        "--xattr-ro",
    ]
    .map(|options| format!("bindfs {options} d/below d/mount"))
    .to_vec();
    for call in [
        "?chmod,?fchmod,fchmodat",
        "utimensat",
        "?rename,?renameat,renameat2",
        "?link,linkat",
        "?unlink,unlinkat,renameat2",
        "fsync",
        "?truncate,ftruncate",
    ] {
        for errno in ["ENOSYS", "EPERM", "EIO"] {
            servers.push(format!(
                "strace -D -f -o /dev/null -e inject={call}:error={errno} bindfs d/below d/mount"
            ));
        }
    }
    for server in &servers {
        for set_up in
            ["true", "echo old >b; chown 1234:5678 b; chmod 646 b", "truncate -s 300k a; echo old >b"]
        {
            let run = |command: &str| {
                let script = format!(
                    "rm -rf d; mkdir -p d/below d/mount; (cd d/below; cp ../../a a; {set_up})
                    {server}
                    trap 'cd ../..; umount d/mount' EXIT
                    cd d/mount; code=0; {command} a b || code=$?; exit $code"
                );
                let output = bench.command("unshare", &["--mount", "sh", "-ec", &script]).output().unwrap();
                let names = bench.names_in("d/below");
                (output.status.code(), State::of(bench, "d/below"), names, output)
            };
            let (ours, theirs) = (run(&format!("{COPYBENCH} copy")), run("cp"));
            let case = format!("{server}, {set_up}: {:?} {:?}", ours.3, theirs.3);
            assert!(ours.0 == Some(0) || theirs.0 != Some(0), "{case}");
            if theirs.0 == Some(0) {
                assert_eq!(ours.1, theirs.1, "{case}");
            }
            assert!(ours.2.iter().all(|name| ["a", "b"].contains(&name.as_str())), "{case} {:?}", ours.2);
        }
    }
}

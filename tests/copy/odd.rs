//! Sources and targets that are not plain files with an honest size.

use super::bench::{Bench, fails, noise, succeeds};
use super::{Need, Row};
use std::fs;
use std::path::Path;

pub(crate) const ROWS: &[Row] = &[
    ("a file of procfs, which says it is empty, is copied", &[], procfs),
    ("a file of sysfs, which says it has a page, is copied", &[], sysfs),
    ("an empty file is copied", &[], empty),
    ("pipes, devices and directories are no sources", &[], no_sources),
    ("a directory is no target", &[], directory_as_target),
    ("a pipe and a device are written as a stream", &[], streams),
    ("the environment names the strategy", &[], strategy_of_the_environment),
    ("options that contradict each other exit with 2", &[], contradictions),
    ("a source without permission is named with the errno", &[Need::Root], unreadable),
];

fn procfs(bench: &Bench) {
    for path in ["/proc/filesystems", "/proc/version"] {
        let content = fs::read(path).unwrap();
        for options in [&[][..], &["--verify"], &["--sparse", "always"], &["--sparse", "never"]] {
            succeeds(bench.copy(&[options, &[path, "b"]].concat()));
            assert_eq!(bench.read("b"), content, "{path} {options:?}");
            // Nobody may write to it, as to its source.
            fs::remove_file(bench.path("b")).unwrap();
        }
    }
    succeeds(bench.copy(&["/proc/cpuinfo", "b"]));
    assert!(bench.read("b").starts_with(b"processor"));
}

fn sysfs(bench: &Bench) {
    let path = "/sys/kernel/mm/transparent_hugepage/enabled";
    let path = if Path::new(path).exists() { path } else { "/sys/kernel/fscaps" };
    let content = fs::read(path).unwrap();
    for options in [&[][..], &["--verify"], &["--sparse", "always"], &["--reflink", "never"]] {
        succeeds(bench.copy(&[options, &[path, "b"]].concat()));
        assert_eq!(bench.read("b"), content, "{options:?}");
    }
}

fn empty(bench: &Bench) {
    bench.write("a", "");
    bench.write("b", "old");
    succeeds(bench.copy(&["--verify", "a", "b"]));
    succeeds(bench.copy(&["a", "c"]));
    assert_eq!((bench.read("b"), bench.read("c")), (vec![], vec![]));
}

fn no_sources(bench: &Bench) {
    fs::create_dir(bench.path("folder")).unwrap();
    succeeds(bench.shell("mkfifo pipe"));
    let cases = [
        ("folder", "a directory"),
        ("pipe", "a pipe"),
        ("/dev/zero", "a character device"),
        (".", "a directory"),
    ];
    for (source, kind) in cases {
        let message = fails(1, bench.shell(&format!("timeout 10 $COPY {source} b")));
        assert!(message.contains(&format!("the source {source} is {kind}")), "{message}");
    }
    assert_eq!(bench.names(), ["folder", "pipe"]);
}

fn directory_as_target(bench: &Bench) {
    bench.write("a", "content");
    fs::create_dir(bench.path("folder")).unwrap();
    for (target, kind) in [("folder", "a directory"), ("absent/", "no file")] {
        let message = fails(1, bench.copy(&["a", target]));
        assert!(message.contains(kind), "{message}");
    }
    let message = fails(1, bench.copy(&["a", "absent/b"]));
    assert!(message.contains("absent") && message.contains("ENOENT"), "{message}");
}

fn streams(bench: &Bench) {
    bench.write_sparse("a", 3 << 20, &[1 << 20]);
    succeeds(bench.shell("mkfifo pipe; cat pipe >b & $COPY a pipe; wait; cmp a b"));
    succeeds(bench.shell("$COPY a /dev/null; $COPY a /dev/stdout | cmp a -"));
    succeeds(bench.shell("$COPY --src-offset 1000000 --len 100000 a /dev/stdout >c; test -s c"));
    let message = fails(1, bench.copy(&["a", "/dev/full"]));
    assert!(message.contains("ENOSPC"), "{message}");
}

fn strategy_of_the_environment(bench: &Bench) {
    bench.write("a", noise(100_000));
    let told = succeeds(bench.shell("COPYBENCH_STRATEGY=mmap-write $COPY --debug a b"));
    assert!(told.contains("copied 0..100000 by mmap-write\n"), "{told}");
    let told = succeeds(bench.shell("COPYBENCH_STRATEGY=mmap-write $COPY --debug --strategy sendfile a b"));
    assert!(told.contains("copied 0..100000 by sendfile\n"), "{told}");
    fails(2, bench.shell("COPYBENCH_STRATEGY=mmap-wriet $COPY a b"));
}

fn contradictions(bench: &Bench) {
    bench.write("a", "content");
    for options in [
        &["--reflink", "always", "--sparse", "never"][..],
        &["--reflink", "never", "--strategy", "copy-file-range"],
        &["--reflink", "never", "--strategy", "ficlone"],
        &["--reflink", "always", "--strategy", "mmap-write"],
        &["--sparse", "never", "--strategy", "sparse-seek-read-write"],
        &["--sparse", "always", "--strategy", "mmap-write"],
        &["--len", "3", "--strategy", "std-fs-copy"],
        &["--verify", "a", "/dev/null"],
        &["--reflink", "always", "a", "/dev/null"],
        &["--dst-offset", "1", "a", "/dev/null"],
        &["--reflink", "sometimes"],
        &["--len", "3 bytes"],
    ] {
        let files: &[&str] = if options.contains(&"a") { &[] } else { &["a", "b"] };
        fails(2, bench.copy(&[options, files].concat()));
    }
    assert_eq!(bench.names(), ["a"]);
}

fn unreadable(bench: &Bench) {
    let here = tempfile::tempdir().unwrap();
    fs::copy(super::bench::COPYBENCH, here.path().join("copybench")).unwrap();
    let script = "chmod 777 .; echo content >a; chmod 0 a
        setpriv --reuid 65534 --clear-groups ./copybench copy a b";
    let message = fails(1, bench.command("sh", &["-c", script]).current_dir(here.path()).output().unwrap());
    assert!(message.contains("EACCES"), "{message}");
}

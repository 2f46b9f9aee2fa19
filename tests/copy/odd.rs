//! Sources and targets that are not plain files with an honest size.

use super::bench::{Bench, fails, noise, succeeds};
use super::executable::copy_executable;
use super::{Need, Row};
use std::fs;
use std::path::Path;

pub(crate) const ROWS: &[Row] = &[
    ("a file of procfs, which says it is empty, is copied", &[], procfs),
    ("a file of sysfs, which says it has a page, is copied", &[], sysfs),
    ("an empty file is copied", &[], empty),
    ("directories and sockets are no sources", &[], no_sources),
    ("a pipe and a device are read as a stream", &[], stream_sources),
    ("a directory is copied into", &[], directory_as_target),
    ("what /dev/stdout and the like lead to is written through, not replaced", &[], magic_links),
    ("paths and names may be as long as they get", &[], long_names),
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
    let _socket = std::os::unix::net::UnixListener::bind(bench.path("socket")).unwrap();
    for (source, kind) in [("folder", "a directory"), ("socket", "a socket"), (".", "a directory")] {
        let message = fails(1, bench.copy(&[source, "b"]));
        assert!(message.contains(&format!("the source {source} is {kind}")), "{message}");
    }
    assert_eq!(bench.names(), ["folder", "socket"]);
}

fn stream_sources(bench: &Bench) {
    bench.write("a", noise(3_000_000));
    succeeds(
        bench.shell("umask 022; mkfifo pipe; timeout 10 sh -c 'cat a >pipe' & $COPY pipe b; wait; cmp a b"),
    );
    succeeds(
        bench.shell("cat a | $COPY /dev/stdin c; cmp a c; head -c 10 a | $COPY /dev/stdin c; cmp -n 10 a c"),
    );
    assert_eq!(bench.read("c").len(), 10);
    succeeds(bench.shell("$COPY /dev/null c; test ! -s c"));
    succeeds(bench.shell("$COPY --len 70000 --dst-offset 4 /dev/zero c; cmp -i 4:0 -n 70000 c /dev/zero"));
    assert_eq!(bench.read("c").len(), 70_004);
    succeeds(bench.shell("cat a | $COPY /dev/stdin /dev/stdout | cmp a"));
    let message = fails(1, bench.shell("head -c 10 a | $COPY --len 20 /dev/stdin new"));
    assert!(message.contains("after 10 bytes"), "{message}");
    assert_eq!(bench.names(), ["a", "b", "c", "pipe"]);
}

fn directory_as_target(bench: &Bench) {
    bench.write("a", "content");
    fs::create_dir(bench.path("folder")).unwrap();
    for target in ["folder", "folder/", "folder/.", "folder/a"] {
        succeeds(bench.copy(&["a", target]));
        assert_eq!(bench.read("folder/a"), b"content");
        fs::remove_file(bench.path("folder/a")).unwrap();
    }
    fs::create_dir(bench.path("folder/a")).unwrap();
    for (target, kind) in [("folder", "a directory"), ("absent/", "no file"), ("absent/.", "no file")] {
        let message = fails(1, bench.copy(&["a", target]));
        assert!(message.contains(kind), "{message}");
    }
    let message = fails(1, bench.copy(&["a", "."]));
    assert!(message.contains("is the source itself"), "{message}");
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

fn magic_links(bench: &Bench) {
    bench.write("a", "content\n");
    for (name, redirection) in [("/dev/stdout", ">>b"), ("/proc/self/fd/7", "7>>b"), ("/dev/fd/7", "7>>b")] {
        bench.write("b", "");
        let descriptor = if redirection.starts_with('7') { 7 } else { 1 };
        succeeds(bench.shell(&format!("{{ $COPY a {name}; echo later >&{descriptor}; }} {redirection}")));
        assert_eq!(bench.read("b"), b"content\nlater\n", "{name}");
    }
}

fn long_names(bench: &Bench) {
    let name = "n".repeat(255);
    // Deeper than an absolute path can tell.
    let script = format!(
        "echo content >a; d={directory}
        for i in $(seq 25); do mkdir $d; mv a $d; cd -P $d; done
        umask 022; $COPY a {name}; cmp a {name}; echo more >>a; $COPY --debug a {name} 2>&1 | grep unnamed; cmp a {name}
        $COPY a ./$(printf '%0.s./' $(seq 1900)){name}; test $(ls -A | wc -l) = 2",
        directory = "d".repeat(200),
    );
    succeeds(bench.shell(&script));
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
    copy_executable(&here.path().join("copybench")).unwrap();
    let script = "chmod 777 .; echo content >a; chmod 0 a
        setpriv --reuid 65534 --clear-groups ./copybench copy a b";
    let message = fails(1, bench.command("sh", &["-c", script]).current_dir(here.path()).output().unwrap());
    assert!(message.contains("EACCES"), "{message}");
}

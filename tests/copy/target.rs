//! The target: replaced whole or left whole, with the right mode, times and name.

use super::bench::{Bench, fails, noise, succeeds};
use super::executable::copy_executable;
use super::{Need, Row};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

pub(crate) const ROWS: &[Row] = &[
    ("a new target has the source's permissions less the umask, and its times", &[], new_target),
    (
        "an existing target keeps its mode and its attributes and gets the source's times",
        &[],
        existing_target,
    ),
    ("a target keeps its owner", &[Need::Root], owner_is_kept),
    ("a larger target ends where the source does", &[], larger_target),
    ("a symlink stays, and the file that it names is replaced", &[], symlinked_target),
    ("a symlink to nothing is refused", &[], dangling_target),
    ("a target with several names is written in place", &[], hard_linked_target),
    ("a file is not copied onto itself under any name", &[], same_file),
    ("a full file system leaves the target whole and nothing else", &[Need::Root], full_file_system),
    ("a file size limit is an error and leaves the target whole", &[], file_size_limit),
    ("a target that may not be written to is left whole", &[Need::Root], read_only_target),
    ("whatever a strategy takes, the target is replaced when complete", &[], every_kind_of_strategy),
    ("a program that may not be run is named with its package", &[], not_executable),
    ("a strategy that makes files cannot write in place", &[], makes_files),
    ("strategies between paths take a source that may not be written to", &[Need::Root], read_only_source),
    ("errors of fsync and close are told", &[Need::Program("strace")], late_errors),
    ("a name that is refused in the end leaves no second one", &[Need::Program("strace")], refused_at_last),
    ("without O_TMPFILE, it is done as cp does", &[Need::Program("strace")], no_unnamed_files),
    ("a signal removes a target that is not complete", &[Need::Program("strace")], signal_in_the_middle),
    ("a signal ends the program that copies", &[], signal_to_program),
    ("a killed copy's temporary name goes with the next one", &[], stale_name),
];

fn mode(bench: &Bench, name: &str) -> u32 {
    fs::metadata(bench.path(name)).unwrap().mode() & 0o7777
}

fn set_mode(bench: &Bench, name: &str, mode: u32) {
    fs::set_permissions(bench.path(name), fs::Permissions::from_mode(mode)).unwrap();
}

fn new_target(bench: &Bench) {
    bench.write("a", "content");
    set_mode(bench, "a", 0o6754);
    succeeds(bench.shell("touch -d '2001-02-03 04:05:06.789' a; umask 027; $COPY a b"));
    assert_eq!(mode(bench, "b"), 0o750);
    let (from, to) = (fs::metadata(bench.path("a")).unwrap(), fs::metadata(bench.path("b")).unwrap());
    assert_eq!((from.mtime(), from.mtime_nsec()), (to.mtime(), to.mtime_nsec()));
    assert_eq!(bench.names(), ["a", "b"]);
}

fn existing_target(bench: &Bench) {
    bench.write("a", "content");
    bench.write("b", "other");
    set_mode(bench, "b", 0o640);
    let name = "user.note";
    let set = |file: &fs::File| rustix::fs::fsetxattr(file, name, b"kept", rustix::fs::XattrFlags::empty());
    let has_attributes = set(&fs::File::open(bench.path("b")).unwrap()).is_ok();
    succeeds(bench.shell("touch -d 2001-02-03 a; $COPY a b"));
    assert_eq!(bench.read("b"), b"content");
    assert_eq!(mode(bench, "b"), 0o640);
    assert_eq!(
        fs::metadata(bench.path("b")).unwrap().mtime(),
        fs::metadata(bench.path("a")).unwrap().mtime()
    );
    let mut value = [0; 8];
    let kept = rustix::fs::getxattr(bench.path("b"), name, &mut value);
    assert_eq!(kept.ok(), has_attributes.then_some(4));
}

fn owner_is_kept(bench: &Bench) {
    bench.write("a", "content");
    bench.write("b", "other");
    succeeds(bench.shell("chown 1234:5678 b; $COPY a b; $COPY --strategy reflink-copy a b"));
    let stat = fs::metadata(bench.path("b")).unwrap();
    assert_eq!((stat.uid(), stat.gid()), (1234, 5678));
}

fn larger_target(bench: &Bench) {
    for length in [0, 65_536, 300_000] {
        bench.write("a", noise(length));
        for options in [&[][..], &["--reflink", "never"], &["--sparse", "always"]] {
            bench.write("b", vec![b'Z'; 1 << 20]);
            succeeds(bench.copy(&[options, &["a", "b"]].concat()));
            assert!(bench.read("b") == bench.read("a"), "{length} {options:?}");
        }
    }
}

fn symlinked_target(bench: &Bench) {
    bench.write("a", "content");
    fs::create_dir(bench.path("far")).unwrap();
    bench.write("far/b", "other");
    symlink("far/b", bench.path("link")).unwrap();
    succeeds(bench.copy(&["a", "link"]));
    assert!(fs::symlink_metadata(bench.path("link")).unwrap().is_symlink());
    assert_eq!(bench.read("far/b"), b"content");
    assert_eq!(fs::read_dir(bench.path("far")).unwrap().count(), 1);
}

fn dangling_target(bench: &Bench) {
    bench.write("a", "content");
    symlink("nowhere", bench.path("link")).unwrap();
    let message = fails(1, bench.copy(&["a", "link"]));
    assert!(message.contains("a symlink to nothing"), "{message}");
    assert_eq!(bench.names(), ["a", "link"]);
}

fn hard_linked_target(bench: &Bench) {
    bench.write("a", "content");
    bench.write("b", vec![b'Z'; 100_000]);
    fs::hard_link(bench.path("b"), bench.path("c")).unwrap();
    let told = succeeds(bench.copy(&["--debug", "a", "b"]));
    assert!(told.contains("target written in place: the target has several hard links"), "{told}");
    assert_eq!(bench.read("c"), b"content");
    assert_eq!(fs::metadata(bench.path("b")).unwrap().nlink(), 2);
}

fn same_file(bench: &Bench) {
    bench.write("a", "content");
    fs::hard_link(bench.path("a"), bench.path("hard")).unwrap();
    symlink("a", bench.path("soft")).unwrap();
    for (source, target) in [("a", "a"), ("a", "hard"), ("a", "soft"), ("soft", "a"), ("soft", "hard")] {
        for options in [&[][..], &["--dst-offset", "100"], &["--strategy", "std-fs-copy"]] {
            let message = fails(1, bench.copy(&[options, &[source, target]].concat()));
            assert!(message.contains("is the source itself"), "{message}");
            assert_eq!(bench.read("a"), b"content");
        }
    }
}

fn full_file_system(bench: &Bench) {
    bench.write("a", noise(3 << 20));
    fs::create_dir(bench.path("small")).unwrap();
    bench.write("old", noise(1 << 20));
    let output = bench.shell(
        "unshare -m sh -ec '
            mount -t tmpfs -o size=3m none small
            cp old small/b
            for options in \"\" \"--reflink never\" \"--sparse never\" \"--strategy mmap-mmap\" \
                \"--strategy threads-2-pread-pwrite\" \"--strategy threads-2-turns-256k\"; do
                code=0; $COPY $options a small/b || code=$?
                test $code = 1; cmp old small/b; test \"$(ls -A small)\" = b
                code=0; $COPY $options a small/new || code=$?
                test $code = 1; test \"$(ls -A small)\" = b
                code=0; $COPY $options --dst-offset 0 a small/new || code=$?
                test $code = 2 -o $code = 1; test \"$(ls -A small)\" = b
            done'",
    );
    let told = succeeds(output);
    assert!(told.contains("ENOSPC"), "{told}");
}

fn file_size_limit(bench: &Bench) {
    bench.write("a", noise(1 << 20));
    bench.write("b", "old");
    let message = fails(1, bench.shell("ulimit -f 256; exec $COPY --reflink never a b"));
    assert!(message.contains("EFBIG"), "{message}");
    assert_eq!(bench.read("b"), b"old");
    assert_eq!(bench.names(), ["a", "b"]);
}

fn read_only_target(bench: &Bench) {
    // The build directory may be closed to other users.
    let here = tempfile::tempdir().unwrap();
    copy_executable(&here.path().join("copybench")).unwrap();
    let script = "chmod 777 .; echo content >a; echo old >b; chown 65534 b; chmod 444 b
        setpriv --reuid 65534 --clear-groups ./copybench copy a b";
    let output = bench.command("sh", &["-c", script]).current_dir(here.path()).output().unwrap();
    let message = fails(1, output);
    assert!(message.contains("EACCES"), "{message}");
    assert_eq!(fs::read(here.path().join("b")).unwrap(), b"old\n");
}

/// The first strategy of every family that can be had here, and all that take paths.
fn every_kind_of_strategy(bench: &Bench) {
    bench.write("a", noise(300_000));
    for (family, strategy) in copybench::strategy::all() {
        let is_first = family.strategies.first().is_some_and(|first| first.name == strategy.name);
        if !is_first && !strategy.takes_paths() {
            continue;
        }
        bench.write("b", vec![b'Z'; 400_000]);
        set_mode(bench, "b", 0o640);
        let _ = fs::remove_file(bench.path("new"));
        for target in ["b", "new"] {
            let output = bench.copy(&["--verify", "--strategy", strategy.name, "a", target]);
            if output.status.success() {
                assert!(bench.read(target) == bench.read("a"), "{}", strategy.name);
            } else {
                let message = fails(1, output);
                let refused =
                    ["EOPNOTSUPP", "ENOSYS", "EPERM", "EINVAL", "ENOTTY", "ENOMEM", "in the package"];
                assert!(refused.iter().any(|word| message.contains(word)), "{message}");
            }
        }
        assert_eq!(mode(bench, "b"), 0o640, "{}", strategy.name);
        assert!(bench.names().iter().all(|name| ["a", "b", "new"].contains(&name.as_str())));
    }
}

fn not_executable(bench: &Bench) {
    bench.write("a", "content");
    bench.write("rsync", "#!/bin/sh");
    set_mode(bench, "rsync", 0o644);
    for arguments in [&["copy", "--strategy", "rsync-whole-file", "a", "b"][..], &["list"]] {
        let output =
            bench.command(super::bench::COPYBENCH, arguments).env("PATH", bench.path("")).output().unwrap();
        let told = [&output.stdout[..], &output.stderr].concat();
        let told = String::from_utf8(told).unwrap();
        assert!(told.contains("may not run") && told.contains("in the package rsync"), "{told}");
    }
    assert!(!bench.names().contains(&"b".to_owned()));
}

fn makes_files(bench: &Bench) {
    bench.write("a", "content");
    bench.write("b", "old");
    fs::hard_link(bench.path("b"), bench.path("c")).unwrap();
    let message = fails(2, bench.copy(&["--strategy", "reflink-copy", "a", "b"]));
    assert!(message.contains("it makes a new file"), "{message}");
    assert_eq!(bench.read("c"), b"old");
}

fn read_only_source(bench: &Bench) {
    let here = tempfile::tempdir().unwrap();
    copy_executable(&here.path().join("copybench")).unwrap();
    let script = "chmod 777 .; echo content >a; chmod 444 a
        for strategy in std-fs-copy reflink-copy cp; do
            setpriv --reuid 65534 --clear-groups ./copybench copy --strategy $strategy a b
            cmp a b; test $(stat -c %a b) = 444; rm b
        done";
    succeeds(bench.command("sh", &["-ec", script]).current_dir(here.path()).output().unwrap());
    let mut names: Vec<_> =
        fs::read_dir(here.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a", "copybench"]);
}

fn late_errors(bench: &Bench) {
    bench.write("a", noise(100_000));
    bench.write("b", "old");
    let message = fails(1, bench.inject(&["fsync:error=EIO"], &["--verify", "a", "b"]));
    assert!(message.contains("forcing to the disk b: EIO"), "{message}");
    assert_eq!(bench.read("b"), b"old");
    // Which of the process's calls closes the copy is found by trying; the loader's come first.
    let told = (1..100).find_map(|number| {
        let output = bench.inject(&[&format!("close:error=EIO:when={number}")], &["a", "b"]);
        (output.status.code() == Some(1)).then_some(output)
    });
    let message = fails(1, told.unwrap());
    assert!(message.contains("closing ") && message.contains("b: EIO"), "{message}");
    assert_eq!(bench.names(), ["a", "b"]);
}

/// The first rename asks whether one may rename, and does nothing.
fn refused_at_last(bench: &Bench) {
    bench.write("a", noise(100_000));
    for errno in ["EPERM", "EACCES", "ENOSYS", "EBUSY"] {
        bench.write("b", "old");
        let told =
            succeeds(bench.inject(&[&format!("renameat:error={errno}:when=2")], &["--debug", "a", "b"]));
        assert!(told.contains("target written in place: ") && told.contains(errno), "{told}");
        assert!(bench.read("b") == bench.read("a"));
        assert_eq!(bench.names(), ["a", "b"]);
    }
    bench.write("b", "old");
    fails(1, bench.inject(&["renameat:error=EIO:when=2"], &["a", "b"]));
    assert_eq!(bench.read("b"), b"old");
    assert_eq!(bench.names(), ["a", "b"]);
    // Nobody could remove it; it is not a full copy.
    succeeds(bench.inject(&["renameat:error=EPERM:when=2", "unlinkat:error=EPERM"], &["a", "b"]));
    assert!(bench.read("b") == bench.read("a"));
    let others: Vec<_> =
        bench.names().into_iter().filter(|name| !["a", "b"].contains(&name.as_str())).collect();
    assert!(others.iter().all(|name| bench.read(name).is_empty()), "{others:?}");
}

/// strace's words for a directory that makes no unnamed files.
const NO_TMPFILE: &str = "strace -f -D -o /dev/null -P . -e inject=?open,openat:error=EOPNOTSUPP:when=2";

fn no_unnamed_files(bench: &Bench) {
    bench.write("a", noise(100_000));
    for written in ["target made under its name: ", "target written in place: "] {
        let told = succeeds(bench.shell(&format!("{NO_TMPFILE} $COPY --debug --verify a b")));
        assert!(told.contains(written) && told.contains("EOPNOTSUPP"), "{told}");
        assert_eq!(bench.read("b"), bench.read("a"));
        assert_eq!(bench.names(), ["a", "b"]);
        bench.write("b", noise(200_000));
    }
    // What is not complete does not stay.
    std::fs::remove_file(bench.path("b")).unwrap();
    fails(1, bench.shell(&format!("ulimit -f 64; {NO_TMPFILE} $COPY --reflink never a b")));
    assert_eq!(bench.names(), ["a"]);
}

fn signal_in_the_middle(bench: &Bench) {
    bench.write_sparse("a", 8 << 30, &[]);
    // Filling so many zeros takes longer than the signal.
    for options in ["--sparse never", "--strategy threads-2-pread-pwrite", "--strategy threads-2-turns-256k"]
    {
        let script = format!(
            "{NO_TMPFILE} $COPY {options} a b & child=$!
            for i in $(seq 500); do test -e b && break; sleep 0.01; done
            kill -TERM $child; code=0; wait $child || code=$?; exit $code"
        );
        fails(128 + 15, bench.shell(&script));
        assert_eq!(bench.names(), ["a"]);
    }
}

fn signal_to_program(bench: &Bench) {
    succeeds(bench.shell("mkdir programs; mkfifo begun"));
    // Stands in for dd: tells that it began, and holds the pipe open for long.
    bench.write("programs/dd", "#!/bin/sh\nexec 3>begun; echo >&3; exec sleep 1000\n");
    set_mode(bench, "programs/dd", 0o755);
    bench.write("a", "content");
    let script = "PATH=$PWD/programs:$PATH $COPY --strategy dd-1m a b & child=$!
        exec 4<begun; read begun <&4
        kill -INT $child; code=0; wait $child || code=$?; test $code = 130
        timeout 10 cat <&4";
    succeeds(bench.shell(script));
    assert_eq!(bench.names(), ["a", "begun", "programs"]);
}

fn stale_name(bench: &Bench) {
    bench.write("a", "content");
    bench.write(".copybench-copy.00000000000000aa.0", "half");
    fs::create_dir(bench.path(".copybench-copy.00000000000000ab.1")).unwrap();
    set_mode(bench, ".copybench-copy.00000000000000ab.1", 0o700);
    bench.write(".copybench-copy.00000000000000ab.1/copy", "half");
    // Somebody else's, whatever it begins with.
    bench.write(".copybench-copy.notes", "kept");
    bench.write(".copybench-copy.1.0", "kept");
    succeeds(bench.copy(&["--strategy", "std-fs-copy", "a", "b"]));
    assert_eq!(bench.read("b"), b"content");
    assert_eq!(bench.names(), [".copybench-copy.1.0", ".copybench-copy.notes", "a", "b"]);
}

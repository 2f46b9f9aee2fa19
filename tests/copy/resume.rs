//! Another mechanism goes on at the exact byte where one gave up; strace makes them give up.

use super::bench::{Bench, COPYBENCH, fails, noise, succeeds};
use super::{Need, Row};
use std::process::Command;

pub(crate) const ROWS: &[Row] = &[
    ("whatever is chosen first here is followed at the exact byte", STRACE, chosen_first),
    ("copy_file_range is followed at the exact byte, or ends the copy", XFS, copy_file_range),
    ("a full disk in the middle ends the copy and leaves the target whole", STRACE, full_disk),
    ("a clone that is refused is followed by a copy", STRACE, refused_clone),
];

const STRACE: &[Need] = &[Need::Program("strace")];
const XFS: &[Need] = &[Need::Program("strace"), Need::FileSystem("xfs")];

/// The stretches that the lines of `--debug` say were copied, with who did it.
fn copied(told: &str) -> Vec<(u64, u64, &str)> {
    let parse = |line: &str| -> Option<(u64, u64, usize)> {
        let (range, name) = line.strip_prefix("copied ")?.split_once(" by ")?;
        let (start, end) = range.split_once("..")?;
        Some((start.parse().ok()?, end.parse().ok()?, name.len()))
    };
    let with_name = |line| parse(line).map(|(start, end, name)| (start, end, &line[line.len() - name..]));
    told.lines().filter_map(with_name).collect()
}

fn chosen_first(bench: &Bench) {
    const LENGTH: u64 = 20 << 20;
    bench.write("a", noise(LENGTH as usize));
    let told = succeeds(bench.inject(&["ioctl:error=ENOTTY"], &["--debug", "a", "plain"]));
    let first = copied(&told)[0].2;
    let call = match first {
        name if name.starts_with("copy-file-range") => "copy_file_range",
        name if name.starts_with("splice") => "splice",
        name if name.starts_with("sendfile") => "sendfile",
        name if name.starts_with("pread") => "pwrite64",
        // Nothing is faster here than the loop that comes last.
        _ => return,
    };
    for errno in ["EXDEV", "EINVAL", "EOPNOTSUPP", "ENOSYS", "EPERM"] {
        for call_number in 1..=6 {
            let injections = ["ioctl:error=ENOTTY", &format!("{call}:error={errno}:when={call_number}+")];
            let told = succeeds(bench.inject(&injections, &["--debug", "a", "b"]));
            assert!(bench.read("b") == bench.read("a"), "{told}");
            let pieces = copied(&told);
            let ends: Vec<u64> = pieces.iter().map(|piece| piece.1).collect();
            let starts: Vec<u64> = pieces.iter().map(|piece| piece.0).collect();
            assert_eq!(starts[0], 0, "{told}");
            assert_eq!(starts[1..], ends[..ends.len() - 1], "every byte once: {told}");
            assert_eq!(ends.last(), Some(&LENGTH), "{told}");
        }
    }
}

/// On a file system that clones, the call comes before all other copies.
fn copy_file_range(bench: &Bench) {
    let script = r#"
        cd "$COPYBENCH_DIR"
        for offset in 1 8 64; do
            dd if=/dev/urandom of=a bs=1M count=2 seek=$offset conv=notrunc status=none
        done
        truncate -s 100M a
        inject() { strace -f -o /dev/null -e inject=ioctl:error=ENOTTY -e inject=copy_file_range:error=$1:when=$2 $COPY --debug a b; }
        for errno in EXDEV EINVAL EOPNOTSUPP EPERM ETXTBSY EACCES EBADF ENOENT ENOTTY EOVERFLOW \
                EAGAIN EBUSY ENODEV ESTALE ETIMEDOUT ENOMEM EFBIG; do
            rm -f b; inject $errno 2; cmp a b
        done
        for errno in EIO ENOSPC EDQUOT EROFS; do
            echo old >b; code=0; inject $errno 2 || code=$?
            test $code = 1; test "$(cat b)" = old; test "$(ls -A)" = "$(printf 'a\nb')"
        done"#;
    let filesystems = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/filesystems");
    let output = Command::new(filesystems)
        .args(["--fs", "xfs", "--size", "512MiB", "--require", "--", "sh", "-ec", script])
        .env("COPY", format!("{COPYBENCH} copy"))
        .env("TMPDIR", bench.path(""))
        .output()
        .unwrap();
    let told = succeeds(output);
    let changed = "changed at 8388608 from copy-file-range to ";
    assert_eq!(told.matches(changed).count(), 17, "{told}");
    for errno in ["EIO", "ENOSPC", "EDQUOT", "EROFS"] {
        let line =
            format!("copying by copy-file-range failed after 8388608 bytes: copy_file_range: {errno} (");
        assert!(told.contains(&line), "{line}: {told}");
    }
}

fn full_disk(bench: &Bench) {
    bench.write("a", noise(5 << 20));
    bench.write("b", "old");
    let injections =
        ["write:error=ENOSPC:when=3", "splice:error=ENOSPC:when=4", "pwrite64:error=ENOSPC:when=3"];
    // Other mechanisms write by these calls, or take the whole file in one.
    let options = ["--strategy", "read-write-1m", "a", "b"];
    let message = fails(1, bench.inject(&injections, &options));
    assert!(message.contains("failed after 2097152 bytes: write: ENOSPC"), "{message}");
    assert_eq!(bench.read("b"), b"old");
    assert_eq!(bench.names(), ["a", "b"]);
}

fn refused_clone(bench: &Bench) {
    bench.write("a", noise(300_000));
    let refusals = [
        "EOPNOTSUPP",
        "EXDEV",
        "EINVAL",
        "ENOTTY",
        "EPERM",
        "ETXTBSY",
        "EAGAIN",
        "EBUSY",
        "ENODEV",
        "ESTALE",
        "ETIMEDOUT",
        "ENOMEM",
        "ENOENT",
    ];
    for errno in refusals {
        let told = succeeds(bench.inject(&[&format!("ioctl:error={errno}")], &["--debug", "a", "b"]));
        assert!(told.contains("changed at 0 from ficlone to "), "{told}");
        assert!(bench.read("b") == bench.read("a"));
        std::fs::remove_file(bench.path("b")).unwrap();
    }
    for errno in ["EIO", "ENOSPC", "EDQUOT", "EROFS"] {
        let message = fails(1, bench.inject(&[&format!("ioctl:error={errno}")], &["a", "b"]));
        assert!(message.contains(errno), "{message}");
        assert_eq!(bench.names(), ["a"]);
    }
}

//! What a power failure leaves: the file system is cut off from its device, and mounted anew.

use super::bench::{Bench, COPYBENCH, succeeds};
use super::{Need, Row};
use std::process::Command;

pub(crate) const ROWS: &[Row] = &[
    ("after a power failure, ext4 has the old content or the new", &[Need::Program("xfs_io"), EXT4], ext4),
    ("after a power failure, xfs has the old content or the new", &[Need::Program("xfs_io"), XFS], xfs),
    ("after a power failure, btrfs has the old content or the new", &[BTRFS], btrfs),
    ("copies that replace or must be durable are forced to the disk", &[Need::Program("strace")], forced),
];

const EXT4: Need = Need::FileSystem("ext4");
const XFS: Need = Need::FileSystem("xfs");
const BTRFS: Need = Need::FileSystem("btrfs");

/// Three copies, `crash`, and what is there then.
fn after(kind: &str, crash: &str) {
    let script = format!(
        r#"cd "$COPYBENCH_DIR"; cd ..; top=$PWD
        device=$(while read -r device path rest; do test "$path" != "$top" || echo "$device"; done </proc/mounts)
        head -c 9000000 /dev/urandom >a; head -c 3000000 /dev/urandom >old
        cp old replaced; cp old written; ln written link; cp a old /tmp; sync -f .
        $COPY --reflink never a replaced
        $COPY --reflink never --sync a new
        $COPY --reflink never --sync a written
        # The journal may be further than the data.
        crash() {{ {crash}; }}
        crash
        cmp new /tmp/a; cmp written /tmp/a; cmp link /tmp/a
        cmp replaced /tmp/a || cmp replaced /tmp/old
        test "$(ls -A | grep -c copybench)" = 0"#
    );
    let script = format!("mount -t tmpfs none /tmp; {script}");
    let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/filesystems"))
        .args(["--fs", kind, "--size", "512MiB", "--require", "--", "sh", "-exc", &script])
        .env("COPY", format!("{COPYBENCH} copy"))
        .output()
        .unwrap();
    succeeds(output);
}

/// The device must not go with its mount.
const SHUT_DOWN: &str = r#"xfs_io -x -c "shutdown -f" .; exec 9<"$device"; cd /; umount "$top"; mount "$device" "$top"; cd "$top""#;

fn ext4(_: &Bench) {
    after("ext4", SHUT_DOWN);
}

fn xfs(_: &Bench) {
    after("xfs", SHUT_DOWN);
}

/// It cannot be cut off; the device is looked at as it is at this moment.
fn btrfs(_: &Bench) {
    let copy_device = r#"dd if="$device" of=/tmp/image bs=1M conv=sparse status=none; cd /; umount "$top"
        mount -o loop /tmp/image "$top"; cd "$top""#;
    after("btrfs", copy_device);
}

/// Which calls force what, for file systems that cannot be crashed here.
fn forced(bench: &Bench) {
    bench.write("a", "content");
    let calls = |options: &str, target: &str| {
        let script = format!(
            "strace -f -o log -e trace=fsync,linkat,renameat $COPY {options} a {target}; cat log >&2"
        );
        let told = succeeds(bench.shell(&script));
        let calls = told.lines().filter_map(|line| line.split_whitespace().nth(1)?.split_once('('));
        // A rename onto itself asks whether one may rename.
        calls.map(|(call, _)| call.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(calls("", "new"), ["linkat"]);
    assert_eq!(calls("", "new"), ["renameat", "fsync", "linkat", "renameat"]);
    assert_eq!(calls("--sync", "other"), ["fsync", "linkat", "fsync"]);
    assert_eq!(calls("--sync", "other"), ["renameat", "fsync", "linkat", "renameat", "fsync"]);
    std::fs::hard_link(bench.path("new"), bench.path("link")).unwrap();
    assert!(calls("", "new").is_empty());
    assert_eq!(calls("--sync", "new"), ["fsync"]);
    // A directory that may not be listed.
    let script = "rm other
        strace -f -o log -P . -e trace=openat -e inject=openat:error=EACCES:when=3 $COPY --sync a other
        grep -c EACCES log";
    succeeds(bench.shell(script));
}

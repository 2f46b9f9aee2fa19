//! As little as cp makes do with.

use super::bench::{Bench, noise, succeeds};
use super::{Need, Row};

pub(crate) const ROWS: &[Row] = &[
    ("two descriptors are enough", &[], descriptors),
    ("24 MiB of address space are enough", &[], memory),
    ("no procfs is needed", &[Need::Root], no_procfs),
];

/// By their limit, and by how many are taken.
fn descriptors(bench: &Bench) {
    bench.write("a", noise(3_000_000));
    bench.write("old", "old");
    succeeds(bench.shell("ln old link"));
    let script = "
        for limit in $(seq 5 12) 20; do
            (ulimit -n $limit; exec $COPY a b); cmp a b
            echo old >b; (ulimit -n $limit; exec $COPY a b); cmp a b; rm b
            (ulimit -n $limit; exec $COPY a link); cmp a old; echo old >old
        done
        for taken in $(seq 20 37); do
            take() { for descriptor in $(seq 3 $taken); do eval \"exec $descriptor<a\"; done; }
            (ulimit -n 40; take; exec $COPY a b); cmp a b
            echo old >b; (ulimit -n 40; take; exec $COPY a b); cmp a b; rm b
        done";
    // Other shells give no descriptors above 9 to a script.
    let output = bench.command("bash", &["-ec", script]).env("COPY", super::bench::COPY).output().unwrap();
    succeeds(output);
    assert_eq!(bench.names(), ["a", "link", "old"]);
}

fn memory(bench: &Bench) {
    bench.write("a", noise(30_000_000));
    bench.write_sparse("holes", 1 << 30, &[1 << 20, 900 << 20]);
    succeeds(bench.shell(
        "ulimit -v 24576; for options in '' '--reflink never' '--sparse always'; do
            $COPY $options a b; cmp a b; $COPY $options a b; cmp a b; $COPY $options holes c; rm c
        done",
    ));
}

fn no_procfs(bench: &Bench) {
    bench.write("a", noise(100_000));
    let script = "chmod 777 .; cp ${COPY% copy} ./copybench; unshare -m sh -ec '
        mount -t tmpfs none /proc
        for user in \"\" \"setpriv --reuid 65534 --regid 65534 --clear-groups\"; do
            $user ./copybench copy a b; cmp a b; echo old >b; $user ./copybench copy a b; cmp a b; rm b
        done'";
    // The build directory may be closed to other users.
    let here = tempfile::tempdir().unwrap();
    std::fs::copy(bench.path("a"), here.path().join("a")).unwrap();
    let mut command = bench.command("sh", &["-ec", script]);
    succeeds(command.env("COPY", super::bench::COPY).current_dir(here.path()).output().unwrap());
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 2);
}

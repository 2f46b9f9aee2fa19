//! Copies judged by other people's programs.

use super::bench::{Bench, succeeds};
use super::{Need, Row};

pub(crate) const ROWS: &[Row] = &[
    ("fio finds every checksum in the copy that it wrote in the source", &[Need::Program("fio")], fio),
    ("xfs_io finds data and holes where it put them", &[Need::Program("xfs_io")], xfs_io),
    ("cmp finds no difference after copies of many shapes", &[], cmp),
];

fn fio(bench: &Bench) {
    for options in ["", "--reflink never", "--sparse always", "--strategy mmap-mmap", "--strategy sendfile"] {
        let script = format!(
            "job='--name=v --rw=randwrite --bs=4k --size=8m --verify=crc32c --thread --output=fio.log'
            rm -f a b; fio $job --filename=a --do_verify=0
            $COPY {options} a b
            fio $job --filename=b --verify_only"
        );
        succeeds(bench.shell(&script));
    }
}

/// Unwritten, punched, dirty through a mapping, and written, in one file, without fsync.
fn xfs_io(bench: &Bench) {
    let script = "
        xfs_io -f -c 'falloc 0 8m' -c 'pwrite -S 1 1m 64k' -c 'fpunch 3m 1m' -c 'pwrite -S 2 5m 4k' \\
            -c 'mmap 6m 1m' -c 'mwrite -S 3 6m 8k' -c 'truncate 9000001' a >/dev/null
        for options in '' '--reflink never' '--sparse always' '--sparse never'; do
            $COPY $options a b; cmp a b
            xfs_io -r -c 'pread -v 1m 1' b | grep -q ' 01 '
            xfs_io -r -c 'pread -v 5m 1' b | grep -q ' 02 '
            xfs_io -r -c 'pread -v 6m 1' b | grep -q ' 03 '
        done
        $COPY --reflink never --sparse always a b
        xfs_io -r -c 'seek -h 0' b | grep -q 'HOLE[[:space:]]*0$'";
    succeeds(bench.shell(script));
}

fn cmp(bench: &Bench) {
    let script = "
        for size in 0 1 511 512 513 4095 4096 4097 65535 65537 1048575 1048577 3145729; do
            head -c $size /dev/urandom >a
            for options in '' '--reflink never' '--sparse never' '--sparse always'; do
                $COPY --verify $options a b; cmp a b
            done
        done
        truncate -s 5G a; printf x | dd of=a bs=1 seek=2147479551 conv=notrunc status=none
        printf yz | dd of=a bs=1 seek=4294967295 conv=notrunc status=none
        $COPY --reflink never a b; cmp -i 2147400000 -n 200000 a b; cmp -i 4294960000 a b";
    succeeds(bench.shell(script));
}

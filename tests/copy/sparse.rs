//! Holes: kept, made or filled, and clones.

use super::Row;
use super::bench::{Bench, fails, noise, succeeds};
use rustix::fs::{FallocateFlags, fallocate};
use std::fs::File;
use std::os::unix::fs::FileExt;

pub(crate) const ROWS: &[Row] = &[
    ("holes are kept, filled or made as asked for", &[], modes),
    ("a file that is all hole stays so", &[], all_hole),
    ("zeros become holes with always alone", &[], zeros),
    ("data in unwritten extents that is still in memory is copied", &[], dirty_unwritten),
    ("files as long as they get are copied", &[], longest),
    ("a clone that must be is one, or fails and leaves nothing", &[], clone_or_nothing),
    ("never sharing copies every byte", &[], never_shared),
];

const LENGTH: u64 = 16 << 20;

fn modes(bench: &Bench) {
    for offsets in [&[0, 5 << 20, LENGTH - 65536][..], &[3 << 20, 8 << 20]] {
        bench.write_sparse("a", LENGTH, offsets);
        let data = offsets.len() as u64 * 65536;
        for sparse in ["auto", "always", "never"] {
            bench.write("b", vec![b'Z'; 1 << 20]);
            let options = ["--debug", "--verify", "--reflink", "never", "--sparse", sparse, "a", "b"];
            let told = succeeds(bench.copy(&options));
            assert!(bench.read("a") == bench.read("b"), "{sparse}");
            let allocated = bench.allocated("b");
            // Some file systems count a block or two of their own.
            let right = if sparse == "never" { allocated >= LENGTH } else { allocated <= data + 65536 };
            assert!(right, "{sparse}: {allocated} bytes for {data} of data: {told}");
            let detection = match sparse {
                "auto" => "SEEK_HOLE",
                "always" => "SEEK_HOLE + zeros",
                _ => "no",
            };
            let line = format!("copy offload: avoided, reflink: no, sparse detection: {detection}\n");
            assert!(told.ends_with(&line), "{told}");
        }
    }
}

fn all_hole(bench: &Bench) {
    bench.write_sparse("a", 1 << 40, &[]);
    succeeds(bench.copy(&["--reflink", "never", "a", "b"]));
    assert_eq!(std::fs::metadata(bench.path("b")).unwrap().len(), 1 << 40);
    assert!(bench.allocated("b") <= 65536);
}

/// The kernel refuses calls that reach beyond the longest file, wherever the file at hand ends.
fn longest(bench: &Bench) {
    let most = i64::MAX as u64;
    let file = File::create(bench.path("a")).unwrap();
    // As long as the file system allows.
    let lengths = [most, most - 1, most - 4095, most - (1 << 20), (16 << 40) - 4096, 1 << 40];
    let fits =
        |length: &&u64| file.set_len(**length).and_then(|()| file.write_all_at(b"x", *length - 1)).is_ok();
    let length = *lengths.iter().find(fits).unwrap();
    for options in [&[][..], &["--reflink", "never"], &["--sparse", "always"]] {
        for end in ["x", ""] {
            bench.write("a", "");
            file.set_len(length).unwrap();
            file.write_all_at(b"y", 1 << 20).unwrap();
            file.write_all_at(end.as_bytes(), length - 1).unwrap();
            // Twice: a new target, and one that exists.
            for _ in 0..2 {
                succeeds(bench.copy(&[options, &["a", "b"]].concat()));
                let copy = File::open(bench.path("b")).unwrap();
                assert_eq!(copy.metadata().unwrap().len(), length, "{options:?}");
                let byte = |offset| {
                    let mut byte = [0];
                    copy.read_exact_at(&mut byte, offset).unwrap();
                    byte[0]
                };
                assert_eq!(byte(1 << 20), b'y');
                assert_eq!(byte(length - 1), end.bytes().next().unwrap_or(0));
            }
            let (from, to) = ((length - 10).to_string(), (length - 20).to_string());
            succeeds(
                bench.copy(&[options, &["--src-offset", &from, "--dst-offset", &to, "a", "b"]].concat()),
            );
            std::fs::remove_file(bench.path("b")).unwrap();
        }
    }
}

fn zeros(bench: &Bench) {
    let mut content = vec![0; 4 << 20];
    content[1_000_000..1_500_000].fill(7);
    content.extend([1; 777]);
    bench.write("a", &content);
    for (sparse, most) in [("always", 1 << 20), ("auto", 5 << 20)] {
        succeeds(bench.copy(&["--reflink", "never", "--sparse", sparse, "a", "b"]));
        assert!(bench.read("b") == content);
        let allocated = bench.allocated("b");
        assert!(allocated <= most && (sparse == "always" || allocated >= 4 << 20), "{sparse}: {allocated}");
    }
}

fn dirty_unwritten(bench: &Bench) {
    for offset in [0, 4096, 1_000_001, (4 << 20) - 5000] {
        let file = File::create(bench.path("a")).unwrap();
        if fallocate(&file, FallocateFlags::empty(), 0, 4 << 20).is_err() {
            return;
        }
        file.write_all_at(&noise(5000), offset).unwrap();
        succeeds(bench.copy(&["a", "b"]));
        assert!(bench.read("a") == bench.read("b"), "{offset}");
        succeeds(bench.copy(&["--reflink", "never", "a", "c"]));
        assert!(bench.read("a") == bench.read("c"), "{offset}");
    }
}

fn clone_or_nothing(bench: &Bench) {
    bench.write("a", noise(300_000));
    bench.write("old", "old");
    let output = bench.copy(&["--reflink", "always", "--debug", "a", "b"]);
    if output.status.success() {
        let told = succeeds(output);
        assert!(told.contains("copied 0..300000 by ficlone\n") && told.contains("reflink: yes"), "{told}");
        assert!(bench.read("a") == bench.read("b"));
        return;
    }
    let message = fails(1, output);
    assert!(message.contains("ficlone") && message.contains("EOPNOTSUPP"), "{message}");
    fails(1, bench.copy(&["--reflink", "always", "a", "old"]));
    assert_eq!(bench.read("old"), b"old");
    assert_eq!(bench.names(), ["a", "old"]);
}

fn never_shared(bench: &Bench) {
    bench.write("a", noise(1 << 20));
    succeeds(bench.copy(&["--reflink", "never", "a", "b"]));
    let copy = File::open(bench.path("b")).unwrap();
    copy.sync_all().unwrap();
    // EOPNOTSUPP where the file system has no extents to tell of.
    let extents = copybench::sys::fiemap::extents(&copy).unwrap_or_default();
    assert!(!extents.iter().any(|extent| extent.shared), "{extents:?}");
}

//! Ranges are written in place and leave the rest of the target alone.

use super::Row;
use super::bench::{Bench, fails, noise, succeeds};

pub(crate) const ROWS: &[Row] = &[
    ("a range is replaced and nothing else", &[], range_alone),
    ("a range that is all of the source leaves what the target has behind it", &[], all_of_the_source),
    ("a range behind the target's end makes it longer", &[], behind_the_end),
    ("holes of a range are holes of the target", &[], holes),
    ("a range behind the source's end is refused before anything is written", &[], beyond_the_source),
    ("a range makes a target that does not exist", &[], new_target),
    ("offsets take the units of sizes", &[], units),
];

fn range_alone(bench: &Bench) {
    let source = noise(300_000);
    bench.write("a", &source);
    for reflink in ["auto", "never"] {
        for (from, to, length) in
            [(0, 0, 300_000), (4096, 8192, 65_536), (1, 4097, 100_001), (299_999, 0, 1), (5, 7, 0)]
        {
            let mut expected = vec![0xEE; 400_000];
            bench.write("b", &expected);
            let numbers = [from, to, length].map(|number: usize| number.to_string());
            let [from_text, to_text, length_text] = numbers.each_ref().map(String::as_str);
            let range = ["--src-offset", from_text, "--dst-offset", to_text, "--len", length_text];
            succeeds(bench.copy(&[&range[..], &["--verify", "--reflink", reflink, "a", "b"]].concat()));
            expected[to..to + length].copy_from_slice(&source[from..from + length]);
            assert!(bench.read("b") == expected, "{range:?}");
        }
    }
}

fn all_of_the_source(bench: &Bench) {
    bench.write("a", noise(300_000));
    let expected = [bench.read("a"), vec![0xEE; 100_000]].concat();
    for options in [&[][..], &["--reflink", "never"], &["--sparse", "always"], &["--strategy", "mmap-mmap"]] {
        bench.write("b", vec![0xEE; 400_000]);
        succeeds(bench.copy(&[options, &["--verify", "--dst-offset", "0", "a", "b"]].concat()));
        assert!(bench.read("b") == expected, "{options:?}");
    }
    bench.write("empty", "");
    for path in ["empty", "/proc/version", "/sys/kernel/fscaps"] {
        let content = bench.read(path);
        bench.write("b", vec![0xEE; 5000]);
        succeeds(bench.copy(&["--src-offset", "0", path, "b"]));
        assert!(bench.read("b") == [&content[..], &vec![0xEE; 5000 - content.len()]].concat(), "{path}");
    }
}

fn behind_the_end(bench: &Bench) {
    bench.write("a", noise(10_000));
    bench.write("b", "old");
    let told = succeeds(bench.copy(&["--debug", "--src-offset", "9000", "--dst-offset", "5000", "a", "b"]));
    assert!(told.contains("target written in place: a range"), "{told}");
    let mut expected = b"old".to_vec();
    expected.resize(5000, 0);
    expected.extend(&bench.read("a")[9000..]);
    assert_eq!(bench.read("b"), expected);
}

fn holes(bench: &Bench) {
    bench.write_sparse("a", 8 << 20, &[1 << 20, 6 << 20]);
    for reflink in ["auto", "never"] {
        for sparse in ["auto", "never"] {
            bench.write("b", vec![b'Z'; 10 << 20]);
            let options = ["--reflink", reflink, "--sparse", sparse, "--dst-offset", "1MiB", "a", "b"];
            succeeds(bench.copy(&options));
            let mut expected = vec![b'Z'; 10 << 20];
            expected[1 << 20..9 << 20].copy_from_slice(&bench.read("a"));
            assert!(bench.read("b") == expected, "{options:?}");
            if sparse == "auto" {
                assert!(bench.allocated("b") <= 3 << 20, "{options:?}");
            }
        }
    }
}

fn beyond_the_source(bench: &Bench) {
    bench.write("a", noise(10_000));
    bench.write("b", "old");
    let message = fails(1, bench.copy(&["--src-offset", "9000", "--len", "2000", "a", "b"]));
    assert!(message.contains("ends at 11000") && message.contains("10000 bytes long"), "{message}");
    assert_eq!(bench.read("b"), b"old");
    fails(2, bench.copy(&["--dst-offset", "18446744073709551615", "a", "b"]));
    fails(1, bench.copy(&["--src-offset", "9000", "--len", "2000", "a", "new"]));
    assert_eq!(bench.names(), ["a", "b"]);
}

fn new_target(bench: &Bench) {
    bench.write("a", noise(10_000));
    succeeds(
        bench.shell("chmod 764 a; umask 22; $COPY --src-offset 100 --len 5 a b; test $(stat -c %a b) = 744"),
    );
    assert_eq!(bench.read("b"), bench.read("a")[100..105]);
}

fn units(bench: &Bench) {
    bench.write("a", noise(3 << 20));
    succeeds(bench.copy(&["--src-offset", "1MiB", "--len", "4KiB", "a", "b"]));
    assert!(bench.read("b") == bench.read("a")[1 << 20..(1 << 20) + 4096]);
}

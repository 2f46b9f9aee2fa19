//! Input that grows on being read: each is refused as wrong use, with its limit and the file, and takes
//! little memory.

#![allow(clippy::unwrap_used, reason = "tests")]

use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Most address space of a command, in KiB.
const MEMORY: &str = "200000";

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/run.jsonl");
const RELEASE: &str = "6.1.0-made";
const PACKAGE: &str = "linux-image-6.1.0-made_1_amd64.deb";

fn place() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// `start`, then 3 GiB of `byte`: members of gzip one after the other are one stream.
fn bomb(start: &[u8], byte: u8) -> Vec<u8> {
    [gzip(start), gzip(&vec![byte; 16 << 20]).repeat(192)].concat()
}

/// A header of tar for that many bytes.
fn header(path: &str, kind: tar::EntryType, size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path(path).unwrap();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// A package with these files.
fn package(place: &TempDir, files: &[u8]) -> PathBuf {
    let member = |name: &str, data: &[u8]| {
        let head = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, data.len());
        [head.as_bytes(), data, &b"\n"[..data.len() % 2]].concat()
    };
    let path = place.path().join(PACKAGE);
    let parts = [b"!<arch>\n".to_vec(), member("debian-binary", b"2.0\n"), member("data.tar.gz", files)];
    fs::write(&path, parts.concat()).unwrap();
    path
}

/// A tree with an image, and one module of this content.
fn tree(place: &TempDir, module: &[u8]) -> PathBuf {
    let modules = place.path().join("lib/modules").join(RELEASE);
    fs::create_dir_all(modules.join("kernel")).unwrap();
    fs::create_dir_all(place.path().join("boot")).unwrap();
    fs::write(modules.join("modules.builtin"), "").unwrap();
    fs::write(modules.join("kernel/a.ko.gz"), module).unwrap();
    let mut image = vec![0; 0x400];
    for (at, bytes) in [
        (0x1fe, &b"\x55\xaa"[..]),
        (0x202, b"HdrS"),
        (0x20e, b"\x80\x00"),
        (0x236, b"\x01\x00"),
        (0x280, RELEASE.as_bytes()),
    ] {
        image[at..at + bytes.len()].copy_from_slice(bytes);
    }
    fs::write(place.path().join("boot").join(format!("vmlinuz-{RELEASE}")), image).unwrap();
    place.path().to_owned()
}

#[track_caller]
fn is_refused(arguments: &[&str], path: &Path, words: &[&str]) {
    let output = Command::new("sh")
        .args(["-c", r#"ulimit -v "$0" && exec "$@""#, MEMORY, env!("CARGO_BIN_EXE_copybench")])
        .args(arguments)
        .arg(path)
        .env("TMPDIR", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(said.len() < 2000, "{said}");
}

const KERNELS: [&str; 4] = ["kernels", "--accel", "tcg", "--kernel"];

#[test]
fn a_path_of_gigabytes_in_a_package() {
    let place = place();
    let files = bomb(&header("././@LongLink", tar::EntryType::GNULongName, 3 << 30), b'x');
    is_refused(&KERNELS, &package(&place, &files), &[PACKAGE, "4096 bytes"]);
}

#[test]
fn an_image_of_gigabytes_in_a_package() {
    let place = place();
    let files = bomb(&header("boot/vmlinuz-6.1.0-made", tar::EntryType::Regular, 3 << 30), 0);
    is_refused(&KERNELS, &package(&place, &files), &[PACKAGE, "boot/vmlinuz-6.1.0-made", "256 MiB"]);
}

#[test]
fn a_module_of_gigabytes() {
    let place = place();
    is_refused(&KERNELS, &tree(&place, &bomb(b"\x7fELF", 0)), &["a.ko.gz", "64MiB"]);
}

#[test]
fn a_list_of_modules_of_gigabytes() {
    let place = place();
    let tree = tree(&place, b"");
    let list = tree.join("lib/modules").join(RELEASE).join("modules.builtin");
    fs::File::create(&list).unwrap().set_len(3 << 30).unwrap();
    is_refused(&KERNELS, &tree, &["modules.builtin", "16MiB"]);
}

#[test]
fn an_image_of_gigabytes() {
    let place = place();
    let image = place.path().join("vmlinuz");
    fs::File::create(&image).unwrap().set_len(3 << 30).unwrap();
    is_refused(&KERNELS, &image, &["vmlinuz"]);
}

#[test]
fn a_line_of_a_record() {
    let place = place();
    let golden = fs::read(GOLDEN).unwrap();
    let plain = place.path().join("long.jsonl");
    fs::write(&plain, [&golden[..], &vec![b'x'; 17 << 20]].concat()).unwrap();
    let packed = place.path().join("long.jsonl.gz");
    fs::write(&packed, bomb(&golden, b'x')).unwrap();
    for (path, name) in [(&plain, "long.jsonl:247"), (&packed, "long.jsonl.gz:247")] {
        for arguments in
            [&["report"][..], &["export", "--format", "chart"], &["history"], &["compare", GOLDEN]]
        {
            is_refused(arguments, path, &[name, "16 MiB"]);
        }
    }
}

#[test]
fn json_of_any_depth() {
    let place = place();
    let path = place.path().join("deep.jsonl");
    fs::write(&path, format!(r#"{{"t":"run","argv":{}"#, "[".repeat(1 << 20))).unwrap();
    is_refused(&["report"], &path, &["deep.jsonl:1", "recursion limit"]);
}

#[test]
fn lines_of_claims() {
    let place = place();
    let path = place.path().join("claims.jsonl");
    fs::File::create(&path).unwrap().set_len(3 << 30).unwrap();
    is_refused(&["export", "--format", "chart", GOLDEN, "--claims"], &path, &["claims.jsonl", "16 MiB"]);
}

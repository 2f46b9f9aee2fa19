//! The lab, run as a reader runs it: what each statement comes to, and that nothing is left.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

fn lab(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copybench"));
    command.arg("lab").arg("--dir").arg(directory);
    command
}

fn directory() -> tempfile::TempDir {
    let parent = std::env::var_os("COPYBENCH_DIR").unwrap_or(env!("CARGO_TARGET_TMPDIR").into());
    tempfile::tempdir_in(parent).unwrap()
}

fn is_empty(directory: &Path) -> bool {
    std::fs::read_dir(directory).unwrap().next().is_none()
}

/// The part of the output that belongs to a statement, its line breaks taken out.
fn part(text: &str, id: &str) -> String {
    let start = text.find(&format!("\n{id:<4}text")).unwrap_or_else(|| panic!("{id} in {text}"));
    let part = text[start..].split("\n\n").next().unwrap();
    part.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_statement_is_tried_and_holds() {
    let directory = directory();
    let started = Instant::now();
    let Output { status, stdout, stderr } = lab(directory.path()).output().unwrap();
    let elapsed = started.elapsed();
    let text = String::from_utf8(stdout).unwrap();
    assert!(status.success(), "{status}: {}\n{text}", String::from_utf8_lossy(&stderr));
    assert!(is_empty(directory.path()), "something is left");
    assert!(elapsed < Duration::from_secs(60), "{elapsed:?}");

    for (id, seen) in [
        ("W1", &["stores 'W' in byte 100", "loads 'W' there"][..]),
        (
            "W2",
            &["(17 read, 16 write)", "(1 ftruncate, 2 mmap, 2 munmap)", "16385 system calls (16385 read)"],
        ),
        ("W3", &["by read and write: 2", "from mapping to mapping: "]),
        ("W4", &["asked for 0 bytes: EINVAL", "are all zero", "content is as before", "ended by SIGBUS"]),
        ("W5", &["offset 0: works offset 1: EINVAL offset 512: EINVAL"]),
        ("W6", &["addr NULL, twice", "and the mapping there stays", "at the address in use: EEXIST"]),
        (
            "W7",
            &[
                "O_RDONLY MAP_SHARED works works EACCES EACCES",
                "O_RDONLY MAP_PRIVATE works works works works",
                "O_WRONLY MAP_PRIVATE EACCES EACCES EACCES EACCES",
                "O_RDWR MAP_SHARED works works works works",
                "a load from PROT_NONE: process ended by SIGSEGV",
                "a store to PROT_READ: process ended by SIGSEGV",
            ],
        ),
        ("W8", &["the other's mapping has 'S' and read(2) gives 'S'", "before msync"]),
        (
            "W9",
            &[
                "another process, which shares the file, loads 'f'; the file is unchanged",
                "'P' in the page stored to",
            ],
        ),
        ("W10", &["bytes, all zero; in maps rw-p with no path"]),
        (
            "W11",
            &[
                "a load after munmap: process ended by SIGSEGV",
                "is gone, the file begins with 'E'",
                "after close(fd): 'E'",
            ],
        ),
        ("W12", &["p not page aligned: EINVAL", "the three pages are: mapped, not mapped, mapped"]),
        (
            "W13",
            &[
                "lmfile is 1073741824 bytes long; the first 1048576 are as stored: ABCDEFGHIJKLMNOPQRSTUVWXYZABCD..",
            ],
        ),
        (
            "W14",
            &["rw-s 00000000", "PROT_READ | PROT_WRITE; s is MAP_SHARED", "/lmfile: the file that is mapped"],
        ),
    ] {
        let part = part(&text, id);
        assert!(part.contains("verdict holds"), "{part}");
        for seen in seen {
            assert!(part.contains(seen), "{seen:?} in {part}");
        }
    }
    for exercise in ["W15 mmap-mmap", "W16 mmap-write"] {
        assert!(text.contains(exercise) || text.contains("not run: a copy takes 1 GiB"), "{text}");
    }
    assert!(text.contains("14 statements: "), "{text}");
}

#[test]
fn a_signal_leaves_nothing_behind() {
    let directory = directory();
    let mut child = lab(directory.path()).stdout(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while is_empty(directory.path()) {
        assert!(Instant::now() < deadline, "the lab makes no directory");
        sleep(Duration::from_millis(5));
    }
    // Among the copies, when files come and go.
    sleep(Duration::from_millis(200));
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(128 + 15));
    assert!(is_empty(directory.path()), "something is left");
}

#[test]
fn a_directory_that_does_not_exist_is_wrong_use() {
    let Output { status, stderr, .. } = lab(Path::new("/nowhere/at/all")).output().unwrap();
    let text = String::from_utf8_lossy(&stderr).into_owned();
    assert_eq!(status.code(), Some(2), "{text}");
    assert!(text.contains("/nowhere/at/all") && text.contains("--dir"), "{text}");
}

#[test]
fn the_children_are_hidden_and_refuse_what_they_do_not_know() {
    let run =
        |arguments: &[&str]| Command::new(env!("CARGO_BIN_EXE_copybench")).args(arguments).output().unwrap();
    let help = run(&["--help"]);
    assert!(!String::from_utf8_lossy(&help.stdout).contains("lab-child"));
    assert!(!run(&["lab-child", "unheard-of"]).status.success());
}

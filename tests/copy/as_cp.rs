//! What stands beside the content of a target afterwards: the same as after GNU cp, which writes to the
//! file itself.

use super::bench::{Bench, succeeds};
use super::executable::copy_executable;
use super::{Need, Row};
use copybench::sys::inode_flags::InodeFlags;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Output;

pub(crate) const ROWS: &[Row] = &[
    ("as cp: what a target has beside its content", CP, kept),
    ("as cp: what a new target gets", CP, given),
    ("as cp: what another user may and may not", &[Need::Root, Need::Program("setfacl")], another_user),
    ("as cp: directories that give up no name", CP, append_only),
    ("set-user-ID bits and capabilities go, however the target is written", &[Need::Root], set_id),
];

const CP: &[Need] = &[Need::Root, Need::Program("setfacl"), Need::Program("python3")];

/// What a copy leaves.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct State {
    content: Vec<u8>,
    mode: u32,
    owner: (u32, u32),
    links: u64,
    attributes: BTreeMap<String, Vec<u8>>,
    flags: InodeFlags,
    /// All names in the directory.
    names: Vec<String>,
}

impl State {
    /// Of `b` in a directory, where there is one.
    pub(crate) fn of(bench: &Bench, directory: &str) -> Option<Self> {
        let path = bench.path(directory).join("b");
        let file = fs::File::open(&path).ok()?;
        let stat = file.metadata().unwrap();
        Some(Self {
            content: fs::read(&path).unwrap(),
            mode: stat.mode() & 0o7777,
            owner: (stat.uid(), stat.gid()),
            links: stat.nlink(),
            attributes: attributes(&file),
            flags: InodeFlags::of(&file).unwrap(),
            names: bench.names_in(directory),
        })
    }
}

fn attributes(file: &fs::File) -> BTreeMap<String, Vec<u8>> {
    let mut names = vec![0_u8; 10_000];
    let length = rustix::fs::flistxattr(file, &mut names[..]).unwrap_or(0);
    let names = String::from_utf8(names[..length].to_vec()).unwrap();
    let value = |name: &str| {
        let mut value = vec![0_u8; 10_000];
        let length = rustix::fs::fgetxattr(file, name, &mut value[..]).unwrap();
        value[..length].to_vec()
    };
    names.split_terminator('\0').map(|name| (name.to_owned(), value(name))).collect()
}

/// Makes the same situation twice, copies by copybench in `ours` and by cp in `theirs`, and compares. The
/// situation may lack what this file system does not have, in both alike.
#[track_caller]
fn same(bench: &Bench, set_up: &str, copy: &str) {
    let outputs: [Output; 2] =
        [("ours", "./copybench copy"), ("theirs", "cp")].map(|(directory, command)| {
            fs::create_dir(bench.path(directory)).unwrap();
            fs::hard_link(bench.path("copybench"), bench.path(directory).join("copybench")).unwrap();
            let set_up = format!("cd {directory}; umask 022; echo content >a; {{ {set_up}; }} 2>/dev/null");
            let _ = bench.command("sh", &["-c", &set_up]).output().unwrap();
            let copy = format!("cd {directory}; {copy}");
            bench.command("sh", &["-ec", &copy]).env("COPY", command).output().unwrap()
        });
    let [ours, theirs] = ["ours", "theirs"].map(|directory| State::of(bench, directory));
    succeeds(bench.shell("chattr -ia ours theirs ours/b theirs/b 2>/dev/null || true; rm -rf ours theirs"));
    let [our_output, their_output] = &outputs;
    assert_eq!(
        (our_output.status.code(), &ours),
        (their_output.status.code(), &theirs),
        "{set_up}; {copy}: {} {}",
        String::from_utf8_lossy(&our_output.stderr),
        String::from_utf8_lossy(&their_output.stderr),
    );
}

/// Where any user may run the command.
fn install(bench: &Bench) {
    copy_executable(&bench.path("copybench")).unwrap();
    succeeds(bench.shell("chmod 755 ."));
}

fn kept(bench: &Bench) {
    install(bench);
    let set_ups = [
        "echo old >b; chmod 640 b; setfacl -d -m u:65534:rwx,m::rwx .",
        "echo old >b; setfacl -m u:65534:r b; setfacl -d -m u:1234:rwx,m::rwx .",
        "setfacl -d -m u:1234:rwx .; echo old >b",
        "echo old >b; chattr +A +d +S b",
        "echo old >b; chattr +d b; chattr +A +S .",
        "touch b; chattr +C b; echo old >b",
        "echo old >b; chattr +C .",
        "chattr +C .; echo old >b",
        "touch b; xfs_io -c 'extsize 1m' b; echo old >>b",
        "echo old >b; xfs_io -c 'extsize 1m' .",
        "echo old >b; chattr -p 42 b",
        "echo old >b; chattr -p 42 .; chattr +P .",
        "echo old >b; python3 -c 'import os; os.setxattr(\"b\", \"btrfs.compression\", b\"zstd\")'",
        "echo old >b; python3 -c 'import os; [os.setxattr(\"b\", name + \".note\", b\"x\" * 200) for name in \
         (\"user\", \"trusted\", \"security\")]'",
        "echo old >b; chmod 1604 b",
        "echo old >b; chmod 400 b",
        "echo old >b; chmod 0 b",
        "echo old >b; chown 1234:5678 b; chmod 646 b",
        "echo old >b; chgrp 5678 .; chmod g+s .",
        "echo old >b; ln b c",
        "echo old >c; ln -s c b",
        "echo longer than the new content >b",
    ];
    for set_up in set_ups {
        same(bench, set_up, "$COPY a b");
        same(bench, set_up, "$COPY a ./b");
    }
}

fn given(bench: &Bench) {
    install(bench);
    for set_up in [
        "true",
        "chmod 764 a",
        "chmod 444 a",
        "chmod 0 a",
        "chmod 646 a; setfacl -d -m u:65534:rwx .",
        "chmod 666 a; setfacl -d -m u::rwx,g::rx,o::r .",
        "chmod 640 a; setfacl -m u:65534:rw a",
        "chgrp 5678 .; chmod g+s .",
        "chattr +C +A +S .",
        "chattr -p 42 .; chattr +P .; xfs_io -c 'extsize 1m' .",
    ] {
        for umask in ["022", "077", "000"] {
            same(bench, set_up, &format!("umask {umask}; $COPY a b"));
        }
        same(bench, set_up, "mkfifo p; timeout 10 sh -c 'cat a >p' & $COPY p b; wait; rm p");
    }
}

fn another_user(bench: &Bench) {
    install(bench);
    let user = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    for set_up in [
        "chmod 777 .",
        "chmod 777 .; echo old >b; chmod 666 b",
        "chmod 1777 .; echo old >b; chmod 666 b",
        "chmod 777 .; echo old >b; chown 65534 b; chmod 622 b",
        "chmod 777 .; echo old >b; chown 65534:1234 b",
        "echo old >b; chmod 666 b",
        "echo old >b; chmod 602 b",
        "chmod 777 .; echo old >b",
        "chmod 777 .; echo old >b; setfacl -m u:65534:rw b",
        "chmod 777 .; echo old >b; chown 65534 b; setfacl -m u:1:rw b",
        "chmod 777 .; echo old >b; chmod 666 b; chattr +i b",
        "chmod 777 .; chmod 600 a",
        "chmod 700 .; echo old >b; chmod 666 b",
    ] {
        same(bench, set_up, &format!("{user} $COPY a b"));
    }
}

fn append_only(bench: &Bench) {
    install(bench);
    for set_up in ["echo old >b; chattr +a .", "chattr +a .", "echo old >b; chattr +a b"] {
        same(bench, set_up, "code=0; $COPY a b || code=$?; chattr -a . b 2>/dev/null || true; exit $code");
    }
}

fn set_id(bench: &Bench) {
    install(bench);
    bench.write("a", "content");
    let user = "setpriv --reuid 65534 --regid 65534 --clear-groups";
    for user in ["", user] {
        for options in ["", "--dst-offset 1", "--strategy mmap-mmap", "--strategy mmap-mmap --dst-offset 1"] {
            for links in [1, 2] {
                let script = format!(
                    "rm -rf d; mkdir -m 777 d; echo old old old >d/b; chown 65534:65534 d/b
                    test {links} = 1 || ln d/b d/c
                    ! command -v setcap >/dev/null || setcap cap_net_raw+ep d/b || true
                    chmod 6755 d/b
                    {user} ./copybench copy {options} a d/b
                    test $(stat -c %a d/b) = 755
                    ! command -v getcap >/dev/null || test -z \"$(getcap d/b)\""
                );
                let output = bench.command("sh", &["-ec", &script]).output().unwrap();
                assert!(output.status.success(), "{user} {options} {links}: {output:?}");
            }
        }
    }
}

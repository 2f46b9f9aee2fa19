//! W7: protection, against how the file was opened and against what is done with the memory.

use crate::lab::notes::Notes;
use crate::lab::peer::{Access, map_of};
use crate::lab::protocol::Mode;
use crate::lab::{Lab, Statement, names};
use crate::sys::page_size;
use anyhow::Context;
use rustix::fs::StatVfsMountFlags;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};
use signal_hook::consts::SIGSEGV;

pub(super) static PROTECTION: Statement = Statement {
    id: "W7",
    text: "prot is PROT_NONE or an OR of PROT_EXEC, PROT_READ and PROT_WRITE, and must not conflict with how \
           the file was opened.",
    c: "fd = open(path, mode);  p = mmap(NULL, page, prot, flags, fd, 0);",
    rust: "rustix::mm::mmap(ptr::null_mut(), page, prot, flags, &file, 0)",
    check: protection,
};

const MODES: [(Mode, &str); 3] =
    [(Mode::ReadOnly, "O_RDONLY"), (Mode::WriteOnly, "O_WRONLY"), (Mode::ReadWrite, "O_RDWR")];
const SHARINGS: [(MapFlags, &str); 2] =
    [(MapFlags::SHARED, "MAP_SHARED"), (MapFlags::PRIVATE, "MAP_PRIVATE")];
const PROTECTIONS: [(ProtFlags, &str); 8] = [
    (ProtFlags::empty(), "NONE"),
    (ProtFlags::READ, "R"),
    (ProtFlags::WRITE, "W"),
    (ProtFlags::READ.union(ProtFlags::WRITE), "R|W"),
    (ProtFlags::EXEC, "X"),
    (ProtFlags::READ.union(ProtFlags::EXEC), "R|X"),
    (ProtFlags::WRITE.union(ProtFlags::EXEC), "W|X"),
    (ProtFlags::READ.union(ProtFlags::WRITE).union(ProtFlags::EXEC), "R|W|X"),
];

fn protection(lab: &Lab<'_>, notes: &mut Notes) -> anyhow::Result<()> {
    let page = page_size();
    let file = lab.file("protected", &vec![b'p'; page])?;
    let mount = rustix::fs::fstatvfs(&file).context("statvfs")?.f_flag;
    let no_exec = mount.contains(StatVfsMountFlags::NOEXEC);
    let mut peer = lab.peer()?;
    let heads = PROTECTIONS.map(|(_, name)| format!("{name:<7}")).concat();
    notes.see(format!("  {:<10}{:<13}{}", "open", "flags", heads.trim_end()));
    for (mode, mode_name) in MODES {
        peer.open("protected", mode)?;
        for (sharing, sharing_name) in SHARINGS {
            let mut row = format!("  {mode_name:<10}{sharing_name:<13}");
            for (protection, protection_name) in PROTECTIONS {
                let outcome = peer.try_map(map_of(page, protection, sharing))?.map(drop);
                row += &format!("{:<7}", names::outcome(outcome));
                let expected = expected(mode, protection, sharing, no_exec);
                notes.expect(
                    outcome == expected,
                    format!("{mode_name} {sharing_name} {protection_name}: {}", names::outcome(expected)),
                );
            }
            notes.see(row.trim_end());
        }
    }
    notes.see("  (R, W, X: PROT_READ, PROT_WRITE, PROT_EXEC)");
    drop(peer);

    for (protection, store, what) in [
        (ProtFlags::empty(), false, "a load from PROT_NONE"),
        (ProtFlags::empty(), true, "a store to PROT_NONE"),
        (ProtFlags::READ, true, "a store to PROT_READ"),
    ] {
        let outcome = access(lab, protection, store)?;
        notes.see(format!("{what}: {outcome}"));
        notes.expect(outcome == Access::Signal(SIGSEGV), format!("{what} is SIGSEGV"));
    }
    let outcome = access(lab, ProtFlags::WRITE, false)?;
    notes.see(format!("a load from PROT_WRITE alone: {outcome}"));
    notes.remark(
        "even O_WRONLY with PROT_WRITE is refused: every file mapping needs a file open for reading; \
         MAP_PRIVATE with PROT_WRITE needs no more, for its stores never reach the file",
    );
    if outcome == Access::Works {
        notes.remark("on this processor PROT_WRITE implies PROT_READ");
    }
    if no_exec {
        notes.remark("this file system is mounted noexec: PROT_EXEC is EPERM");
    }
    Ok(())
}

/// What `mmap(2)` promises.
fn expected(mode: Mode, protection: ProtFlags, sharing: MapFlags, no_exec: bool) -> Result<(), Errno> {
    let shared_store = sharing == MapFlags::SHARED && protection.contains(ProtFlags::WRITE);
    if mode == Mode::WriteOnly || (mode == Mode::ReadOnly && shared_store) {
        Err(Errno::ACCESS)
    } else if no_exec && protection.contains(ProtFlags::EXEC) {
        Err(Errno::PERM)
    } else {
        Ok(())
    }
}

fn access(lab: &Lab<'_>, protection: ProtFlags, store: bool) -> anyhow::Result<Access> {
    let mut peer = lab.peer()?;
    peer.open("protected", Mode::ReadWrite)?;
    let address = peer.map(map_of(page_size(), protection, MapFlags::SHARED))?;
    if store { peer.risk_store(address) } else { peer.risk_load(address) }
}

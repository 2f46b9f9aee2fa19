//! W1 and W8: memory that processes share because they map one file.

use crate::lab::notes::Notes;
use crate::lab::peer::{Peer, shared};
use crate::lab::protocol::Mode;
use crate::lab::{Lab, Statement};
use crate::sys::page_size;
use anyhow::Context;
use std::fs::File;
use std::os::unix::fs::FileExt;

pub(super) static TWO_PROCESSES: Statement = Statement {
    id: "W1",
    text: "Several processes can share memory that is backed by a regular file.",
    c: "both: p = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);\n\
        one: p[100] = 'W';  other: c = p[100];",
    rust: "rustix::mm::mmap(ptr::null_mut(), length, ProtFlags::READ | ProtFlags::WRITE, \
           MapFlags::SHARED, &file, 0)?",
    check: two_processes,
};

pub(super) static SHARED: Statement = Statement {
    id: "W8",
    text: "MAP_SHARED: stores are visible to other mappings of the file and reach the file; msync(2) controls \
           when they reach it.",
    c: "p[0] = 'S';  pread(fd, &c, 1, 0);  msync(p, length, MS_SYNC);",
    rust: "rustix::mm::msync(p, length, MsyncFlags::SYNC)?",
    check: stores_reach_the_file,
};

/// A child that has mapped `length` bytes of the file, and the address.
fn mapper(lab: &Lab<'_>, name: &str, length: usize) -> anyhow::Result<(Peer, usize)> {
    let mut peer = lab.peer()?;
    peer.open(name, Mode::ReadWrite)?;
    let address = peer.map(shared(length))?;
    Ok((peer, address))
}

fn byte_of(file: &File, offset: u64) -> anyhow::Result<u8> {
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).context("pread")?;
    Ok(byte[0])
}

fn two_processes(lab: &Lab<'_>, notes: &mut Notes) -> anyhow::Result<()> {
    let length = 2 * page_size();
    lab.file("memory", &vec![b'.'; length])?;
    let (mut one, at_one) = mapper(lab, "memory", length)?;
    let (mut other, at_other) = mapper(lab, "memory", length)?;

    for (store, load, index, byte) in [(0, 1, 100, b'W'), (1, 0, length - 1, b'1')] {
        let processes = [(&mut one, at_one), (&mut other, at_other)];
        exchange(notes, processes, (store, load), index, byte)?;
    }
    Ok(())
}

/// One of the two processes stores a byte, the other loads it.
fn exchange(
    notes: &mut Notes,
    mut processes: [(&mut Peer, usize); 2],
    (storing, loading): (usize, usize),
    index: usize,
    byte: u8,
) -> anyhow::Result<()> {
    let (one, at) = &mut processes[storing];
    let one_id = one.id();
    one.store(*at + index, byte)?;
    let (other, at) = &mut processes[loading];
    let got = other.load(*at + index)?;
    notes.see(format!(
        "process {one_id} stores {:?} in byte {index}; process {} loads {:?} there, without read or write",
        char::from(byte),
        other.id(),
        char::from(got)
    ));
    notes.expect(got == byte, "the other process loads what the one has stored");
    Ok(())
}

fn stores_reach_the_file(lab: &Lab<'_>, notes: &mut Notes) -> anyhow::Result<()> {
    let length = page_size();
    let file = lab.file("stored", &vec![b'.'; length])?;
    // What the file was made of must not be taken for what is stored through the mapping.
    file.sync_all().context("fsync")?;
    let (mut one, at_one) = mapper(lab, "stored", length)?;
    let (mut other, at_other) = mapper(lab, "stored", length)?;
    one.store(at_one, b'S')?;
    let (mapped, read) = (other.load(at_other)?, byte_of(&file, 0)?);
    notes.see(format!(
        "one process stores 'S'; at once the other's mapping has {:?} and read(2) gives {:?}",
        char::from(mapped),
        char::from(read)
    ));
    notes.expect(mapped == b'S', "another mapping sees the store");
    notes.expect(read == b'S', "read(2) sees the store");

    let dirty =
        |peer: &Peer| peer.mapping(at_one).map(|found| found.map_or(0, |backed| backed.usage.dirty() / 1024));
    let before = dirty(&one)?;
    one.sync(at_one, length)?;
    let after = dirty(&one)?;
    notes.see(format!("smaps of the mapping: {before} kB dirty before msync, {after} kB after it"));
    notes.expect(before > 0, "a stored page is dirty until it is written");
    if after == 0 {
        notes.remark(
            "msync decides when the disk has the bytes (the kernel writes them some time later without \
             it); other processes see them at once, for mappings and read(2) share the page cache",
        );
    } else {
        notes.remark(
            "the page stays dirty after msync: this file system has no disk to write it to, as tmpfs",
        );
    }
    Ok(())
}

//! W11 and W12: how mappings end.

use crate::explain::maps;
use crate::lab::notes::Notes;
use crate::lab::peer::{Access, Peer, shared};
use crate::lab::protocol::Mode;
use crate::lab::{Lab, Statement, names};
use crate::sys::page_size;
use anyhow::Context;
use rustix::io::Errno;
use signal_hook::consts::SIGSEGV;
use std::fs;

pub(super) static UNMAPPED: Statement = Statement {
    id: "W11",
    text: "munmap: a later access to the range is an invalid reference (SIGSEGV); the end of the process \
           unmaps too; closing the file descriptor does not.",
    c: "munmap(p, length);  c = p[0];",
    rust: "rustix::mm::munmap(p, length)?;  p.cast::<u8>().read_volatile()",
    check: unmapped,
};

pub(super) static RANGE: Statement = Statement {
    id: "W12",
    text: "munmap: addr must be page aligned, the length need not be a multiple of the page size; it is no \
           error if nothing is mapped in the range.",
    c: "munmap(p + 1, page);  munmap(p, 1);  munmap(p, page);",
    rust: "rustix::mm::munmap(p, 1)",
    check: range,
};

fn mapper(lab: &Lab<'_>, length: usize) -> anyhow::Result<(Peer, usize)> {
    let mut peer = lab.peer()?;
    peer.open("unmapped", Mode::ReadWrite)?;
    let address = peer.map(shared(length))?;
    Ok((peer, address))
}

fn unmapped(lab: &Lab<'_>, notes: &mut Notes) -> anyhow::Result<()> {
    let page = page_size();
    lab.file("unmapped", &vec![b'u'; page])?;

    let (mut peer, address) = mapper(lab, page)?;
    peer.load(address)?;
    peer.unmap(address, page)?.context("munmap")?;
    let later = peer.risk_load(address)?;
    notes.see(format!("a load after munmap: {later}"));
    notes.expect(later == Access::Signal(SIGSEGV), "SIGSEGV after munmap");

    let (mut peer, address) = mapper(lab, page)?;
    peer.store(address, b'E')?;
    let id = peer.id();
    peer.finish()?;
    let gone = maps::read(id).is_err();
    let first = fs::read(lab.directory.join("unmapped")).context("read the file")?.first().copied();
    notes.see(format!(
        "a process stores 'E' and ends without munmap or msync: its /proc/{id}/maps {}, the file begins with {:?}",
        if gone { "is gone" } else { "is still there" },
        first.map(char::from).unwrap_or_default()
    ));
    notes.expect(gone, "the end of the process unmaps");
    notes.expect(first == Some(b'E'), "what was stored before the end is in the file");

    let (mut peer, address) = mapper(lab, page)?;
    peer.close()?;
    let after_close = peer.load(address)?;
    fs::remove_file(lab.directory.join("unmapped")).context("remove the file")?;
    let after_unlink = peer.load(address)?;
    let region = peer.mapping(address)?.context("the mapping is in smaps")?.region;
    notes.see(format!(
        "a load after close(fd): {:?}; after the file is removed as well: {:?}, and maps says (deleted): {}",
        char::from(after_close),
        char::from(after_unlink),
        if region.is_deleted() { "yes" } else { "no" }
    ));
    notes.expect((after_close, after_unlink) == (b'E', b'E'), "the mapping outlives the file descriptor");
    Ok(())
}

fn range(lab: &Lab<'_>, notes: &mut Notes) -> anyhow::Result<()> {
    let page = page_size();
    lab.file("unmapped", &vec![b'u'; 3 * page])?;
    let (mut peer, address) = mapper(lab, 3 * page)?;
    let middle = address + page;
    let mut call = |what: &str, address, length, expected: Result<(), Errno>| -> anyhow::Result<()> {
        let outcome = peer.unmap(address, length)?;
        notes.see(format!("{what}: {}", names::outcome(outcome)));
        notes.expect(outcome == expected, format!("{what}: {}", names::outcome(expected)));
        Ok(())
    };
    call("munmap(p + 1, page), p not page aligned", address + 1, page, Err(Errno::INVAL))?;
    call("munmap(p + page, 1), 1 byte of the second of three pages", middle, 1, Ok(()))?;
    call("the same again, where nothing is mapped now", middle, 1, Ok(()))?;
    call("munmap(p, 0)", address, 0, Err(Errno::INVAL))?;

    let left: Vec<_> = [address, middle, address + 2 * page]
        .into_iter()
        .map(|page| peer.mapping(page).map(|found| found.is_some()))
        .collect::<anyhow::Result<_>>()?;
    let words: Vec<_> = left.iter().map(|&mapped| if mapped { "mapped" } else { "not mapped" }).collect();
    notes.see(format!("then the three pages are: {}", words.join(", ")));
    notes.expect(left == [true, false, true], "the whole page goes, and only that");
    let all = peer.unmap(address, 3 * page)?;
    notes.see(format!("munmap of all three, with the gap: {}", names::outcome(all)));
    notes.expect(all.is_ok(), "a range with a gap is no error");
    notes.remark("the length is rounded up: 1 byte unmaps a page; a length of 0 is EINVAL");
    Ok(())
}

//! W6: who chooses where a mapping goes.

use crate::lab::notes::Notes;
use crate::lab::peer::shared;
use crate::lab::protocol::{Map, Mode};
use crate::lab::{Lab, Statement, names};
use crate::sys::page_size;
use anyhow::Context;
use rustix::io::Errno;
use rustix::mm::MapFlags;

pub(super) static ADDRESS: Statement = Statement {
    id: "W6",
    text: "mmap(addr, length, prot, flags, fd, offset): with addr NULL the kernel chooses the address; \
           otherwise addr is a hint, and the kernel takes a page boundary near it.",
    c: "mmap(NULL, page, ..);  mmap(hint, page, ..);  mmap(hint + 123, page, ..)",
    rust: "rustix::mm::mmap(ptr::without_provenance_mut(hint), page, .., &file, 0)?",
    check: address,
};

fn address(lab: &Lab<'_>, notes: &mut Notes) -> anyhow::Result<()> {
    let page = page_size();
    lab.file("addressed", &vec![b'a'; page])?;
    let mut peer = lab.peer()?;
    peer.open("addressed", Mode::ReadWrite)?;
    let chosen = [peer.map(shared(page))?, peer.map(shared(page))?];
    notes.see(format!("addr NULL, twice: {:#x} and {:#x}", chosen[0], chosen[1]));
    notes.expect(
        chosen[0] != chosen[1] && chosen.iter().all(|address| address % page == 0),
        "the kernel chooses page-aligned addresses that are free",
    );

    // Room that is certainly free: it was just given back.
    let room = peer.map(shared(16 * page))?;
    peer.unmap(room, 16 * page)?.context("munmap")?;
    let hint = room + 4 * page;
    let taken = peer.map(Map { hint, ..shared(page) })?;
    notes.see(format!("hint {hint:#x}, free: {taken:#x}"));
    notes.expect(taken == hint, "a free page that is hinted at is taken");

    let odd = room + 8 * page + 123;
    let near = peer.map(Map { hint: odd, ..shared(page) })?;
    notes.see(format!("hint {odd:#x}, free but not page aligned: {near:#x}"));
    notes.expect(near % page == 0 && near.abs_diff(odd) <= page, "a page boundary near the hint is taken");

    peer.store(taken, b'!')?;
    let elsewhere = peer.map(Map { hint: taken, ..shared(page) })?;
    let still_mapped = peer.mapping(taken)?.is_some();
    notes.see(format!("hint {taken:#x}, in use: {elsewhere:#x}, and the mapping there stays"));
    notes.expect(elsewhere != taken && still_mapped, "a hint never replaces a mapping");

    let flags = (MapFlags::SHARED | MapFlags::FIXED_NOREPLACE).bits();
    let insisted = peer.try_map(Map { hint: taken, flags, ..shared(page) })?;
    notes.see(format!("MAP_FIXED_NOREPLACE at the address in use: {}", names::outcome(insisted)));
    if insisted == Err(Errno::EXIST) {
        notes.remark(
            "MAP_FIXED makes an order of the hint and replaces what is there; MAP_FIXED_NOREPLACE refuses",
        );
    } else {
        notes.remark("MAP_FIXED makes an order of the hint and replaces what is there");
    }
    Ok(())
}

//! W10: memory without a file.

use crate::lab::notes::Notes;
use crate::lab::peer::map_of;
use crate::lab::protocol::{Map, Mode};
use crate::lab::{Lab, Statement, names};
use crate::sys::page_size;
use anyhow::Context;
use rustix::mm::{MapFlags, ProtFlags};

pub(super) static ANONYMOUS: Statement = Statement {
    id: "W10",
    text: "MAP_ANONYMOUS: no file is behind the memory, it is filled with zeros, fd is ignored and the offset \
           should be zero.",
    c: "mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)",
    rust: "rustix::mm::mmap_anonymous(ptr::null_mut(), length, ProtFlags::READ | ProtFlags::WRITE, \
           MapFlags::PRIVATE)?",
    check: anonymous,
};

fn anonymous(lab: &Lab<'_>, notes: &mut Notes) -> anyhow::Result<()> {
    let page = page_size();
    let length = 2 * page;
    lab.file("ignored", &vec![b'i'; 4 * page])?;
    let mut peer = lab.peer()?;
    peer.open("ignored", Mode::ReadWrite)?;
    let anonymous = MapFlags::from_bits_retain(libc::MAP_ANONYMOUS as u32);
    let private = map_of(length, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | anonymous);
    let shared = map_of(length, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED | anonymous);

    for (what, map) in [
        ("MAP_PRIVATE, fd -1", Map { with_file: false, ..private }),
        ("MAP_PRIVATE, fd of a file full of 'i'", private),
        ("MAP_SHARED, fd -1", Map { with_file: false, ..shared }),
    ] {
        let address = peer.map(map)?;
        let zero = peer.load_range(address, length)?.iter().all(|&byte| byte == 0);
        let region = peer.mapping(address)?.context("the mapping is in smaps")?.region;
        let path =
            region.path.as_ref().map_or("no path".to_owned(), |path| format!("the path {}", path.display()));
        notes.see(format!(
            "{what}: {length} bytes, {}; in maps {} with {path}",
            if zero { "all zero" } else { "not all zero" },
            region.permissions
        ));
        notes.expect(zero, format!("{what}: the memory is filled with zeros"));
        let foreign = region.path.is_some_and(|path| path.ends_with("ignored"));
        notes.expect(!foreign, format!("{what}: no file is behind the memory"));
    }
    let far = peer.try_map(Map { offset: 2 * page as u64, ..private })?;
    notes.see(format!("offset of 2 pages: {}", names::outcome(far)));
    notes.remark("a portable program passes fd -1 and offset 0, as some systems insist on them");
    Ok(())
}

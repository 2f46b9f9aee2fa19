//! W4: lengths that are no multiple of the page size, and mappings longer than the file.

use crate::lab::notes::Notes;
use crate::lab::peer::{Access, shared};
use crate::lab::protocol::Mode;
use crate::lab::{Lab, Statement, names};
use crate::sys::page_size;
use anyhow::Context;
use rustix::io::Errno;
use std::fs;

pub(super) static LENGTH: Statement = Statement {
    id: "W4",
    text: "Rule: the mapped length is a multiple of the page size.",
    c: "mmap(NULL, page + 904, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), the file being as long",
    rust: "rustix::mm::mmap(ptr::null_mut(), page + 904, ProtFlags::READ | ProtFlags::WRITE, \
           MapFlags::SHARED, &file, 0)?",
    check: length,
};

fn length(lab: &Lab<'_>, notes: &mut Notes) -> anyhow::Result<()> {
    let page = page_size();
    let length = page + 904;
    let file = lab.file("short", &vec![b'f'; length])?;
    let mut one = lab.peer()?;
    one.open("short", Mode::ReadWrite)?;

    let empty = one.try_map(shared(0))?;
    let address = one.map(shared(length))?;
    let mapped = one.mapping(address)?.context("the mapping is in smaps")?.region.length();
    notes.see(format!("asked for 0 bytes: {}", names::outcome(empty)));
    notes.see(format!("asked for {length} bytes, the length of the file: {mapped} bytes are mapped"));
    notes.expect(empty == Err(Errno::INVAL), "EINVAL for an empty range");
    notes.expect(mapped == 2 * page as u64, "the length is rounded up to whole pages");

    let tail = one.load_range(address + length, 2 * page - length)?;
    let zero = tail.iter().all(|&byte| byte == 0);
    notes.see(format!(
        "the {} bytes from the end of the file to the end of its last page are {}",
        tail.len(),
        if zero { "all zero" } else { "not all zero" }
    ));
    notes.expect(zero, "the tail reads as zeros");

    one.store(address + length, b'T')?;
    one.sync(address, length)?;
    let content = fs::read(lab.directory.join("short")).context("read the file")?;
    let kept = content == vec![b'f'; length];
    notes.see(format!(
        "'T' stored in the tail, then msync: the file is {} bytes long and its content is {}",
        content.len(),
        if kept { "as before" } else { "another" }
    ));
    notes.expect(kept, "the tail is not written to the file");
    drop(one);
    file.set_len(2 * page as u64).context("lengthen the file")?;
    let longer = fs::read(lab.directory.join("short")).context("read the file")?;
    if longer.get(length) == Some(&0) {
        notes.see("the file made longer afterwards has a zero there");
    } else {
        notes.see("the file made longer afterwards shows the stored 'T'");
        notes.remark("a store into the tail shows here once the file is made longer");
    }

    file.set_len(length as u64).context("shorten the file")?;
    let mut longer = lab.peer()?;
    longer.open("short", Mode::ReadWrite)?;
    let address = longer.map(shared(3 * page))?;
    let beyond = longer.risk_load(address + 2 * page)?;
    notes.see(format!("3 pages mapped of this file of less than 2: a load from the third: {beyond}"));
    notes.expect(beyond == Access::Signal(signal_hook::consts::SIGBUS), "SIGBUS past the file's last page");
    notes.remark("the caller may ask for any length but 0; it is the kernel that maps whole pages");
    Ok(())
}

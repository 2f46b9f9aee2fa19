//! W9: copy on write.

use crate::lab::notes::Notes;
use crate::lab::peer::{map_of, shared};
use crate::lab::protocol::Mode;
use crate::lab::{Lab, Statement};
use crate::sys::page_size;
use anyhow::Context;
use rustix::mm::{MapFlags, ProtFlags};
use std::fs;
use std::os::unix::fs::FileExt;

pub(super) static PRIVATE: Statement = Statement {
    id: "W9",
    text: "MAP_PRIVATE: stores are copy-on-write, not visible to others and not carried to the file; whether \
           later changes of the file are visible in the mapping is unspecified.",
    c: "p = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);  p[0] = 'P';",
    rust: "rustix::mm::mmap(ptr::null_mut(), length, ProtFlags::READ | ProtFlags::WRITE, \
           MapFlags::PRIVATE, &file, 0)?",
    check: copy_on_write,
};

fn copy_on_write(lab: &Lab<'_>, notes: &mut Notes) -> anyhow::Result<()> {
    let page = page_size();
    let length = 3 * page;
    let content = vec![b'f'; length];
    let file = lab.file("private", &content)?;
    let mut owner = lab.peer()?;
    owner.open("private", Mode::ReadOnly)?;
    let own = owner.map(map_of(length, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE))?;
    let mut other = lab.peer()?;
    other.open("private", Mode::ReadWrite)?;
    let others = other.map(shared(length))?;

    // The second page is only looked at, the third not even that.
    owner.store(own, b'P')?;
    owner.load(own + page)?;
    let seen = [owner.load(own)?, other.load(others)?].map(char::from);
    let unchanged = fs::read(lab.directory.join("private")).context("read the file")? == content;
    notes.see(format!("one process stores 'P' in its private mapping and loads {:?} there", seen[0]));
    notes.see(format!(
        "another process, which shares the file, loads {:?}; the file is {}",
        seen[1],
        if unchanged { "unchanged" } else { "changed" }
    ));
    notes.expect(seen == ['P', 'f'], "the store is visible to its process only");
    notes.expect(unchanged, "the store does not reach the file");
    let usage = owner.mapping(own)?.context("the mapping is in smaps")?.usage;
    notes.see(format!(
        "smaps of the private mapping: Rss {} kB, of which Anonymous {} kB is the copy made on write",
        usage.rss / 1024,
        usage.anonymous / 1024
    ));
    notes.expect(usage.anonymous == page as u64, "one page was copied");

    file.write_all_at(&vec![b'n'; length], 0).context("change the file")?;
    let later = [owner.load(own)?, owner.load(own + page)?, owner.load(own + 2 * page)?];
    notes.see(format!(
        "then every byte of the file is made 'n'; the mapping shows {:?} in the page stored to, {:?} in the page \
         only looked at, {:?} in the page not touched before",
        char::from(later[0]),
        char::from(later[1]),
        char::from(later[2])
    ));
    notes.expect(later[0] == b'P', "a page copied on write stays as it is");
    notes.remark(if later[1..] == *b"nn" {
        "this kernel shows later changes of the file in every page not yet copied on write"
    } else {
        "this kernel does not show later changes of the file in every page not yet copied on write"
    });
    Ok(())
}

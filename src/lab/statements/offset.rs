//! W5: where in the file a mapping may begin.

use crate::lab::notes::Notes;
use crate::lab::peer::shared;
use crate::lab::protocol::{Map, Mode};
use crate::lab::{Lab, Statement, names};
use crate::sys::page_size;
use rustix::io::Errno;

pub(super) static OFFSET: Statement = Statement {
    id: "W5",
    text: "Rule: the offset is page aligned, by the page size that sysconf(_SC_PAGE_SIZE) gives.",
    c: "mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset)",
    rust: "rustix::mm::mmap(ptr::null_mut(), rustix::param::page_size(), .., &file, offset)?",
    check: offset,
};

fn offset(lab: &Lab<'_>, notes: &mut Notes) -> anyhow::Result<()> {
    let page = page_size();
    let content: Vec<u8> = (0..3 * page).map(|index| b'0' + (index / page) as u8).collect();
    lab.file("offsets", &content)?;
    let mut peer = lab.peer()?;
    peer.open("offsets", Mode::ReadWrite)?;
    for offset in [0, 1, 512, page - 1, page, page + 1, 2 * page] {
        let mapped = peer.try_map(Map { offset: offset as u64, ..shared(page) })?;
        notes.see(format!("offset {offset}: {}", names::outcome(mapped)));
        match mapped {
            Ok(address) => {
                notes.expect(offset % page == 0, format!("EINVAL for offset {offset}"));
                let first = peer.load(address)?;
                notes.expect(first == content[offset], format!("byte {offset} of the file at the address"));
            }
            Err(errno) => notes.expect(
                offset % page != 0 && errno == Errno::INVAL,
                format!("offset {offset} is refused with EINVAL only if it is not page aligned"),
            ),
        }
    }
    Ok(())
}

//! pread(2) and pwrite(2): as the read/write loop, with the offsets in the calls.

use super::advance::{Span, advance, write_all};
use super::error::{CopyError, During};
use super::{Family, Strategy};
use std::fs::File;

pub(super) static FAMILY: Family = Family {
    name: "positional",
    summary: "pread(2) and pwrite(2), which carry their offsets and leave the files' own alone",
    strategies: &[
        Strategy::handles("pread-pwrite-256k", "pread/pwrite loop, 256 KiB buffer", |s, t, r| {
            copy(s, t, r, 256 << 10)
        }),
        Strategy::handles("pread-pwrite-1m", "pread/pwrite loop, 1 MiB buffer", |s, t, r| {
            copy(s, t, r, 1 << 20)
        }),
    ],
};

fn copy(source: &File, target: &File, span: Span, size: usize) -> Result<u64, CopyError> {
    let mut buffer = Vec::<u8>::with_capacity(size);
    advance(span, size as u64, |step| {
        let room = &mut buffer.spare_capacity_mut()[..step.length];
        let (filled, _) = rustix::io::pread(source, room, step.source).during("pread")?;
        write_all("pwrite", filled.len(), |done| {
            rustix::io::pwrite(target, &filled[done..], step.target + done as u64)
        })?;
        Ok(filled.len())
    })
}

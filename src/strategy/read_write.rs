//! The loop that every textbook has: read(2) into a buffer, write(2) it out.

use super::advance::{Span, advance, seek_both, write_all};
use super::error::{CopyError, During};
use super::{Family, Strategy};
use crate::sys::aligned::Buffer;
use std::fs::File;

pub(super) static FAMILY: Family = Family {
    name: "read-write",
    summary: "read(2) into a buffer and write(2) it out, in a loop",
    strategies: &[
        Strategy::handles(
            "read-write-256k",
            "read/write loop, 256 KiB buffer: what GNU cp does",
            |s, t, r| copy(s, t, r, 256 << 10),
        ),
        Strategy::handles("read-write-4k", "read/write loop, 4 KiB buffer", |s, t, r| copy(s, t, r, 4 << 10)),
        Strategy::handles(
            "read-write-8k",
            "read/write loop, 8 KiB buffer: what many a standard library does",
            |s, t, r| copy(s, t, r, 8 << 10),
        ),
        Strategy::handles("read-write-64k", "read/write loop, 64 KiB buffer", |s, t, r| {
            copy(s, t, r, 64 << 10)
        }),
        Strategy::handles("read-write-128k", "read/write loop, 128 KiB buffer", |s, t, r| {
            copy(s, t, r, 128 << 10)
        }),
        Strategy::handles("read-write-1m", "read/write loop, 1 MiB buffer", |s, t, r| copy(s, t, r, 1 << 20)),
        Strategy::handles(
            "read-write-aligned-1m",
            "read/write loop, 1 MiB buffer that begins on a page, as dd's does",
            |s, t, r| aligned(s, t, r, 1 << 20),
        ),
        Strategy::handles("read-write-8m", "read/write loop, 8 MiB buffer", |s, t, r| copy(s, t, r, 8 << 20)),
    ],
};

fn copy(source: &File, target: &File, span: Span, size: usize) -> Result<u64, CopyError> {
    seek_both(source, target, span)?;
    let mut buffer = Vec::<u8>::with_capacity(size);
    advance(span, size as u64, |step| {
        let room = &mut buffer.spare_capacity_mut()[..step.length];
        let (filled, _) = rustix::io::read(source, room).during("read")?;
        write_all("write", filled.len(), |done| rustix::io::write(target, &filled[done..]))?;
        Ok(filled.len())
    })
}

/// An allocator puts its own data before a large block, which then begins 16 bytes into a page;
/// processors with fast string copies can be half as fast there.
fn aligned(source: &File, target: &File, span: Span, size: usize) -> Result<u64, CopyError> {
    seek_both(source, target, span)?;
    let mut buffer = Buffer::new(size).during("mmap").map_err(|cause| CopyError::at(0, cause))?;
    advance(span, size as u64, |step| {
        let length = rustix::io::read(source, &mut buffer[..step.length]).during("read")?;
        write_all("write", length, |done| rustix::io::write(target, &buffer[done..length]))?;
        Ok(length)
    })
}

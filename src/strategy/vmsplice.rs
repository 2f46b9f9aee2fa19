//! vmsplice(2): memory into a pipe without a copy, then splice(2) into the target.
//!
//! The pipe holds the pages themselves, so nothing may be stored in them before it is drained;
//! the loops drain it before they go on.

use super::advance::{MOST, Span, advance};
use super::error::{CopyError, During};
use super::mapped::{View, name_fault, over_windows};
use super::pipe::Pipe;
use super::{Family, Strategy};
use crate::sys::aligned::Buffer;
use crate::sys::page_size;
use crate::sys::vmsplice::{Pages, WriteEnd, vmsplice};
use rustix::fd::AsFd;
use std::fs::File;

const SIZE: usize = 256 << 10;

pub(super) static FAMILY: Family = Family {
    name: "vmsplice",
    summary: "vmsplice(2) of memory into a pipe, splice(2) from there into the target",
    strategies: &[
        Strategy::handles(
            "vmsplice-256k",
            "read into a buffer of 256 KiB, lend its pages to the pipe",
            from_buffer,
        ),
        Strategy::handles(
            "vmsplice-gift-256k",
            "read into fresh pages, give them away with SPLICE_F_GIFT",
            gifts,
        ),
        Strategy::handles(
            "vmsplice-mmap",
            "lend the pages of the mapped source to a pipe of 1 MiB",
            from_mapping,
        ),
    ],
};

fn from_buffer(source: &File, target: &File, span: Span) -> Result<u64, CopyError> {
    let begin = |call| move |errno| CopyError::call(call, 0, errno);
    let pipe = Pipe::new(SIZE)?;
    let end = WriteEnd::new(pipe.write.as_fd()).map_err(begin("fcntl"))?;
    let mut buffer = Buffer::new(SIZE).map_err(begin("mmap"))?;
    advance(span, SIZE as u64, |step| {
        let filled = rustix::io::pread(source, &mut buffer[..step.length], step.source).during("pread")?;
        let mut done = 0;
        while done < filled {
            let lent = vmsplice(&buffer, &(done..filled), end, Pages::Lent).during("vmsplice")?;
            pipe.drain(target, step.target + done as u64, lent)?;
            done += lent;
        }
        Ok(filled)
    })
}

/// Pages that were given away are not ours to store in again, so each piece is a buffer of its
/// own. Only whole pages can be given; what follows the last of them is lent.
fn gifts(source: &File, target: &File, span: Span) -> Result<u64, CopyError> {
    let pipe = Pipe::new(SIZE)?;
    let end = WriteEnd::new(pipe.write.as_fd()).map_err(|errno| CopyError::call("fcntl", 0, errno))?;
    advance(span, SIZE as u64, |step| {
        let mut buffer = Buffer::new(SIZE).during("mmap")?;
        let filled = rustix::io::pread(source, &mut buffer[..step.length], step.source).during("pread")?;
        let whole = filled / page_size() * page_size();
        let mut done = 0;
        while done < filled {
            let (to, pages) = if done < whole { (whole, Pages::Given) } else { (filled, Pages::Lent) };
            let put = vmsplice(&buffer, &(done..to), end, pages).during("vmsplice")?;
            pipe.drain(target, step.target + done as u64, put)?;
            done += put;
        }
        Ok(filled)
    })
}

fn from_mapping(source: &File, target: &File, span: Span) -> Result<u64, CopyError> {
    let pipe = Pipe::new(1 << 20)?;
    let end = WriteEnd::new(pipe.write.as_fd()).map_err(|errno| CopyError::call("fcntl", 0, errno))?;
    over_windows(source, span, MOST, |step| {
        let mapping = View::SOURCE.map(source, step.source, step.length)?;
        let mut done = 0;
        while done < step.length {
            let lent = mapping
                .vmsplice(done, step.length - done, end, Pages::Lent)
                .during("vmsplice")
                .map_err(name_fault)?;
            pipe.drain(target, step.target + done as u64, lent)?;
            done += lent;
        }
        Ok(step.length)
    })
}

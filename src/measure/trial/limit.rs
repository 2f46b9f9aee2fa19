//! What the machine can do at best: memory copied to memory, no file and no kernel.
//!
//! A copy through the page cache reads every byte once and stores it once, so a copy between two
//! buffers of the same size bounds it. The buffers are made and touched before the clock starts.

use crate::strategy::{COPY_LIMIT, ZERO_COPY_LIMIT};
use crate::sys::aligned::Buffer;
use crate::sys::errno::describe;
use crate::sys::store::{Kind, Routine};
use rustix::io::Errno;
use std::time::Instant;

/// A bound that is measured in the same rounds as the strategies.
#[derive(Debug)]
pub struct Limit {
    /// Key in records; begins with `limit-`.
    pub name: &'static str,
    /// What it bounds, in one sentence.
    pub summary: &'static str,
    copy: fn(&[u8], &mut [u8]) -> u64,
}

pub static LIMITS: &[Limit] = &[
    Limit {
        name: "limit-copy",
        summary: "the fastest of memcpy, rep movsb and non-temporal stores over the whole length: the physical limit",
        copy: fastest,
    },
    Limit {
        name: COPY_LIMIT,
        summary: "memcpy in pieces of 4 KiB, as the kernel copies into small folios",
        copy: in_pages,
    },
    Limit {
        name: ZERO_COPY_LIMIT,
        summary: "each 4 KiB zeroed, then copied over, as stores into a fresh mapped page cost",
        copy: zeroed_pages,
    },
];

/// The limit of that name.
pub(crate) fn find(name: &str) -> Option<&'static Limit> {
    LIMITS.iter().find(|limit| limit.name == name)
}

/// Two buffers as long as the file, made when a limit is first measured.
#[derive(Default)]
pub(crate) struct Buffers {
    pair: Option<(Buffer, Buffer)>,
}

impl Buffers {
    /// Times of `copies` copies of `length` bytes, or why there are none.
    pub(crate) fn measure(&mut self, limit: &Limit, length: u64, copies: u64) -> Result<Vec<u64>, String> {
        if length == 0 {
            return Err("a file without bytes has no limit".to_owned());
        }
        if self.pair.is_none() {
            let wanted = length.saturating_mul(2);
            // Memory beyond a limit is given, and ends the process when it is touched.
            let free = crate::host::available_memory().unwrap_or(u64::MAX);
            if free < wanted {
                return Err(format!("it needs {wanted} bytes of private memory, {free} are available"));
            }
            let buffer = || -> Result<Buffer, Errno> {
                Buffer::new(usize::try_from(length).map_err(|_| Errno::OVERFLOW)?)
            };
            let pair = buffer().and_then(|source| Ok((source, buffer()?)));
            let mut pair =
                pair.map_err(|errno| format!("{wanted} bytes of private memory: {}", describe(errno)))?;
            // Distinct pages: a buffer that was never stored to may be one page of zeros.
            pair.0.fill(1);
            pair.1.fill(2);
            self.pair = Some(pair);
        }
        let Some((source, target)) = &mut self.pair else { return Ok(Vec::new()) };
        Ok((0..copies).map(|_| (limit.copy)(source, target)).collect())
    }
}

fn fastest(source: &[u8], target: &mut [u8]) -> u64 {
    let routines = Kind::ALL.into_iter().filter_map(Kind::routine);
    routines.map(|routine| timed(|| routine.copy(source, target))).min().unwrap_or(0)
}

const PAGE: usize = 4096;

fn in_pages(source: &[u8], target: &mut [u8]) -> u64 {
    let Some(routine) = memcpy() else { return 0 };
    timed(|| {
        source
            .chunks(PAGE)
            .zip(target.chunks_mut(PAGE))
            .map(|(source, target)| routine.copy(source, target))
            .sum()
    })
}

fn zeroed_pages(source: &[u8], target: &mut [u8]) -> u64 {
    let Some(routine) = memcpy() else { return 0 };
    timed(|| {
        let pages = source.chunks(PAGE).zip(target.chunks_mut(PAGE));
        pages
            .map(|(source, target)| {
                std::hint::black_box(&mut *target).fill(0);
                routine.copy(source, std::hint::black_box(target))
            })
            .sum()
    })
}

fn memcpy() -> Option<Routine> {
    Kind::Memcpy.routine()
}

fn timed(copy: impl FnOnce() -> usize) -> u64 {
    let started = Instant::now();
    std::hint::black_box(copy());
    u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_copies_all_bytes() {
        for limit in LIMITS {
            assert!(crate::record::is_limit(limit.name));
            let source: Vec<u8> = (0..10_000_u32).map(|index| (index % 251) as u8).collect();
            let mut target = vec![0; source.len()];
            (limit.copy)(&source, &mut target);
            assert_eq!(source, target, "{}", limit.name);
        }
    }
}

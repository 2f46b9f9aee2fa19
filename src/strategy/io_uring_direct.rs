//! An io_uring between two files open with `O_DIRECT`, where the kernel does not wait for one
//! block before it takes the next.
//!
//! Reference: `io_uring_enter(2)`, `open(2)` (`O_DIRECT`).

use super::direct_io::Sides;
use super::error::CopyError;
use super::io_uring::{Variant, copy_between};
use super::{Family, Strategy, Task};
use rustix::fd::AsFd;

pub(super) static FAMILY: Family = Family {
    name: "io-uring-direct",
    summary: "io_uring with O_DIRECT on both files; a partial last block is written through the page cache",
    strategies: &[
        Strategy::handles(
            "io-uring-direct-q8-1m",
            "io_uring and O_DIRECT, 8 blocks of 1 MiB at a time; tail buffered",
            |task| copy(task, 8, 1 << 20),
        ),
        Strategy::handles(
            "io-uring-direct-q1-1m",
            "io_uring and O_DIRECT, one block of 1 MiB at a time; tail buffered",
            |task| copy(task, 1, 1 << 20),
        ),
        Strategy::handles(
            "io-uring-direct-q32-256k",
            "io_uring and O_DIRECT, 32 blocks of 256 KiB at a time; tail buffered",
            |task| copy(task, 32, 256 << 10),
        ),
    ],
};

fn copy(task: Task<'_>, depth: usize, block: usize) -> Result<u64, CopyError> {
    let sides = Sides::direct(task)?;
    copy_between(task, sides.from.as_fd(), sides.to.as_fd(), sides.shape(depth, block), Variant::PLAIN)
}

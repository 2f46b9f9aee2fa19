//! A MAP_PRIVATE mapping of the source, only read, so that no page is ever copied on write.

use super::advance::MOST;
use super::mapped::View;
use super::{Family, Strategy, mmap_mmap, mmap_write};

pub(super) static FAMILY: Family = Family {
    name: "mmap-private",
    summary: "as mmap-mmap and mmap-write, with the source mapped MAP_PRIVATE",
    strategies: &[
        Strategy::stores(
            "mmap-private-mmap",
            "source mapped MAP_PRIVATE, target MAP_SHARED, one memcpy",
            |task| mmap_mmap::copy(task, MOST, View::SOURCE.private(), View::TARGET),
        ),
        Strategy::handles("mmap-private-write", "source mapped MAP_PRIVATE, one write(2)", |task| {
            mmap_write::copy(task, MOST, View::SOURCE.private())
        }),
        Strategy::handles(
            "mmap-private-write-1m",
            "source mapped MAP_PRIVATE, write(2) in pieces of 1 MiB",
            |task| mmap_write::copy(task, 1 << 20, View::SOURCE.private()),
        ),
    ],
};

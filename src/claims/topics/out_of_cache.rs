//! Reading what is not in the page cache, and what does not fit into it.

use super::reading::C20;
use super::words::*;

static C22: Source = Source {
    author: "Crotty, Leis and Pavlo",
    title: "Are You Sure You Want to Use MMAP in Your Database Management System?",
    year: 2022,
    link: "https://github.com/viktorleis/mmapbench",
};
static C27: Source = Source {
    author: "qdrant",
    title: "pull request 6923",
    year: 2025,
    link: "https://github.com/qdrant/qdrant/pull/6923",
};
static C54: Source = Source {
    author: "The Linux kernel",
    title: "RWF_DONTCACHE, mm-commits message 190216",
    year: 2024,
    link: "https://www.spinics.net/lists/mm-commits/msg190216.html",
};

/// Twice what there is memory for.
const FILE: u64 = 32 * MIB;

pub(super) static CLAIMS: &[Claim] = &[
    Claim {
        id: "C20-limited",
        source: &C20,
        statement: "At the limit of memory random pieces of 16 KiB come faster from pread than from a mapping",
        published: "8.65 against 4.06 a ms, a factor of 2.13",
        trial: here(
            Conditions::reading_limited(FILE),
            time("map-copy-16k-random", "pread-16k-random"),
            Test::Effect(2.13),
        ),
    },
    Claim {
        id: "C22",
        source: &C22,
        statement: "Once memory is full a pass over a mapping takes more than twice as long as O_DIRECT",
        published: "2.5 against 6.5 GiB/s, a factor of 2.6: one SSD, 20 threads, Linux 5.11",
        trial: here(
            Conditions::reading_limited(FILE),
            time("map-sum", "read-direct-1m-sum"),
            Test::Effect(2.6),
        ),
    },
    Claim {
        id: "C54",
        source: &C54,
        statement: "Uncached reads of 64 KiB are faster than cached ones once memory is full",
        published: "writes 65 % faster, cached reads fall from 146 to 96 GB/s at least, a factor of 1.5; 32 NVMe",
        trial: here(
            Conditions::reading_limited(FILE),
            time("read-64k-sum", "read-dontcache-64k-sum"),
            Test::Effect(1.5),
        ),
    },
    Claim {
        id: "C27",
        source: &C27,
        statement: "MADV_POPULATE_READ after MADV_RANDOM reads 4 KiB at a time from the device",
        published: "requests of 4 KiB, which are 256 a MiB",
        trial: here(
            Conditions::reading_cold(FILE),
            level(Quantity::DeviceReads, "map-random-populate"),
            Test::AtLeast(128.0),
        ),
    },
    Claim {
        id: "C27-time",
        source: &C27,
        statement: "MADV_POPULATE_READ is faster after MADV_SEQUENTIAL than after MADV_RANDOM",
        published: "the reason for the change; no factor",
        trial: here(
            Conditions::reading_cold(FILE),
            time("map-random-populate", "map-sequential-populate"),
            Test::Direction,
        ),
    },
];

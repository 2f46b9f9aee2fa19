//! Buffer sizes, readahead, direct I/O and io_uring: ways through and around the page cache.

use super::words::*;

static COREUTILS: Source = Source {
    author: "GNU coreutils",
    title: "src/ioblksize.h, commit fcfba90d0",
    year: 2024,
    link: "https://github.com/coreutils/coreutils/commit/fcfba90d0",
};
static URING: Source = Source {
    author: "prohoster.info",
    title: "on asynchronous buffered writes of xfs in Linux 6.0",
    year: 2022,
    link: "https://prohoster.info/",
};
static COPY_CONTEST: Source = Source {
    author: "holzcoredump.cc",
    title: "copy_contest",
    year: 2021,
    link: "https://holzcoredump.cc/copy_contest",
};
static BUN: Source = Source {
    author: "oven-sh/bun",
    title: "pull request 34825",
    year: 2026,
    link: "https://github.com/oven-sh/bun/pull/34825",
};
static RIPGREP: Source = Source {
    author: "ripgrep",
    title: "commit 46fb77c2",
    year: 2021,
    link: "https://github.com/BurntSushi/ripgrep/commit/46fb77c2",
};

pub(super) static CLAIMS: &[Claim] = &[
    Claim {
        id: "C12-4k",
        source: &COREUTILS,
        statement: "A buffer of 256 KiB is much faster than one of 4 KiB",
        published: "12.3 GB/s against 2.3 GB/s, a factor of 5.35: zeros to nowhere, Xeon E5",
        trial: here(
            Conditions::overwrite(LARGE),
            time("read-write-4k", "read-write-256k"),
            Test::Effect(5.35),
        ),
    },
    Claim {
        id: "C12-128k",
        source: &COREUTILS,
        statement: "A buffer of 256 KiB is faster than one of 128 KiB, which was the size before",
        published: "the reason for the change; no factor",
        trial: here(
            Conditions::overwrite(LARGE),
            time("read-write-128k", "read-write-256k"),
            Test::Direction,
        ),
    },
    Claim {
        id: "C12-1m",
        source: &COREUTILS,
        statement: "A buffer of 1 MiB gains nothing over one of 256 KiB",
        published: "12.2 GB/s against 12.3 GB/s, equal to 1 %; POWER9 was slower with 1 MiB",
        trial: here(Conditions::overwrite(LARGE), time("read-write-256k", "read-write-1m"), Test::Same(0.05)),
    },
    Claim {
        id: "C13",
        source: &RIPGREP,
        statement: "A buffer of 64 KiB is faster than one of 8 KiB",
        published: "1.802 s against 2.109 s of a search, a factor of 1.17; here both read and write",
        trial: here(
            Conditions::overwrite(LARGE),
            time("read-write-8k", "read-write-64k"),
            Test::Effect(1.17),
        ),
    },
    Claim {
        id: "C57",
        source: &URING,
        statement: "Plain calls are faster than io_uring with one buffered request at a time",
        published: "233 thousand against 209 thousand requests a second on xfs, a factor of 1.11",
        trial: here(
            Conditions::overwrite(LARGE),
            time("io-uring-q1-1m", "read-write-1m"),
            Test::Effect(1.11),
        ),
    },
    Claim {
        id: "C58",
        source: &COPY_CONTEST,
        statement: "A copy by io_uring is up to 70 % faster than cp, which then read and wrote 128 KiB at a time",
        published: "\"up to 70 %\", a factor of 1.7, disputed by the source: 10 GiB, NVMe, Linux 5.11",
        trial: here(Conditions::new(LARGE), time("read-write-128k", "io-uring-q8-128k"), Test::Effect(1.7)),
    },
    Claim {
        id: "C59",
        source: &BUN,
        statement: "FADV_SEQUENTIAL makes a cold read and write copy faster",
        published: "doubles the readahead of 128 KiB; 512 MiB, Linux 6.17; no factor",
        trial: here(
            Conditions::cold(LARGE),
            time("read-write-256k", "fadvise-sequential-256k"),
            Test::Direction,
        ),
    },
];

//! The advantages that the course text names, W2 and W3 of `crate::lab`.

use super::words::*;

static TEXT: Source = Source {
    author: "A course on Linux systems programming",
    title: "the advantages of memory mapping, as told by the lab",
    year: 2026,
    link: "copybench lab",
};

pub(super) static CLAIMS: &[Claim] = &[
    Claim {
        id: "W2",
        source: &TEXT,
        statement: "A copy between mappings needs fewer system calls than read and write",
        published: "no overhead of read and write calls; no figure",
        trial: here(
            Conditions::new(LARGE),
            ratio(Quantity::Calls, "read-write-256k", "mmap-mmap"),
            Test::Direction,
        ),
    },
    Claim {
        id: "W2-entries",
        source: &TEXT,
        statement: "It enters the kernel less often, page faults included",
        published: "no overhead of read and write calls; no figure",
        trial: here(
            Conditions::new(LARGE),
            ratio(Quantity::Entries, "read-write-256k", "mmap-mmap"),
            Test::Direction,
        ),
    },
    Claim {
        id: "W2-time",
        source: &TEXT,
        statement: "A copy between mappings is faster than read and write",
        published: "no overhead of read and write calls; no figure",
        trial: here(Conditions::new(LARGE), time("read-write-256k", "mmap-mmap"), Test::Direction),
    },
    Claim {
        id: "W3",
        source: &TEXT,
        statement: "A copy between mappings needs no memory beside the page cache, where read and write need a buffer",
        published: "no multiple buffering; a buffer of 256 KiB against less than a page",
        trial: here(
            Conditions::new(LARGE),
            ratio(Quantity::PrivateMemory, "read-write-256k", "mmap-mmap"),
            Test::Effect(64.0),
        ),
    },
    Claim {
        id: "W3-time",
        source: &TEXT,
        statement: "To write from a mapping saves the time of the second copy through a buffer",
        published: "no multiple buffering: one copy in place of two, a factor of 2",
        trial: here(Conditions::overwrite(LARGE), time("read-write-1m", "mmap-write-1m"), Test::Effect(2.0)),
    },
];

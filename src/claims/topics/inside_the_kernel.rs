//! Copies that the kernel makes by itself, against loops.

use super::words::*;

static SCHUMAKER: Source = Source {
    author: "Anna Schumaker",
    title: "linux-nfs, message 53466",
    year: 2014,
    link: "https://www.spinics.net/lists/linux-nfs/msg53466.html",
};
static RUST: Source = Source {
    author: "rust-lang/rust",
    title: "pull request 75272",
    year: 2020,
    link: "https://github.com/rust-lang/rust/pull/75272",
};
static CRYSTAL: Source = Source {
    author: "crystal-lang/crystal",
    title: "pull request 8919",
    year: 2020,
    link: "https://github.com/crystal-lang/crystal/pull/8919",
};
static XCP: Source = Source {
    author: "tarka/xcp",
    title: "README, as read",
    year: 2026,
    link: "https://github.com/tarka/xcp",
};
static DVC: Source = Source {
    author: "iterative/dvc-objects",
    title: "issue 37",
    year: 2022,
    link: "https://github.com/iterative/dvc-objects/issues/37",
};
static GO: Source =
    Source { author: "Go", title: "change 605235", year: 2024, link: "https://go.dev/cl/605235" };
static UUTILS: Source = Source {
    author: "uutils/coreutils",
    title: "pull request 13057",
    year: 2026,
    link: "https://github.com/uutils/coreutils/pull/13057",
};
static C45: Source = Source {
    author: "The Linux kernel",
    title: "commit 457f88513",
    year: 2026,
    link: "https://git.kernel.org/torvalds/c/457f88513",
};

pub(super) static CLAIMS: &[Claim] = &[
    Claim {
        id: "C40",
        source: &SCHUMAKER,
        statement: "A copy inside the kernel takes as long as cp's loop",
        published: "0.446 s against 0.422 s for 512 MB, 1.667 s against 1.655 s for 2 GB: equal to 6 %",
        trial: here(Conditions::new(LARGE), time("read-write-128k", "copy-file-range"), Test::Same(0.06)),
    },
    Claim {
        id: "C40-cpu",
        source: &SCHUMAKER,
        statement: "It takes less processor time",
        published: "0.76 s against 1.04 s in the kernel for 1.5 GB; at 512 MB it was more",
        trial: here(
            Conditions::new(LARGE),
            ratio(Quantity::Cpu, "read-write-128k", "copy-file-range"),
            Test::Direction,
        ),
    },
    Claim {
        id: "C41",
        source: &RUST,
        statement: "std::io::copy is faster than a loop with a buffer of 8 KiB",
        published: "2011 MB/s against 1579 MB/s on ext4, a factor of 1.27",
        trial: here(Conditions::new(LARGE), time("read-write-8k", "std-io-copy"), Test::Effect(1.27)),
    },
    Claim {
        id: "C42-4k",
        source: &CRYSTAL,
        statement: "copy_file_range is faster than a loop of 8 KiB at 4 KiB",
        published: "a factor of 1.04",
        trial: here(Conditions::new(4 * KIB), time("read-write-8k", "copy-file-range"), Test::Effect(1.04)),
    },
    Claim {
        id: "C42-1m",
        source: &CRYSTAL,
        statement: "copy_file_range is faster than a loop of 8 KiB at 1 MiB",
        published: "a factor of 2.58; on xfs 2.92",
        trial: here(Conditions::new(MIB), time("read-write-8k", "copy-file-range"), Test::Effect(2.58)),
    },
    Claim {
        id: "C42-large",
        source: &CRYSTAL,
        statement: "copy_file_range is faster than a loop of 8 KiB for large files",
        published: "a factor of 2.13 at 128 MiB; on xfs 2.02",
        trial: here(Conditions::new(LARGE), time("read-write-8k", "copy-file-range"), Test::Effect(2.13)),
    },
    Claim {
        id: "C17",
        source: &XCP,
        statement: "copy_file_range of a warm file is faster than cp, which then read and wrote 128 KiB at a time",
        published: "1.7 s against 1.85 s for 4.1 GB, a factor of 1.09",
        trial: here(Conditions::new(LARGE), time("read-write-128k", "copy-file-range"), Test::Effect(1.09)),
    },
    Claim {
        id: "C44",
        source: &DVC,
        statement: "sendfile is a bit slower than read and write",
        published: "\"a bit slower\"; no factor",
        trial: here(Conditions::new(LARGE), time("sendfile", "read-write-256k"), Test::Direction),
    },
    Claim {
        id: "C44-pipe",
        source: &DVC,
        statement: "The 16 pages of its pipe are to blame: splice through as small a pipe is as slow",
        published: "blamed on the pipe of 16 pages; equal to within about 10 %",
        trial: here(Conditions::new(LARGE), time("splice-64k", "sendfile"), Test::Same(0.1)),
    },
    Claim {
        id: "C44-larger",
        source: &DVC,
        statement: "A larger pipe is faster",
        published: "blamed on the pipe of 16 pages; no factor",
        trial: here(Conditions::new(LARGE), time("sendfile", "splice-1m"), Test::Direction),
    },
    Claim {
        id: "C46",
        source: &GO,
        statement: "sendfile without a limit a call is faster than in pieces",
        published: "973 MiB/s against 902 MiB/s in pieces of 4 MiB, a factor of 1.078; here 1 MiB",
        trial: here(Conditions::new(LARGE), time("sendfile-1m", "sendfile"), Test::Effect(1.078)),
    },
    Claim {
        id: "C49",
        source: &UUTILS,
        statement: "splice is faster than std::io::copy",
        published: "45.3 ms against 53.9 ms, a factor of 1.19",
        trial: here(Conditions::fresh(LARGE), time("std-io-copy", "splice-1m"), Test::Effect(1.19)),
    },
    Claim {
        id: "C45",
        source: &C45,
        statement: "A file is spliced to nowhere several times as fast as it is read and written there",
        published: "cat: 9.03 against 1.67 GiB/s, a factor of 5.41, Ryzen 3700X",
        trial: here(
            Conditions::reading(256 * MIB),
            time("read-write-null", "splice-null"),
            Test::Effect(5.41),
        ),
    },
];

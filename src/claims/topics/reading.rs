//! Mappings against read, where nothing is copied to another file.

use super::words::*;

static C04: Source = Source {
    author: "Linus Torvalds",
    title: "linux-kernel, 5 April 2000",
    year: 2000,
    link: "https://lkml.iu.edu/hypermail/linux/kernel/0004.0/0728.html",
};
static C08: Source = Source {
    author: "Alexandra Fedorova",
    title: "Why mmap is faster than system calls",
    year: 2019,
    link: "https://sasha-f.medium.com/why-mmap-is-faster-than-system-calls-24718e75ab37",
};
static C10: Source = Source {
    author: "Travis Downs",
    title: "quixdb/squash-benchmark, issue 27",
    year: 2017,
    link: "https://github.com/quixdb/squash-benchmark/issues/27",
};
static C11: Source = Source {
    author: "Stack Overflow",
    title: "mmap against read, mirrored",
    year: 2015,
    link: "https://e-learn.cn/qa/answer/159566",
};
static C14: Source = Source {
    author: "ripgrep",
    title: "commit d4b77a8d",
    year: 2025,
    link: "https://github.com/BurntSushi/ripgrep/commit/d4b77a8d",
};
static C15: Source = Source {
    author: "Mike Haertel",
    title: "on GNU grep",
    year: 2010,
    link: "https://lists.freebsd.org/pipermail/freebsd-current/2010-August/019310.html",
};
static C16: Source = Source {
    author: "lmbench",
    title: "doc/bw_reread2.tbl",
    year: 1996,
    link: "https://github.com/intel/lmbench",
};
pub(super) static C20: Source = Source {
    author: "Lucene",
    title: "issue 16044",
    year: 2026,
    link: "https://github.com/apache/lucene/issues/16044",
};
static C21: Source = Source {
    author: "Varnish",
    title: "mirrored at gokawiil.com",
    year: 2025,
    link: "https://gokawiil.com/article/193686",
};
static C24: Source = Source {
    author: "Choi and others",
    title: "Efficient Memory Mapped File I/O for In-Memory File Systems, HotStorage",
    year: 2017,
    link: "https://www.usenix.org/conference/hotstorage17/program/presentation/choi",
};
static C73: Source = Source {
    author: "Xuanwo",
    title: "Rust std fs slower than Python",
    year: 2023,
    link: "https://xuanwo.io/2023/04-rust-std-fs-slower-than-python",
};

/// Larger than caches of processors, as the files of those who published.
const FILE: u64 = 64 * MIB;

pub(super) static CLAIMS: &[Claim] = &[
    Claim {
        id: "C04-once",
        source: &C04,
        statement: "A mapping that is populated and used once takes longer than read",
        published: "mmap with mlock took three times as long as read",
        trial: here(Conditions::reading(FILE), time("map-populate-sum", "read-64k-sum"), Test::Effect(3.0)),
    },
    Claim {
        id: "C04-again",
        source: &C04,
        statement: "A mapping that is used again wins over reading again",
        published: "the reason to map at all; no factor",
        trial: here(Conditions::reading(FILE), time("read-64k-sum-again", "map-sum-again"), Test::Direction),
    },
    Claim {
        id: "C08",
        source: &C08,
        statement: "Blocks of 4 KiB come at least twice as fast from a mapping as from read, from a warm cache",
        published: "a factor of 2 to 6",
        trial: here(Conditions::reading(FILE), time("read-4k", "map-kept-copy-4k"), Test::Effect(2.0)),
    },
    Claim {
        id: "C10",
        source: &C10,
        statement: "To map a file costs about what it costs to read it into a buffer",
        published: "100 and 120 ms a GB, a factor of 1.2, Linux 4.4",
        trial: here(Conditions::reading(FILE), time("read-64k", "map-touch"), Test::Same(0.2)),
    },
    Claim {
        id: "C11",
        source: &C11,
        statement: "A mapping of 64 MiB is twelve times as fast as read, which reads into fresh memory",
        published: "6.7 ms against 84.5 ms, a factor of 12.6, Linux 3.19",
        trial: here(Conditions::reading(FILE), time("read-fresh-sum", "map-sum"), Test::Effect(12.6)),
    },
    Claim {
        id: "C14",
        source: &C14,
        statement: "A pass over a mapped file is faster than over a read one",
        published: "0.640 s against 0.866 s for a search of 7.7 GB, a factor of 1.35; here all bytes are added up",
        trial: here(Conditions::reading(256 * MIB), time("read-64k-sum", "map-sum"), Test::Effect(1.35)),
    },
    Claim {
        id: "C15",
        source: &C15,
        statement: "A pass over many small files is faster with mappings",
        published: "1.201 s against 1.530 s for 41000 files of 16 KiB, a factor of 1.27; here 1024 such files",
        trial: here(
            Conditions::reading(16 * MIB),
            time("read-files-sum", "map-files-sum"),
            Test::Effect(1.27),
        ),
    },
    Claim {
        id: "C16",
        source: &C16,
        statement: "Reading again is slower through a new mapping than by read",
        published: "9 of 10 rows of Linux; 46 against 34 MB/s on an i686",
        trial: here(Conditions::reading(8 * MIB), time("map-sum", "read-64k-sum"), Test::Direction),
    },
    Claim {
        id: "C20",
        source: &C20,
        statement: "Random pieces of 16 KiB come faster from a mapping than from pread",
        published: "116.7 against 44.3 a ms, a factor of 2.63, one thread",
        trial: here(
            Conditions::reading(256 * MIB),
            time("pread-16k-random", "map-kept-copy-16k-random"),
            Test::Effect(2.63),
        ),
    },
    Claim {
        id: "C21",
        source: &C21,
        statement: "A mapping is 25 times as fast as ReaderAt",
        published: "416 ns against 3.3 ns, where the bytes are never touched; here eight of each page are",
        trial: here(
            Conditions::reading(256 * MIB),
            time("pread-4k-random", "map-kept-touch-random"),
            Test::Effect(25.0),
        ),
    },
    Claim {
        id: "C24",
        source: &C24,
        statement: "A pass over a mapping is faster where its faults are spared",
        published: "38 % to 70 %, a factor of 1.38 at least",
        trial: here(Conditions::reading(FILE), time("map-sum", "map-kept-sum"), Test::Effect(1.38)),
    },
    Claim {
        id: "C73",
        source: &C73,
        statement: "Reading into a buffer that starts on a page takes twice as long",
        published: "8.99 s against 4.47 s, a factor of 2.01, on a Zen 3 with FSRM",
        trial: here(Conditions::reading(FILE), time("read-64k-page-aligned", "read-64k"), Test::Effect(2.01)),
    },
];

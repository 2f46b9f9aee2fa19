//! Claims that one run on one machine of this class cannot try, with what it would take.

use super::*;

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
static C09: Source = Source {
    author: "Linus Torvalds",
    title: "on the price of a page fault",
    year: 2014,
    link: "https://d.hatena.ne.jp/yohei-a/20160509",
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
static C20: Source = Source {
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
static C22: Source = Source {
    author: "Crotty, Leis and Pavlo",
    title: "Are You Sure You Want to Use MMAP in Your Database Management System?",
    year: 2022,
    link: "https://github.com/viktorleis/mmapbench",
};
static C23: Source = Source {
    author: "Papagiannis and others",
    title: "FastMap, USENIX ATC",
    year: 2020,
    link: "https://www.usenix.org/conference/atc20/presentation/papagiannis",
};
static C26: Source = Source {
    author: "The Linux kernel",
    title: "commit 70ac23cfa31f",
    year: 2009,
    link: "https://git.kernel.org/torvalds/c/70ac23cfa31f",
};
static C30: Source = Source {
    author: "Baolin Wang",
    title: "linux-kernel, July 2025",
    year: 2025,
    link: "https://lkml.iu.edu/hypermail/linux/kernel/2507.0/05912.html",
};
static C45: Source = Source {
    author: "The Linux kernel",
    title: "commit 457f88513",
    year: 2026,
    link: "https://git.kernel.org/torvalds/c/457f88513",
};
static C48: Source = Source {
    author: "Linus Torvalds",
    title: "linux-kernel, 2 June 2026",
    year: 2026,
    link: "https://lkml.iu.edu/hypermail/linux/kernel/2606.0/04816.html",
};
static C50: Source = Source {
    author: "Zhang Yi",
    title: "linux-ext4, message 98161",
    year: 2025,
    link: "https://www.spinics.net/lists/linux-ext4/msg98161.html",
};
static C51: Source = Source {
    author: "Jia Zhu",
    title: "linux-kernel, June 2026",
    year: 2026,
    link: "https://lkml.iu.edu/hypermail/linux/kernel/2606.1/02805.html",
};
static C53: Source =
    Source { author: "Phoronix", title: "Linux 7.2 btrfs", year: 2026, link: "https://www.phoronix.com/" };
static C54: Source = Source {
    author: "The Linux kernel",
    title: "RWF_DONTCACHE, mm-commits message 190216",
    year: 2024,
    link: "https://www.spinics.net/lists/mm-commits/msg190216.html",
};
static C55: Source = Source {
    author: "The Linux kernel",
    title: "commit f7e7868b4743",
    year: 2015,
    link: "https://git.kernel.org/torvalds/c/f7e7868b4743",
};
static C60: Source =
    Source { author: "vincentdu2021", title: "dev.to", year: 2026, link: "https://dev.to/vincentdu2021" };
static C70: Source = Source {
    author: "Phoronix",
    title: "Linux 6.4 x86 memory copies",
    year: 2023,
    link: "https://www.phoronix.com/",
};
static C72: Source = Source {
    author: "The Linux kernel",
    title: "commit cb431accb36e",
    year: 2026,
    link: "https://git.kernel.org/torvalds/c/cb431accb36e",
};
static C73: Source = Source {
    author: "Xuanwo",
    title: "Rust std fs slower than Python",
    year: 2023,
    link: "https://xuanwo.io/2023/04-rust-std-fs-slower-than-python",
};
static C74: Source = Source {
    author: "Brendan Gregg",
    title: "KPTI/KAISER Meltdown initial performance regressions",
    year: 2018,
    link: "https://www.brendangregg.com/blog/2018-02-09/kpti-kaiser-meltdown-performance.html",
};
static C75: Source = Source {
    author: "Bhargava and others",
    title: "ASPLOS",
    year: 2008,
    link: "https://dl.acm.org/doi/10.1145/1346281.1346286",
};
static C56: Source = Source {
    author: "The btrfs documentation",
    title: "direct I/O and checksums",
    year: 2025,
    link: "https://btrfs.readthedocs.io/",
};

pub(super) static CLAIMS: &[Claim] = &[
    Claim {
        id: "C04",
        source: &C04,
        statement: "A mapping that is used once loses to read; one that is used again wins",
        published: "mmap with mlock took three times as long as read",
        trial: Trial::Elsewhere("nothing is copied: it takes a program that only reads"),
    },
    Claim {
        id: "C08",
        source: &C08,
        statement: "Reading through a mapping is 2 to 6 times as fast as read, from a warm cache",
        published: "a factor of 2 to 6",
        trial: Trial::Elsewhere("nothing is copied: it takes a program that only reads"),
    },
    Claim {
        id: "C09",
        source: &C09,
        statement: "A page fault costs 1050 cycles at least",
        published: "715 cycles for the fault, 330 for the return: Haswell",
        trial: Trial::Elsewhere("it takes a processor's own cycle counts for each fault"),
    },
    Claim {
        id: "C10",
        source: &C10,
        statement: "A mapping adds 100 ms to a GB, read 120 ms",
        published: "100 and 120 ms a GB, Linux 4.4",
        trial: Trial::Elsewhere("nothing is copied: it takes a program that only reads"),
    },
    Claim {
        id: "C11",
        source: &C11,
        statement: "A mapping of 64 MiB is twelve times as fast as read",
        published: "6.7 ms against 84.5 ms, Linux 3.19",
        trial: Trial::Elsewhere("nothing is copied: it takes a program that only reads"),
    },
    Claim {
        id: "C14",
        source: &C14,
        statement: "A search of a mapped file is faster than of a read one",
        published: "0.640 s against 0.866 s for 7.7 GB",
        trial: Trial::Elsewhere("nothing is copied: it takes a program that only reads"),
    },
    Claim {
        id: "C15",
        source: &C15,
        statement: "A search of many small files is faster with mappings",
        published: "1.201 s against 1.530 s for 41000 files",
        trial: Trial::Elsewhere("nothing is copied: it takes a program that only reads"),
    },
    Claim {
        id: "C16",
        source: &C16,
        statement: "Reading again is slower through a mapping than by read",
        published: "9 of 10 rows of Linux",
        trial: Trial::Elsewhere("nothing is copied: it takes a program that only reads"),
    },
    Claim {
        id: "C20",
        source: &C20,
        statement: "Random reads of 16 KiB are 2.6 times as fast through a mapping",
        published: "116.7 against 44.3 a ms",
        trial: Trial::Elsewhere("nothing is copied: it takes a program that only reads"),
    },
    Claim {
        id: "C21",
        source: &C21,
        statement: "A mapping is 25 times as fast as ReaderAt",
        published: "416 ns against 3.3 ns, where the bytes are never touched",
        trial: Trial::Elsewhere("nothing is copied: it takes a program that only reads"),
    },
    Claim {
        id: "C22",
        source: &C22,
        statement: "Once memory is full a mapping falls to less than half of O_DIRECT",
        published: "2.5 against 6.5 GiB/s",
        trial: Trial::Elsewhere("it takes files larger than memory, or a limit on memory"),
    },
    Claim {
        id: "C23",
        source: &C23,
        statement: "Faults of one mapping stop scaling at 8 threads",
        published: "8 threads of 32",
        trial: Trial::Elsewhere("it takes more processors than this class of machine has"),
    },
    Claim {
        id: "C26",
        source: &C26,
        statement: "Readahead for sequential mappings is faster",
        published: "11.607 s against 11.838 s",
        trial: Trial::Elsewhere("it takes two kernels on one machine: `copybench kernels`"),
    },
    Claim {
        id: "C30",
        source: &C30,
        statement: "Faults of whole folios make a mapped write to tmpfs 7.5 times as fast",
        published: "0.021 s against 0.158 s for 1 GiB",
        trial: Trial::Elsewhere("it takes two kernels on one machine: `copybench kernels`"),
    },
    Claim {
        id: "C45",
        source: &C45,
        statement: "Splice through pipes alone is several times as fast as a copy",
        published: "9.03 against 1.67 GiB/s",
        trial: Trial::Elsewhere("no file is the target, so no copy is made"),
    },
    Claim {
        id: "C48",
        source: &C48,
        statement: "Splice that copies is no slower than splice that lends pages",
        published: "a proposal; no figure",
        trial: Trial::Elsewhere("it takes two kernels on one machine: `copybench kernels`"),
    },
    Claim {
        id: "C50",
        source: &C50,
        statement: "Large folios make buffered I/O on ext4 up to 60 % faster",
        published: "4738 against 2960 MB/s with 1 MiB",
        trial: Trial::Elsewhere("it takes two kernels on one machine: `copybench kernels`"),
    },
    Claim {
        id: "C51",
        source: &C51,
        statement: "Small overwrites of large folios on ext4 became several times slower",
        published: "4.659 against 0.609 µs a call of 1 KiB",
        trial: Trial::Elsewhere("it takes two kernels on one machine: `copybench kernels`"),
    },
    Claim {
        id: "C53",
        source: &C53,
        statement: "Large folios make sequential writes on btrfs 15 % faster",
        published: "15 %",
        trial: Trial::Elsewhere("it takes two kernels on one machine: `copybench kernels`"),
    },
    Claim {
        id: "C54",
        source: &C54,
        statement: "Uncached I/O is 65 % faster once memory is full",
        published: "188 against 115 GB/s",
        trial: Trial::Elsewhere("it takes files larger than memory, or a limit on memory"),
    },
    Claim {
        id: "C55",
        source: &C55,
        statement: "A loop device with direct I/O reads 10 % faster",
        published: "125.0 against 113.8 thousand requests a second",
        trial: Trial::Elsewhere("it takes the loop device's backing, which is below the file system"),
    },
    Claim {
        id: "C56",
        source: &C56,
        statement: "On btrfs O_DIRECT writes of data with checksums go through the page cache",
        published: "since Linux 6.14; no figure",
        trial: Trial::Elsewhere(
            "the pages are dropped again before write returns, so it takes a trace of the kernel",
        ),
    },
    Claim {
        id: "C60",
        source: &C60,
        statement: "Many small files are copied 4.2 times as fast by io_uring",
        published: "a factor of 4.2",
        trial: Trial::Elsewhere("many files, not one, are copied"),
    },
    Claim {
        id: "C70",
        source: &C70,
        statement: "Inlined string instructions make copies faster from Linux 6.4 on",
        published: "no factor",
        trial: Trial::Elsewhere("it takes two kernels on one machine: `copybench kernels`"),
    },
    Claim {
        id: "C72",
        source: &C72,
        statement: "Zeroing a huge page at once is several times as fast as page by page",
        published: "38 against 13.7 GB/s",
        trial: Trial::Elsewhere("it takes two kernels on one machine: `copybench kernels`"),
    },
    Claim {
        id: "C73",
        source: &C73,
        statement: "Reading into a page-aligned buffer takes twice as long on Zen 3",
        published: "8.99 against 4.47 s",
        trial: Trial::Elsewhere("it takes buffers of chosen alignment, and a Zen 3"),
    },
    Claim {
        id: "C74",
        source: &C74,
        statement: "Page-table isolation costs 1 % to 800 %",
        published: "by the rate of system calls",
        trial: Trial::Elsewhere("it takes a boot with and one without: `copybench kernels`"),
    },
    Claim {
        id: "C75",
        source: &C75,
        statement: "Nested paging costs 15 % to 38 % of a guest's time",
        published: "15 % to 38 %",
        trial: Trial::Elsewhere("it takes the same machine without a hypervisor"),
    },
];

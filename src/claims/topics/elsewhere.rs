//! Claims that one run on one machine of this class cannot try, with what it would take.

use super::words::*;

static C09: Source = Source {
    author: "Linus Torvalds",
    title: "on the price of a page fault",
    year: 2014,
    link: "https://d.hatena.ne.jp/yohei-a/20160509",
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
static C29: Source = Source {
    author: "The Linux kernel",
    title: "per-VMA locks, LWN article 906852",
    year: 2022,
    link: "https://lwn.net/Articles/906852/",
};
static C31: Source = Source {
    author: "The Linux kernel",
    title: "batched unmapping of folios, linux-mm message 370592",
    year: 2024,
    link: "https://www.spinics.net/lists/linux-mm/msg370592.html",
};
static C32: Source = Source {
    author: "redb",
    title: "commit 3daca2d8",
    year: 2023,
    link: "https://github.com/cberner/redb/commit/3daca2d8",
};
static C47: Source = Source {
    author: "Linux man-pages",
    title: "copy_file_range(2), release 6.03",
    year: 2023,
    link: "https://man7.org/linux/man-pages/man2/copy_file_range.2.html",
};
static C48: Source = Source {
    author: "Linus Torvalds",
    title: "linux-kernel, 2 June 2026",
    year: 2026,
    link: "https://lkml.iu.edu/hypermail/linux/kernel/2606.0/04816.html",
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
        id: "C09",
        source: &C09,
        statement: "A page fault costs 1050 cycles at least",
        published: "715 cycles for the fault, 330 for the return: Haswell",
        trial: Trial::Elsewhere("it takes a processor's own cycle counts for each fault"),
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
        trial: Trial::Elsewhere("it takes Linux 2.6.30 and 2.6.31, which know no file system of today"),
    },
    Claim {
        id: "C29",
        source: &C29,
        statement: "Locks for each mapping make faults of several threads scale",
        published: "Linux 6.4; no figure for one thread",
        trial: Trial::Elsewhere("it takes more processors than this class of machine has, and two kernels"),
    },
    Claim {
        id: "C30",
        source: &C30,
        statement: "Faults of whole folios make a mapped write to tmpfs 7.5 times as fast",
        published: "0.021 s against 0.158 s for 1 GiB",
        trial: Trial::Elsewhere("it takes a tmpfs that is mounted with huge pages, and two kernels"),
    },
    Claim {
        id: "C31",
        source: &C31,
        statement: "Large folios make unmapping 1 GiB several times as fast",
        published: "0.058 against 0.010 s",
        trial: Trial::Elsewhere("it takes the time of munmap alone, which is no copy, and two kernels"),
    },
    Claim {
        id: "C32",
        source: &C32,
        statement: "A cache in user space is within 1.5 to 2 times of a mapping",
        published: "a factor of 1.5 to 2",
        trial: Trial::Elsewhere("it takes a database with a cache of its own"),
    },
    Claim {
        id: "C47",
        source: &C47,
        statement: "What copy_file_range refuses depends on the kernel",
        published: "Linux 4.5, 5.3 and 5.19; no figure",
        trial: Trial::Elsewhere("it has no figure; docs/availability.md has what this kernel refuses"),
    },
    Claim {
        id: "C48",
        source: &C48,
        statement: "Splice that copies is no slower than splice that lends pages",
        published: "a proposal; no figure",
        trial: Trial::Elsewhere("it takes a kernel that has the proposal, and no release is known to"),
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
        trial: Trial::Elsewhere(
            "it takes two kernels on a processor with those instructions, which guests have not",
        ),
    },
    Claim {
        id: "C72",
        source: &C72,
        statement: "Zeroing a huge page at once is several times as fast as page by page",
        published: "38 against 13.7 GB/s",
        trial: Trial::Elsewhere(
            "it takes two kernels and a clock that sees memory; that of guests counts instructions",
        ),
    },
    Claim {
        id: "C74",
        source: &C74,
        statement: "Page-table isolation costs 1 % to 800 %",
        published: "by the rate of system calls",
        trial: Trial::Elsewhere(
            "it takes two boots of one kernel: `copybench kernels`, once with `--append pti=on`",
        ),
    },
    Claim {
        id: "C75",
        source: &C75,
        statement: "Nested paging costs 15 % to 38 % of a guest's time",
        published: "15 % to 38 %",
        trial: Trial::Elsewhere("it takes the same machine without a hypervisor"),
    },
];

//! Mappings against read and write, when copying.

use super::words::*;

static APUE3: Source = Source {
    author: "W. Richard Stevens and Stephen A. Rago",
    title: "Advanced Programming in the UNIX Environment, third edition, figure 14.28",
    year: 2013,
    link: "https://issuhub.com/view/index?id=4491&pageIndex=564",
};
static APUE2: Source = Source {
    author: "W. Richard Stevens and Stephen A. Rago",
    title: "Advanced Programming in the UNIX Environment, second edition, figure 14.33",
    year: 2005,
    link: "http://www.apuebook.com/apue2e.html",
};
static TORVALDS: Source = Source {
    author: "Linus Torvalds",
    title: "linux-kernel, 10 October 2003",
    year: 2003,
    link: "https://www.uwsg.indiana.edu/hypermail/linux/kernel/0310.1/0661.html",
};
static LKML97: Source = Source {
    author: "A report to linux-kernel",
    title: "linux-kernel, 10 July 1997",
    year: 1997,
    link: "https://lkml.iu.edu/hypermail/linux/kernel/9707.1/0316.html",
};
static SAVEAU: Source = Source {
    author: "Alex Saveau",
    title: "The fastest way to copy a file",
    year: 2021,
    link: "https://alexsaveau.dev/blog/performance/files/kernel/the-fastest-way-to-copy-a-file",
};
static FUC: Source = Source {
    author: "SUPERCILEX/fuc",
    title: "issue 45",
    year: 2025,
    link: "https://github.com/SUPERCILEX/fuc/issues/45",
};
static FAULT_AROUND: Source = Source {
    author: "Kirill A. Shutemov",
    title: "mm: introduce vm_ops->map_pages() (commit 8c6e50b0290c)",
    year: 2014,
    link: "https://git.kernel.org/torvalds/c/8c6e50b0290c",
};
static POPULATE: Source = Source {
    author: "Hacker News",
    title: "item 45132710",
    year: 2025,
    link: "https://news.ycombinator.com/item?id=45132710",
};
static MOVSB: Source = Source {
    author: "Stack Overflow",
    title: "Enhanced REP MOVSB for memcpy, question 43343231",
    year: 2017,
    link: "https://stackoverflow.com/questions/43343231",
};

static PREFAULT: Source = Source {
    author: "Dave Hansen",
    title: "iomap: move prefaulting out of hot write path, mm-commits message 191132",
    year: 2025,
    link: "https://www.spinics.net/lists/mm-commits/msg191132.html",
};

/// Faults a MiB half-way, as logarithms go, between 16 and 256: a fault for 16 pages or for each.
const BETWEEN: f64 = 64.0;

pub(super) static CLAIMS: &[Claim] = &[
    Claim {
        id: "C01",
        source: &APUE3,
        statement: "read and write are four times as fast as a copy between mappings",
        published: "5.67 s against 22.54 s, a factor of 3.98: 300 MB, 8192-byte buffer, Linux 3.2, not synced",
        trial: here(Conditions::new(LARGE), time("mmap-mmap", "read-write-8k"), Test::Effect(3.98)),
    },
    Claim {
        id: "C01-cpu",
        source: &APUE3,
        statement: "read and write take less processor time than a copy between mappings",
        published: "0.55 s against 0.73 s, a factor of 1.33: as C01",
        trial: here(
            Conditions::new(LARGE),
            ratio(Quantity::Cpu, "mmap-mmap", "read-write-8k"),
            Test::Effect(1.33),
        ),
    },
    Claim {
        id: "C01-synced",
        source: &APUE3,
        statement: "The factor of four is that of writing the data out",
        published: "a factor of 3.98, as C01; here with fdatasync inside the clock",
        trial: here(Conditions::synced(LARGE), time("mmap-mmap", "read-write-8k"), Test::Effect(3.98)),
    },
    Claim {
        id: "C01-overwrite",
        source: &APUE3,
        statement: "The factor of four stands where the target has its pages already",
        published: "a factor of 3.98, as C01, but to a new file",
        trial: here(Conditions::overwrite(LARGE), time("mmap-mmap", "read-write-8k"), Test::Effect(3.98)),
    },
    Claim {
        id: "C02",
        source: &APUE2,
        statement: "A copy between mappings is faster than read and write",
        published: "24.26 s against 39.76 s, a factor of 1.64: 300 MB, 8192-byte buffer, Linux 2.4.22",
        trial: here(Conditions::new(LARGE), time("read-write-8k", "mmap-mmap"), Test::Effect(1.64)),
    },
    Claim {
        id: "C02-overwrite",
        source: &APUE2,
        statement: "The same where the target has its pages already",
        published: "a factor of 1.64, as C02, but to a new file",
        trial: here(Conditions::overwrite(LARGE), time("read-write-8k", "mmap-mmap"), Test::Effect(1.64)),
    },
    Claim {
        id: "C03",
        source: &TORVALDS,
        statement: "A mapping cannot beat read and write of 8 KiB",
        published: "\"I don't think mmap can beat that\"; no figure",
        trial: here(Conditions::overwrite(LARGE), time("mmap-mmap", "read-write-8k"), Test::Direction),
    },
    Claim {
        id: "C03-new",
        source: &TORVALDS,
        statement: "The same where the target is a new file",
        published: "no figure",
        trial: here(Conditions::new(LARGE), time("mmap-mmap", "read-write-8k"), Test::Direction),
    },
    Claim {
        id: "C03-buffer",
        source: &TORVALDS,
        statement: "A buffer of 8 KiB, which stays in the first-level cache, is faster than one of 256 KiB",
        published: "\"~8kB read/write pairs\" are the fastest; no figure",
        trial: here(Conditions::overwrite(LARGE), time("read-write-256k", "read-write-8k"), Test::Direction),
    },
    Claim {
        id: "C03-direct",
        source: &TORVALDS,
        statement: "Direct accesses to the page cache can beat it",
        published: "\"direct page cache accesses really can\"; no figure",
        trial: here(Conditions::overwrite(LARGE), time("read-write-8k", "sendfile"), Test::Direction),
    },
    Claim {
        id: "C05-tiny",
        source: &LKML97,
        statement: "For tiny files a mapped source is faster than a read one",
        published: "the best for 400 bytes, Linux 2.0.28, P166; no factor",
        trial: here(Conditions::fresh(4 * KIB), time("read-write-64k", "mmap-write"), Test::Direction),
    },
    Claim {
        id: "C05-large",
        source: &LKML97,
        statement: "Near 1 MiB a mapped source loses to a read one",
        published: "loses near 1 MiB; no factor",
        trial: here(Conditions::new(MIB), time("mmap-write", "read-write-64k"), Test::Direction),
    },
    Claim {
        id: "C06",
        source: &SAVEAU,
        statement: "At 1 MiB a mapped source and write are faster than read and write",
        published: "the best of all at 1 MiB on ext4; no factor",
        trial: here(Conditions::new(MIB), time("read-write-64k", "mmap-write"), Test::Direction),
    },
    Claim {
        id: "C06-target",
        source: &SAVEAU,
        statement: "Mapped targets are slower than written ones",
        published: "\"consistently terrible\"; no factor",
        trial: here(Conditions::new(MIB), time("read-mmap", "read-write-64k"), Test::Direction),
    },
    Claim {
        id: "C06-32m",
        source: &SAVEAU,
        statement: "At 32 MiB all ways are equally fast",
        published: "all equal at 32 MiB on ext4, to within about 10 %",
        trial: here(Conditions::new(LARGE), time("mmap-mmap", "mmap-write-1m"), Test::Same(0.1)),
    },
    Claim {
        id: "C07",
        source: &FUC,
        statement: "Into a target that has its pages already, a writable mapping is still slower than write",
        published: "\"much slower\": mapped for reading, a second fault to write, then dirty; no factor",
        trial: here(Conditions::overwrite(LARGE), time("mmap-mmap", "mmap-write-1m"), Test::Direction),
    },
    Claim {
        id: "C25",
        source: &FAULT_AROUND,
        statement: "A fault that reads maps 16 pages of the source at once",
        published: "order 4: 16 faults a MiB of 4 KiB pages in place of 256",
        trial: here(Conditions::new(LARGE), level(Quantity::Faults, "mmap-write-1m"), Test::AtMost(BETWEEN)),
    },
    Claim {
        id: "C25-write",
        source: &FAULT_AROUND,
        statement: "A fault that writes maps one page of the target only",
        published: "read faults only: 256 faults a MiB of a target of 4 KiB pages",
        trial: here(
            Conditions::overwrite(LARGE),
            level(Quantity::Faults, "read-mmap-1m"),
            Test::AtLeast(BETWEEN),
        ),
    },
    Claim {
        id: "C28",
        source: &POPULATE,
        statement: "MAP_POPULATE makes the whole copy slower, though its inner loop is faster",
        published: "the total grows; no factor",
        trial: here(Conditions::overwrite(LARGE), time("mmap-mmap-populate", "mmap-mmap"), Test::Direction),
    },
    Claim {
        id: "C71",
        source: &MOVSB,
        statement: "Non-temporal stores are faster than rep movsb, as they need not read what they overwrite",
        published: "26 GB/s against 15 GB/s, a factor of 1.73: memory to memory, i7-6700HQ",
        trial: here(
            Conditions::overwrite(LARGE),
            time("mmap-mmap-rep-movsb", "mmap-mmap-nontemporal"),
            Test::Effect(1.73),
        ),
    },
    Claim {
        id: "C52",
        source: &PREFAULT,
        statement: "One write of a whole mapped file is slower than calls of 1 MiB",
        published: "the pages of the source are no longer faulted in before each piece; no factor",
        trial: here(Conditions::overwrite(2 * LARGE), time("mmap-write", "mmap-write-1m"), Test::Direction),
    },
];

//! What changes of the kernel did to copies.

use super::words::*;

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

/// Guests count instructions, so memory does not have to be reached.
const SIZE: u64 = 8 * MIB;
/// Large folios on ext4.
const EXT4: (u32, u32) = (6, 16);

pub(super) static CLAIMS: &[Claim] = &[
    Claim {
        id: "C50",
        source: &C50,
        statement: "Large folios make buffered I/O on ext4 up to 60 % faster",
        published: "4738 against 2960 MB/s with 1 MiB, a factor of 1.6; reads of a hole",
        trial: Trial::Kernels(Change {
            conditions: Conditions::overwrite(SIZE),
            file_systems: &["ext4"],
            strategy: "read-write-1m",
            since: EXT4,
            way: Way::Cheaper,
            test: Test::Effect(1.6),
        }),
    },
    Claim {
        id: "C51",
        source: &C51,
        statement: "Small overwrites of large folios on ext4 became several times slower",
        published: "4.869 against 1.408 µs a call of 10 KiB, a factor of 3.46, Linux 6.18; here 8 KiB",
        trial: Trial::Kernels(Change {
            conditions: Conditions::overwrite(SIZE),
            file_systems: &["ext4"],
            strategy: "read-write-8k",
            since: EXT4,
            way: Way::Costlier,
            test: Test::Effect(3.46),
        }),
    },
    Claim {
        id: "C53",
        source: &C53,
        statement: "Large folios make sequential writes on btrfs 15 % faster",
        published: "15 %",
        trial: Trial::Kernels(Change {
            conditions: Conditions::new(SIZE),
            file_systems: &["btrfs"],
            strategy: "read-write-1m",
            since: (7, 2),
            way: Way::Cheaper,
            test: Test::Effect(1.15),
        }),
    },
];

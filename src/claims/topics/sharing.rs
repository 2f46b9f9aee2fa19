//! Copies that share extents.

use super::words::*;

static RUST: Source = Source {
    author: "rust-lang/rust",
    title: "pull request 75272",
    year: 2020,
    link: "https://github.com/rust-lang/rust/pull/75272",
};
static SARRACENIA: Source = Source {
    author: "MetPX/sarracenia",
    title: "issue 1751",
    year: 2026,
    link: "https://github.com/MetPX/sarracenia/issues/1751",
};

pub(super) static CLAIMS: &[Claim] = &[
    Claim {
        id: "C41-shared",
        source: &RUST,
        statement: "On btrfs std::io::copy is several times as fast as a loop of 8 KiB",
        published: "12134 MB/s against 1741 MB/s, a factor of 6.97",
        trial: shared(
            &["btrfs"],
            Conditions::new(LARGE),
            time("read-write-8k", "std-io-copy"),
            Test::Effect(6.97),
        ),
    },
    Claim {
        id: "C43-xfs",
        source: &SARRACENIA,
        statement: "On xfs copy_file_range is 180 times as fast as read and write",
        published: "0.006 s against 1.087 s, a factor of 181: 512 MB, cold, loop image",
        trial: shared(
            &["xfs"],
            Conditions::cold(LARGE),
            time("read-write-256k", "copy-file-range"),
            Test::Effect(181.0),
        ),
    },
    Claim {
        id: "C43-btrfs",
        source: &SARRACENIA,
        statement: "On btrfs copy_file_range is 135 times as fast as read and write",
        published: "0.010 s against 1.282 s, a factor of 128: 512 MB, cold, loop image",
        trial: shared(
            &["btrfs"],
            Conditions::cold(LARGE),
            time("read-write-256k", "copy-file-range"),
            Test::Effect(128.0),
        ),
    },
    Claim {
        id: "C43-ext4",
        source: &SARRACENIA,
        statement: "On ext4, which shares nothing, copy_file_range is a little faster than read and write",
        published: "a factor of 1.25: 512 MB, cold, loop image",
        trial: on(
            &["ext4"],
            Conditions::cold(LARGE),
            time("read-write-256k", "copy-file-range"),
            Test::Effect(1.25),
        ),
    },
    Claim {
        id: "C43-sendfile",
        source: &SARRACENIA,
        statement: "sendfile never shares extents",
        published: "1.139 s on xfs and 1.213 s on btrfs, as long as read and write",
        trial: shared(
            &["xfs", "btrfs"],
            Conditions::new(LARGE),
            level(Quantity::Shared, "sendfile"),
            Test::AtMost(0.0),
        ),
    },
];

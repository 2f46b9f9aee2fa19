//! Which strategy must work where: docs/availability.md, held against this directory.
//!
//! A strategy that breaks would otherwise hide as one that is skipped. What a kernel or a machine
//! may lack (a new flag, io_uring in a container, a program) is shown as ignored where it is
//! refused for that. `COPYBENCH_BLESS=1` writes the column of this directory anew:
//!
//! ```sh
//! COPYBENCH_BLESS=1 scripts/filesystems --fs ext4,xfs,btrfs,tmpfs,overlay -- cargo test --test availability
//! COPYBENCH_BLESS=1 scripts/filesystems --two --fs ext4 -- cargo test --test availability
//! ```

#![allow(clippy::expect_used, reason = "a test that cannot begin has failed")]

mod common;

use copybench::measure::{Availability, availability};
use copybench::strategy::all;
use libtest_mimic::{Arguments, Trial};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const COLUMNS: [&str; 6] = ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "across mounts"];
const WORKS: &str = "works";

/// Families and strategies that a kernel or a machine may lack, and how that shows.
const MAY_BE_LACKING: &[(&str, &[&str])] = &[
    ("dontcache", &["EOPNOTSUPP", "EINVAL"]),
    ("io-uring", &["ENOSYS", "EPERM", "EOPNOTSUPP", "EINVAL", "ENOMEM"]),
    ("nowait", &["EOPNOTSUPP"]),
    ("aio-direct", &["ENOSYS", "EAGAIN"]),
    ("fadvise-noreuse", &["EINVAL"]),
    ("cp", &["no errno"]),
    ("dd-1m", &["no errno"]),
    ("rsync", &["no errno"]),
    ("mmap-mmap-hugepage", &["EINVAL"]),
];

/// What the table says, by strategy and column.
type Table = BTreeMap<(String, &'static str), String>;

fn main() {
    let arguments = Arguments::from_args();
    let (from, to) = common::places();
    let device = |path: &Path| std::fs::metadata(path).expect("the directory").dev();
    let across = device(from.path()) != device(to.path());
    let here = if across { "across mounts" } else { from.file_system() };
    let column = COLUMNS.into_iter().find(|column| *column == here);
    let found = availability(&from, &to).expect("a page of random bytes");
    let mut table = read();
    if let (Some(column), true) = (column, std::env::var_os("COPYBENCH_BLESS").is_some()) {
        // What this machine lacks says nothing of the file system.
        for tried in found.iter().filter(|tried| !is_lacking(tried)) {
            table.insert((tried.strategy.name.to_owned(), column), outcome(tried));
        }
        std::fs::write(path(), text(&table)).expect("docs/availability.md");
    }
    let tests = found.iter().map(|tried| test(tried, column, &table)).collect();
    libtest_mimic::run(&arguments, tests).exit();
}

fn test(tried: &Availability, column: Option<&'static str>, table: &Table) -> Trial {
    let name = tried.strategy.name.to_owned();
    let found = outcome(tried);
    let ignored =
        |name: String, why: String| Trial::test(name, || Ok(())).with_kind(why).with_ignored_flag(true);
    let Some(column) = column else {
        return ignored(name, "the table has no column for this file system".to_owned());
    };
    let expected = table.get(&(name.clone(), column)).cloned().unwrap_or_default();
    if found != expected && is_lacking(tried) {
        let why = tried.refusal.as_ref().map(|refused| refused.reason.clone()).unwrap_or_default();
        return ignored(name, why);
    }
    Trial::test(format!("{column}::{name}"), move || {
        if found == expected {
            Ok(())
        } else {
            Err(format!("{found}, but the table says {expected:?}").into())
        }
    })
}

/// Whether it is refused in a way in which kernels and machines differ.
fn is_lacking(tried: &Availability) -> bool {
    let found = outcome(tried);
    let differs = |(prefix, how): &(&str, &[&str])| {
        tried.strategy.name.starts_with(prefix) && how.contains(&found.as_str())
    };
    MAY_BE_LACKING.iter().any(differs)
}

/// `works`, or the errno of the refusal.
fn outcome(tried: &Availability) -> String {
    let errno = |errno: Option<&str>| errno.unwrap_or("no errno").to_owned();
    tried.refusal.as_ref().map_or_else(|| WORKS.to_owned(), |refused| errno(refused.errno.as_deref()))
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/availability.md")
}

fn read() -> Table {
    let text = std::fs::read_to_string(path()).unwrap_or_default();
    let cells = |row: &str| -> Vec<String> {
        row.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    let heads = text.lines().find_map(|line| line.strip_prefix("| strategy")).map(cells).unwrap_or_default();
    let mut table = Table::new();
    for row in text.lines().filter_map(|line| line.strip_prefix("| `")).map(cells) {
        for (head, cell) in heads.iter().zip(&row).skip(1) {
            if let Some(column) = COLUMNS.into_iter().find(|column| column == head) {
                table.insert((row[0].clone(), column), cell.clone());
            }
        }
    }
    table
}

fn text(table: &Table) -> String {
    let mut text = "# What works where\n\n\
        Found by copying a page, on the kernel of the newest run in [results](../results/README.md). `tests/availability.rs` \
        holds every strategy to this table and writes it with `COPYBENCH_BLESS=1`. overlay: overlayfs \
        with both layers on ext4. Across mounts: from one ext4 to another.\n\n"
        .to_owned();
    let _ = writeln!(text, "| strategy | {} |\n|---{}|", COLUMNS.join(" | "), "|---".repeat(COLUMNS.len()));
    for (_, strategy) in all() {
        let cells =
            COLUMNS.map(|column| table.get(&(strategy.name.to_owned(), column)).cloned().unwrap_or_default());
        let _ = writeln!(text, "| `{}` | {} |", strategy.name, cells.join(" | "));
    }
    text
}

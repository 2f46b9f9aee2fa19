//! What each family did under each fault, gathered from the tests, and docs/faults.md.

use copybench::strategy::{FAMILIES, Strategy, family_of};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A column: its fault, and whether the outcome is the same in every run.
const COLUMNS: [(&str, bool); 15] = [
    ("source shrinks", false),
    ("source grows", false),
    ("call refused", true),
    ("call interrupted", true),
    ("short counts", true),
    ("file size limit", true),
    ("full ext4", true),
    ("full xfs", true),
    ("full btrfs", true),
    ("full tmpfs", true),
    ("pipe of two pages", true),
    ("io_uring forbidden", true),
    ("size that lies", true),
    ("beyond 2 GiB", true),
    ("killed", true),
];

/// Words by fault and family.
type Table = BTreeMap<(String, &'static str), BTreeSet<String>>;

static SEEN: Mutex<Table> = Mutex::new(Table::new());

fn seen() -> MutexGuard<'static, Table> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes how a copy ended.
pub(crate) fn note(fault: &str, strategy: &Strategy, word: &str) {
    let Some(family) = family_of(strategy.name) else { return };
    seen().entry((fault.to_owned(), family.name)).or_default().insert(word.to_owned());
}

/// File systems that the table speaks of.
const KNOWN: [&str; 4] = ["ext4", "xfs", "btrfs", "tmpfs"];

/// Adds to the table where that is asked for; else names the cells that say otherwise. `here` is
/// the file system of the copies.
pub(crate) fn settle(here: &str) -> Result<(), String> {
    let mut table = read();
    let seen = seen().clone();
    if std::env::var_os("COPYBENCH_BLESS").is_some() {
        for (cell, words) in seen {
            table.entry(cell).or_default().extend(words);
        }
        return std::fs::write(path(), text(&table)).map_err(|error| format!("docs/faults.md: {error}"));
    }
    if !KNOWN.contains(&here) {
        eprintln!("docs/faults.md does not speak of {here}, so nothing was held to it");
        return Ok(());
    }
    let mut differences = String::new();
    for ((fault, family), words) in &seen {
        let held = COLUMNS.iter().any(|(column, same)| column == fault && *same);
        let expected = table.get(&(fault.clone(), *family)).cloned().unwrap_or_default();
        if held && !words.is_subset(&expected) {
            let _ =
                writeln!(differences, "{fault}, {family}: {words:?}, but docs/faults.md says {expected:?}");
        }
    }
    if differences.is_empty() {
        return Ok(());
    }
    Err(differences + "where that is right, COPYBENCH_BLESS=1 cargo test --test faults adds it to the table")
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/faults.md")
}

fn read() -> Table {
    let text = std::fs::read_to_string(path()).unwrap_or_default();
    let mut table = Table::new();
    for row in text.lines().filter_map(|line| line.strip_prefix("| `")) {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let Some(family) = FAMILIES.iter().find(|family| family.name == cells[0]) else { continue };
        for ((column, _), cell) in COLUMNS.iter().zip(&cells[1..]) {
            let words = cell.split(", ").filter(|word| !word.is_empty()).map(str::to_owned).collect();
            table.insert(((*column).to_owned(), family.name), words);
        }
    }
    table
}

fn text(table: &Table) -> String {
    let mut text = HEAD.to_owned();
    let columns = COLUMNS.map(|(column, _)| column).join(" | ");
    let _ = writeln!(text, "| family | {columns} |\n|---{}|", "|---".repeat(COLUMNS.len()));
    for family in FAMILIES {
        let cell = |(column, _): (&str, bool)| {
            let words = table.get(&(column.to_owned(), family.name)).cloned().unwrap_or_default();
            words.into_iter().collect::<Vec<_>>().join(", ")
        };
        let _ = writeln!(text, "| `{}` | {} |", family.name, COLUMNS.map(cell).join(" | "));
    }
    text
}

const HEAD: &str = "# What happens when something goes wrong

How the copies of each family ended, under each fault, each in a process of its own on ext4, xfs, btrfs and tmpfs: `copied` is all
bytes, `prefix` a whole copy of a source that had become shorter (or was shorter then), and any other word an error, with that errno
or for that reason, after as many right bytes as it reported. No copy ended by a signal, went on for ever, reported bytes that
differ, or left a file behind: the tests fail then. An empty cell was not tried: the strategies make no such call, do not work on
that file system, or are other programs.

`tests/faults` holds the columns to this table, but for the first two, which depend on the moment. To write it anew as root:

```sh
rm docs/faults.md
COPYBENCH_FAULTS=all COPYBENCH_BLESS=1 scripts/filesystems -- cargo test --test faults
```

| fault | what is done |
|---|---|
| source shrinks, source grows | another thread cuts or lengthens the source, at moments spread over the time that the copy takes |
| call refused | each system call of the copy answered by strace with an errno, at its first and at its last time; `error` is that errno |
| call interrupted | those that move or allocate data answered with `EINTR` |
| short counts | each request for bytes made smaller under way, down to one byte; `no counts`: memory, clones and queues have none |
| file size limit | `RLIMIT_FSIZE` in the middle of a sector; direct writes and clones get `EINVAL` for the rest of it |
| full | a fresh file system with less room than the copy needs; `no block` is that of a mapped page |
| pipe of two pages | the user's share of pipe pages is spent; then the same with a pipe that claims to be larger |
| io_uring forbidden | io_uring_setup answered with `EPERM` and with `ENOSYS` |
| size that lies | files of procfs and sysfs |
| beyond 2 GiB | bytes around 0x7ffff000, 2, 4 and 5 GiB of a sparse source |
| killed | SIGKILL to `copybench run` in the middle of its copies |

";

//! Every parser of what others wrote, for tests and fuzzing: whatever the bytes, each ends, says what is
//! wrong as an error, and never panics.
//!
//! `fuzz/` has a target for each; the tests here mutate the files of `tests/seeds`, for seconds, or as
//! often as `PROPTEST_CASES` says.

use crate::analysis::processor_time::ProcessorTimes;
use crate::analysis::{Digest, Digests, Margin, Measurements, Options, compare};
use crate::explain::{maps::Region, smaps};
use crate::guest::parsers as guest;
use crate::measure::{Reply, Request};
use crate::record::{self, Read, shown};
use crate::report::comparison::{self, Facts};
use crate::report::export::{Exported, FORMATS};
use crate::report::grid::Format;
use crate::report::{BASE, chart, kernels, race, set_up, table};
use std::path::Path;

/// One of them.
#[derive(Debug)]
pub struct Parser {
    /// Of its fuzz target, and of its directory below `tests/seeds`.
    pub name: &'static str,
    /// Tries it.
    pub attempt: fn(&[u8]),
}

/// All of them.
pub static PARSERS: &[Parser] = &[
    Parser { name: "records", attempt: records },
    Parser { name: "protocol", attempt: protocol },
    Parser { name: "guest", attempt: guest::guest },
    Parser { name: "maps", attempt: maps },
    Parser { name: "smaps", attempt: smaps },
    Parser { name: "ar", attempt: guest::ar },
    Parser { name: "tar", attempt: guest::tar },
    Parser { name: "compressed", attempt: guest::compressed },
    Parser { name: "cpio", attempt: guest::cpio },
    Parser { name: "modinfo", attempt: guest::modinfo },
    Parser { name: "modules", attempt: guest::modules },
    Parser { name: "config", attempt: guest::config },
    Parser { name: "image", attempt: guest::boot_header },
];

/// Tries the parser of that name.
#[must_use]
pub fn attempt(name: &str, data: &[u8]) -> bool {
    let found = PARSERS.iter().find(|parser| parser.name == name);
    if let Some(parser) = found {
        (parser.attempt)(data);
    }
    found.is_some()
}

/// Lines of records, and what is made of them.
fn records(data: &[u8]) {
    let (path, mut read) = (Path::new("run.jsonl"), Read::default());
    if record::visit(path, data, &mut None, &mut read).is_err() {
        return;
    }
    let all = Measurements::from_runs(&read.runs);
    let margin = Margin::default();
    let mut text = String::new();
    for format in [Format::Text, Format::Markdown] {
        for cell in all.cells.values() {
            text += &table::cell(&all, cell, BASE, margin, format, usize::MAX);
            for answer in race::answers(&all, &cell.cell, BASE, margin) {
                text += &race::answer(&all, cell, &answer, format, usize::MAX);
            }
        }
        text.extend(set_up::tables(&all, format));
        text += &kernels::page(&read.runs.iter().map(Digest::of).collect::<Vec<_>>(), BASE, margin, format);
    }
    let rows = compare(&all, &all, &Options::new(BASE));
    let facts = Facts::of_sides(&all, &all, margin);
    text += &comparison::text(&rows, &facts);
    text += &comparison::markdown(&rows, &facts);
    assert_eq!(text, shown(&text), "what is obeyed");
    for format in FORMATS {
        let processor = &ProcessorTimes::default();
        let _ = format.write(Exported { all: &all, base: BASE, margin, strategies: None, processor });
    }
    let mut digests = Digests::default();
    let _ = record::visit(path, data, &mut None, &mut digests);
    let _ = serde_json::to_string(&chart::chart(&digests, BASE, margin));
}

/// Lines of a worker and of who asks it.
fn protocol(data: &[u8]) {
    for line in data.split(|byte| *byte == b'\n') {
        let _ = serde_json::from_slice::<Request>(line);
        let _ = serde_json::from_slice::<Reply>(line);
    }
}

fn maps(data: &[u8]) {
    for line in String::from_utf8_lossy(data).lines() {
        let Ok(region) = line.parse::<Region>() else { continue };
        assert_eq!(region.line, line);
        let _ = (region.length(), region.is_deleted(), region.fields(), region.permissions.to_string());
    }
}

fn smaps(data: &[u8]) {
    for backed in smaps::parse(&String::from_utf8_lossy(data)) {
        let _ = (backed.usage.dirty(), backed.region.length());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::TestRunner;
    use std::path::PathBuf;

    const ROOT: &str = env!("CARGO_MANIFEST_DIR");

    /// The files that mutations begin from: well-formed ones, and those that something was wrong with.
    fn seeds(name: &str) -> Vec<Vec<u8>> {
        let entries = std::fs::read_dir(Path::new(ROOT).join("tests/seeds").join(name)).unwrap();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
    }

    /// A change to a text: where, in thousandths of its length, how much, and to what.
    #[derive(Clone, Debug)]
    enum Change {
        Cut,
        Drop(usize),
        Repeat(usize),
        Put(Vec<u8>),
        Flip(u8),
    }

    fn change() -> impl Strategy<Value = (usize, Change)> {
        let word = prop::sample::select(vec![
            &b"\0"[..],
            b"\xff\xff\xff\xff",
            b"18446744073709551615",
            b"-1",
            b"1e999",
            b"\"",
            b"[[[[",
            b"{}",
            b"null",
            b"\n",
            b"\\u0000",
            b"\\ud800",
            b"/../",
            b"\xe2\x80\xae",
            b",",
            b"=",
            b" ",
        ]);
        let what = prop_oneof![
            Just(Change::Cut),
            (1_usize..200).prop_map(Change::Drop),
            (1_usize..2000).prop_map(Change::Repeat),
            word.prop_map(|word| Change::Put(word.to_vec())),
            prop::collection::vec(any::<u8>(), 1..8).prop_map(Change::Put),
            any::<u8>().prop_map(Change::Flip),
        ];
        (0_usize..1000, what)
    }

    fn changed(mut data: Vec<u8>, changes: &[(usize, Change)]) -> Vec<u8> {
        for (at, change) in changes {
            let at = data.len() * at / 1000;
            let until = |length: &usize| (at + length).min(data.len());
            match change {
                Change::Cut => data.truncate(at),
                Change::Drop(length) => drop(data.drain(at..until(length))),
                Change::Repeat(length) => {
                    let part = data[at..until(length)].to_vec();
                    data.splice(at..at, part);
                }
                Change::Put(bytes) => drop(data.splice(at..until(&bytes.len()), bytes.iter().copied())),
                Change::Flip(bits) => data.get_mut(at).into_iter().for_each(|byte| *byte ^= bits),
            }
        }
        data
    }

    #[test]
    fn any_bytes_are_read_or_refused() {
        for parser in PARSERS {
            let seeds = seeds(parser.name);
            seeds.iter().for_each(|seed| (parser.attempt)(seed));
            let inputs = (prop::sample::select(seeds), prop::collection::vec(change(), 1..6));
            let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
            let outcome = TestRunner::new(config).run(&inputs, |(seed, changes)| {
                (parser.attempt)(&changed(seed, &changes));
                Ok(())
            });
            assert!(outcome.is_ok(), "{}: {}", parser.name, outcome.unwrap_err());
        }
    }

    #[test]
    fn every_parser_has_a_fuzz_target() {
        // A package has none.
        let Ok(manifest) = std::fs::read_to_string(Path::new(ROOT).join("fuzz/Cargo.toml")) else { return };
        let targets = manifest.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
        let targets: Vec<&str> = targets.filter(|name| *name != "copybench-fuzz").collect();
        let names: Vec<&str> = PARSERS.iter().map(|parser| parser.name).collect();
        assert_eq!(targets, names);
        let workflow = std::fs::read_to_string(Path::new(ROOT).join(".github/workflows/fuzz.yml")).unwrap();
        assert!(workflow.contains(&format!("target: [{}]", names.join(", "))), "{workflow}");
    }
}

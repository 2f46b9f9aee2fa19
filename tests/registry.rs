//! The registry of strategies, tested as data.

use copybench::fixture::LAYOUTS;
use copybench::strategy::{DstMode, FAMILIES, all, find, representatives};
use std::collections::BTreeSet;

/// Names that other programs call.
const CONTRACT: &[&str] = &[
    "read-write-4k",
    "read-write-64k",
    "read-write-256k",
    "read-write-1m",
    "read-write-8m",
    "read-mmap",
    "mmap-mmap",
    "mmap-write",
    "mmap-write-1m",
    "mmap-private-mmap",
    "mmap-private-write",
    "mmap-cow-write",
    "sendfile",
    "copy-file-range",
    "splice-64k",
    "splice-256k",
    "splice-1m",
    "ficlone",
    "std-fs-copy",
    "std-io-copy",
];

#[test]
fn the_names_of_the_contract_are_there() {
    let missing: Vec<_> = CONTRACT.iter().filter(|name| find(name).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn names_are_unique() {
    let names: Vec<_> = all().map(|(_, strategy)| strategy.name).collect();
    let unique: BTreeSet<_> = names.iter().collect();
    assert_eq!(unique.len(), names.len());
    let families: BTreeSet<_> = FAMILIES.iter().map(|family| family.name).collect();
    assert_eq!(families.len(), FAMILIES.len());
}

#[test]
fn names_are_short_and_need_no_quoting() {
    let layouts = LAYOUTS.iter().map(|layout| layout.name);
    let families = FAMILIES.iter().map(|family| family.name);
    for name in all().map(|(_, strategy)| strategy.name).chain(layouts).chain(families) {
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        assert!(name.chars().all(plain), "{name}");
        assert!(name.starts_with(|letter: char| letter.is_ascii_lowercase()), "{name}");
        assert!(!name.ends_with('-') && !name.contains("--") && name.len() <= 40, "{name}");
        assert!(!name.starts_with("limit-"), "{name}: such names are kept for physical limits");
    }
}

#[test]
fn every_summary_is_one_sentence_without_its_full_stop() {
    let families = FAMILIES.iter().map(|family| (family.name, family.summary));
    let layouts = LAYOUTS.iter().map(|layout| (layout.name, layout.summary));
    for (name, summary) in
        all().map(|(_, strategy)| (strategy.name, strategy.summary)).chain(families).chain(layouts)
    {
        assert!(summary.len() >= 20 && summary.len() <= 120, "{name}: {} characters", summary.len());
        assert!(!summary.ends_with('.') && !summary.contains('\n'), "{name}");
    }
}

#[test]
fn every_family_has_a_representative_and_every_strategy_a_target() {
    for family in FAMILIES {
        assert!(!family.strategies.is_empty(), "{}", family.name);
    }
    for (_, strategy) in all() {
        assert!(strategy.dst.contains(&DstMode::New), "{}: {:?}", strategy.name, strategy.dst);
    }
}

#[test]
fn large_files_are_measured_with_the_exercises_and_a_private_mapping() {
    let names: Vec<_> = representatives(12).map(|strategy| strategy.name).collect();
    assert!(names.len() <= 12);
    for name in ["mmap-mmap", "mmap-write", "mmap-private-mmap"] {
        assert!(names.contains(&name), "{name} of {names:?}");
    }
}

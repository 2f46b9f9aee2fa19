//! Outputs held against files in tests/golden and parts of documents; a test writes them anew with
//! `COPYBENCH_BLESS=1`.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

#[track_caller]
pub(crate) fn is_golden(name: &str, found: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("COPYBENCH_BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = found.lines().zip(expected.lines()).position(|(found, expected)| found != expected);
    assert!(
        found == expected,
        "{name} differs from line {}; COPYBENCH_BLESS=1 and this test write it anew\n{found}",
        differs.unwrap_or(found.lines().count().min(expected.lines().count())) + 1
    );
}

/// Holds what stands between the lines `<!-- begin NAME.. -->` and `<!-- end NAME -->` of a document to `text`.
#[track_caller]
pub(crate) fn is_part(document: &str, name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let old = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = old.split_once(&format!("<!-- begin {name}")).unwrap();
    let (first, rest) = rest.split_once('\n').unwrap();
    let (found, after) = rest.split_once(&format!("<!-- end {name} -->")).unwrap();
    if std::env::var_os("COPYBENCH_BLESS").is_some() {
        let new = format!("{before}<!-- begin {name}{first}\n{text}<!-- end {name} -->{after}");
        std::fs::write(&path, new).unwrap();
        return;
    }
    assert_eq!(found, text, "{document}: COPYBENCH_BLESS=1 and this test write it anew");
}

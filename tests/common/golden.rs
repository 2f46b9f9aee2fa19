//! Outputs held against files in tests/golden; a test writes them anew with `COPYBENCH_BLESS=1`.

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

use super::common::small_run::small_run;
use super::{Failed, ends};
use std::path::Path;
use std::process::Output;

/// A gate of two commands in a small cell.
fn gate(here: &Path, new: &str) -> Result<Output, Failed> {
    Ok(small_run(here)
        .args(["--gate", "--base", "old", "--junit", "gate.xml", "--rounds", "2", "--processes", "1"])
        .args(["--command", "old=cp {source} {target}", "--command", new])
        .output()?)
}

pub(super) fn report() -> Result<(), Failed> {
    let here = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let here = here.path();
    let read = || std::fs::read_to_string(here.join("gate.xml"));
    let fresh = || std::fs::remove_file(here.join("r.jsonl"));

    ends(&gate(here, "new=cp {source} {target}")?, 0, &[])?;
    let text = read()?;
    assert!(text.contains("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\""), "{text}");
    assert!(text.contains("name=\"new\"><skipped message=\"unclear"), "{text}");
    fresh()?;
    // Its own file is written anew; what was not measured has not passed.
    ends(&gate(here, "new=false {source} {target}")?, 2, &["not measured"])?;
    let text = read()?;
    assert!(text.contains("errors=\"1\"") && text.contains("<error message=\"new in "), "{text}");

    // Another's file is not, and nothing is measured first.
    let _ = fresh();
    std::fs::write(here.join("gate.xml"), "mine")?;
    ends(&gate(here, "new=cp {source} {target}")?, 2, &["gate.xml", "name another --junit"])?;
    assert_eq!(read()?, "mine");
    assert!(!here.join("r.jsonl").exists());
    Ok(())
}

//! Lists for documents: the families, the catalogue of strategies, and the runs of a folder.

use super::Family;
use crate::record::Run;
use std::fmt::Write;
use std::path::Path;

/// Every family with its mechanism, as a Markdown table.
#[must_use]
pub fn families(families: &[Family]) -> String {
    let mut text = "| family | mechanism | strategies |\n|---|---|--:|\n".to_owned();
    for family in families {
        let _ = writeln!(text, "| {} | {} | {} |", family.name, family.summary, family.strategies.len());
    }
    text
}

/// Every strategy by family, as a Markdown table.
#[must_use]
pub fn catalogue(families: &[Family]) -> String {
    let count: usize = families.iter().map(|family| family.strategies.len()).sum();
    let mut text = format!(
        "{count} strategies in {} families. The first of a family is its representative.\n\n",
        families.len()
    );
    text.push_str("| family | strategy | what it does | holes |\n|---|---|---|---|\n");
    for family in families {
        for (index, strategy) in family.strategies.iter().enumerate() {
            let name = if index == 0 { family.name.as_str() } else { "" };
            let _ = writeln!(
                text,
                "| {name} | `{}` | {} | {} |",
                strategy.name, strategy.summary, strategy.holes
            );
        }
    }
    text
}

/// Runs as a Markdown table, with paths relative to `folder`.
#[must_use]
pub fn runs(runs: &[Run], folder: &Path) -> String {
    let mut text = "| run | host | kernel | file systems | cells | samples | skipped | command |\n|---|---|---|---|--:|--:|--:|---|\n".to_owned();
    for run in runs {
        let path = run.path.strip_prefix(folder).unwrap_or(&run.path);
        let name = path.parent().unwrap_or(path).display().to_string();
        let mut systems: Vec<&str> = run.cells.values().map(|cell| cell.fs.source.as_str()).collect();
        systems.sort_unstable();
        systems.dedup();
        let _ = writeln!(
            text,
            "| [{}]({name}) ([record]({})) | {} | {} | {} | {} | {} | {} | `{}` |",
            name.rsplit('/').next().unwrap_or(&name),
            path.display(),
            run.run.host.label,
            run.run.host.kernel,
            systems.join(", "),
            run.cells.len(),
            run.samples.len(),
            run.skips.len(),
            run.run.argv.join(" ")
        );
    }
    text
}

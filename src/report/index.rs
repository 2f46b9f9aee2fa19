//! Lists for documents: the families, the catalogue of strategies, and the runs of a folder.

use super::escape::{code, escaped};
use crate::record::Run;
use crate::strategy::{FAMILIES, all};
use std::fmt::Write;
use std::path::Path;

/// Every family with its mechanism, as a Markdown table.
#[must_use]
pub fn families() -> String {
    let mut text = "| family | mechanism | strategies |\n|---|---|--:|\n".to_owned();
    for family in FAMILIES {
        let _ = writeln!(text, "| {} | {} | {} |", family.name, family.summary, family.strategies.len());
    }
    text
}

/// Every strategy by family, as a Markdown table.
#[must_use]
pub fn catalogue() -> String {
    let mut text = format!(
        "{} strategies in {} families. The first of a family is its representative.\n\n",
        all().count(),
        FAMILIES.len()
    );
    text.push_str("| family | strategy | what it does | holes |\n|---|---|---|---|\n");
    for family in FAMILIES {
        for (index, strategy) in family.strategies.iter().enumerate() {
            let name = if index == 0 { family.name } else { "" };
            let _ = writeln!(
                text,
                "| {name} | `{}` | {} | {} |",
                strategy.name,
                strategy.summary,
                strategy.holes.name()
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
            "| [{}]({name}) ([record]({})) | {} | {} | {} | {} | {} | {} | {} |",
            name.rsplit('/').next().unwrap_or(&name),
            path.display(),
            escaped(&run.run.host.label),
            escaped(&run.run.host.kernel),
            escaped(&systems.join(", ")),
            run.cells.len(),
            run.samples.len(),
            run.skips.len(),
            code(&run.run.argv.join(" "))
        );
    }
    text
}

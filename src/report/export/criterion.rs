//! The lines that `cargo bench` prints with criterion's `--output-format bencher`.

use super::Exported;
use std::fmt::Write;

/// `test NAME ... bench: TIME ns/iter (+/- HALF)`, where HALF is half the interval's width; relative
/// times in thousandths of the base's, as readers take whole numbers of something per something.
pub(super) fn write(exported: Exported<'_>) -> serde_json::Result<String> {
    let mut text = String::new();
    for entry in exported.entries() {
        let summary = &entry.summary;
        let unit = if summary.bytes_per_second.is_some() { "ns" } else { "instructions" };
        let half = summary.interval.map_or(0.0, |bounds| (bounds.high - bounds.low) / 2.0);
        let _ = writeln!(
            text,
            "test {} ... bench: {:.0} {unit}/iter (+/- {half:.0})",
            one_line(&entry.name()),
            summary.median
        );
        if let Some([ratio, low, high]) = entry.relative {
            let (name, ratio, half) =
                (one_line(&entry.relative_name()), ratio * 1000.0, (high - low) * 500.0);
            let _ = writeln!(text, "test {name} ... bench: {ratio:.0} thousandths/base (+/- {half:.0})");
        }
    }
    Ok(text)
}

/// A name that cannot end its line.
fn one_line(name: &str) -> String {
    name.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

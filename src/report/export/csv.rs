//! Summaries as comma-separated values, one row a strategy and cell.

use super::exported::Exported;
use std::fmt::Write;

/// The header and a row for every strategy in every cell of every run.
pub(super) fn write(exported: Exported<'_>) -> String {
    let mut text = "cell,strategy,kind,samples,copies,median,low,high,bytes_per_second,ratio,ratio_low,ratio_high,verdict\n".to_owned();
    for entry in exported.entries() {
        let summary = &entry.summary;
        let interval = summary.interval;
        let relative = summary.relative.as_ref();
        let ratios = relative.and_then(|relative| relative.interval);
        let columns = [
            quoted(entry.cell),
            quoted(&summary.strategy),
            summary.kind.name().to_owned(),
            summary.samples.to_string(),
            summary.copies.to_string(),
            summary.median.to_string(),
            number(interval.map(|interval| interval.low)),
            number(interval.map(|interval| interval.high)),
            number(summary.bytes_per_second),
            number(relative.map(|relative| relative.ratio)),
            number(ratios.map(|interval| interval.low)),
            number(ratios.map(|interval| interval.high)),
            relative.map_or("", |relative| relative.verdict.name()).to_owned(),
        ];
        let _ = writeln!(text, "{}", columns.join(","));
    }
    text
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// RFC 4180: a field with a comma, a quote or a line break stands in quotes. One that a spreadsheet would
/// take for a formula is made text by an apostrophe.
pub(super) fn quoted(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let field = format!("{}{field}", if formula { "'" } else { "" });
    if field.contains([',', '"', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_a_formula_or_several_fields() {
        assert_eq!(quoted("=1+2,3"), "\"'=1+2,3\"");
        assert_eq!(["+a", "-a", "@a", "\ta", "a=b"].map(quoted), ["'+a", "'-a", "'@a", "'\ta", "a=b"]);
        assert_eq!(quoted("a\"\nb"), "\"a\"\"\nb\"");
    }
}

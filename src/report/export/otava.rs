//! Apache Otava: a CSV file a series with a row a run, and a configuration that names them all.

use super::csv::quoted;
use crate::analysis::history::History;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// Name of the configuration.
const CONFIGURATION: &str = "otava.yaml";
/// How every table begins.
const TABLE: &str = "started,commit,";

/// The files by name: `otava.yaml` first, of which JSON is a part of YAML, then a table for every
/// cell, strategy and machine, as Otava wants each field of a table filled.
///
/// # Errors
/// Those of serialising.
pub fn files(histories: &[History]) -> serde_json::Result<Vec<(String, String)>> {
    let mut tests = Map::new();
    let mut files = Vec::new();
    for history in histories {
        let plain = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
        let name = format!("{}-{}-{}", history.host, history.cell, history.strategy);
        let mut name: String = name.chars().map(plain).collect();
        // Names that differ in other characters only are told apart by the place in the order.
        if tests.contains_key(&name) {
            name = format!("{name}-{}", files.len() + 1);
        }
        let file = format!("{name}.csv");
        let metrics: Map<String, Value> = columns(history)
            .iter()
            // Both are times: less is better.
            .map(|column| ((*column).to_owned(), json!({"column": column, "direction": -1, "scale": 1})))
            .collect();
        tests.insert(
            name,
            json!({
                "type": "csv", "file": file, "time_column": "started", "attributes": ["commit"],
                "metrics": metrics, "csv_options": {"delimiter": ",", "quote_char": "\""},
            }),
        );
        files.push((file, table(history)));
    }
    let configuration = serde_json::to_string_pretty(&json!({ "tests": tests }))? + "\n";
    files.insert(0, (CONFIGURATION.to_owned(), configuration));
    Ok(files)
}

/// Whether a text is of a file that [`files`] wrote, of whatever records.
#[must_use]
pub fn is_file(text: &str) -> bool {
    if text.starts_with(TABLE) {
        return true;
    }
    let Ok(Value::Object(configuration)) = serde_json::from_str(text) else { return false };
    configuration.len() == 1 && configuration.get("tests").is_some_and(Value::is_object)
}

/// The base strategy has no time relative to itself.
fn columns(history: &History) -> &'static [&'static str] {
    if history.is_time() { &["time"] } else { &["time", "relative"] }
}

fn table(history: &History) -> String {
    let columns = columns(history);
    let mut text = format!("{TABLE}{}\n", columns.join(","));
    for point in &history.points {
        let _ = write!(text, "{},{},{}", quoted(&point.started), quoted(&point.sha), point.time);
        if let Some(ratio) = point.ratio.filter(|_| columns.len() > 1) {
            let _ = write!(text, ",{}", 1.0 / ratio);
        }
        text.push('\n');
    }
    text
}

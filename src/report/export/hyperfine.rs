//! What `hyperfine --export-json` writes, in seconds.

use super::Exported;
use crate::analysis::median;
use serde_json::{Value, json};

/// A result a strategy, and one of its times relative to the base strategy's, with the unit in
/// `parameters`. Fields that were not measured by process (`user`, `system`, `memory_usage_byte`)
/// are left out.
pub(super) fn write(exported: Exported<'_>) -> serde_json::Result<String> {
    let mut results = Vec::new();
    for entry in exported.entries() {
        let Some((times, ratios)) = exported.values(&entry) else { continue };
        results.extend(result(&entry.name(), &times, &entry, "seconds"));
        results.extend(result(&entry.relative_name(), &ratios, &entry, "times the base's"));
    }
    Ok(serde_json::to_string_pretty(&json!({ "results": results }))? + "\n")
}

fn result(command: &str, values: &[f64], entry: &super::Entry<'_>, unit: &str) -> Option<Value> {
    let middle = median(values)?;
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let spread = (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
    Some(json!({
        "command": command,
        "mean": mean,
        "stddev": spread,
        "median": middle,
        "min": values.iter().copied().fold(f64::INFINITY, f64::min),
        "max": values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "times": values,
        "exit_codes": vec![0; values.len()],
        "parameters": {"cell": entry.cell, "strategy": entry.summary.strategy, "unit": unit},
    }))
}

//! What `hyperfine --export-json` writes, in seconds.

use super::exported::{Entry, Exported};
use crate::analysis::median;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Results {
    results: Vec<Timed>,
}

#[derive(Serialize)]
struct Timed {
    command: String,
    exit_codes: Vec<u8>,
    max: f64,
    mean: f64,
    median: f64,
    min: f64,
    parameters: BTreeMap<&'static str, String>,
    stddev: Option<f64>,
    times: Vec<f64>,
}

/// A result a strategy, and one of its times relative to the base strategy's, with the unit in
/// `parameters`. Fields that were not measured by process (`user`, `system`, `memory_usage_byte`)
/// are left out.
pub(super) fn write(exported: Exported<'_>) -> serde_json::Result<String> {
    let mut results = Vec::new();
    for entry in exported.entries() {
        let Some((times, ratios)) = exported.values(&entry) else { continue };
        results.extend(result(entry.name(), times, &entry, "seconds"));
        results.extend(result(entry.relative_name(), ratios, &entry, "times the base's"));
    }
    Ok(serde_json::to_string_pretty(&Results { results })? + "\n")
}

fn result(command: String, times: Vec<f64>, entry: &Entry<'_>, unit: &'static str) -> Option<Timed> {
    let median = median(&times)?;
    let count = times.len() as f64;
    let mean = times.iter().sum::<f64>() / count;
    let squares: f64 = times.iter().map(|value| (value - mean).powi(2)).sum();
    let parameters = [
        ("cell", entry.cell.to_owned()),
        ("strategy", entry.summary.strategy.clone()),
        ("unit", unit.to_owned()),
    ];
    Some(Timed {
        command,
        exit_codes: vec![0; times.len()],
        max: times.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        mean,
        median,
        min: times.iter().copied().fold(f64::INFINITY, f64::min),
        parameters: BTreeMap::from(parameters),
        stddev: (times.len() > 1).then(|| (squares / (count - 1.0)).sqrt()),
        times,
    })
}

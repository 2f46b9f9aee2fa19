//! What `hyperfine --export-json` writes, in seconds.

use super::exported::{Entry, Exported};
use super::spread::{deviation, mean};
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
    mean: f64,
    stddev: Option<f64>,
    median: f64,
    /// Left out, as `system`, where the record has no processor time.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<f64>,
    min: f64,
    max: f64,
    times: Vec<f64>,
    exit_codes: Vec<u8>,
    parameters: BTreeMap<&'static str, String>,
}

/// A result a strategy, with the one parameter that hyperfine's scripts can draw over: the size in bytes.
pub(super) fn write(exported: Exported<'_>) -> serde_json::Result<String> {
    let results = exported.entries().filter_map(|entry| result(exported, &entry)).collect();
    Ok(serde_json::to_string_pretty(&Results { results })? + "\n")
}

fn result(exported: Exported<'_>, entry: &Entry<'_>) -> Option<Timed> {
    let times: Vec<f64> = exported.times(entry)?.into_iter().map(seconds).collect();
    let processor = exported.processor.get(entry.cell, &entry.summary.strategy);
    Some(Timed {
        command: entry.name(),
        mean: mean(&times),
        stddev: deviation(&times),
        median: median(&times)?,
        user: processor.map(|time| seconds(time.user)),
        system: processor.map(|time| seconds(time.system)),
        min: times.iter().copied().fold(f64::INFINITY, f64::min),
        max: times.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        exit_codes: vec![0; times.len()],
        parameters: BTreeMap::from([("size", exported.all.cells.get(entry.cell)?.size.to_string())]),
        times,
    })
}

fn seconds(nanoseconds: f64) -> f64 {
    nanoseconds / 1e9
}

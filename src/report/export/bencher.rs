//! Bencher Metric Format: an object of benchmarks, each an object of measures with bounds.

use super::Exported;
use serde_json::{Map, Value, json};

/// Longest name of a benchmark that Bencher takes.
const LONGEST: usize = 1024;

/// Time in nanoseconds as Bencher's own `latency`, and the measures `bandwidth` in bytes a second
/// and `relative-time`, which a project makes for itself.
pub(super) fn write(exported: Exported<'_>) -> serde_json::Result<String> {
    let mut benchmarks = Map::new();
    for entry in exported.entries() {
        let summary = &entry.summary;
        let bounds = summary.interval;
        let mut measures = Map::new();
        measures.insert(
            "latency".to_owned(),
            metric(summary.median, bounds.map(|bounds| (bounds.low, bounds.high))),
        );
        if let Some(speed) = summary.bytes_per_second {
            let bounds = summary.speeds().map(|speeds| (speeds.low, speeds.high));
            measures.insert("bandwidth".to_owned(), metric(speed, bounds));
        }
        if let Some([ratio, low, high]) = entry.relative {
            measures.insert("relative-time".to_owned(), metric(ratio, Some((low, high))));
        }
        let name: String = entry.name().chars().take(LONGEST).collect();
        benchmarks.insert(name, Value::Object(measures));
    }
    Ok(serde_json::to_string_pretty(&benchmarks)? + "\n")
}

fn metric(value: f64, bounds: Option<(f64, f64)>) -> Value {
    match bounds {
        Some((low, high)) => json!({"value": value, "lower_value": low, "upper_value": high}),
        None => json!({"value": value}),
    }
}

//! Bencher Metric Format: an object of benchmarks, each an object of measures with bounds.

use super::exported::Exported;
use crate::analysis::Interval;
use crate::record::Clock;
use serde_json::{Map, Value, json};

/// Longest name of a benchmark that Bencher takes.
const LONGEST: usize = 1024;

/// Time in nanoseconds as Bencher's own `latency`, or the measure `instructions`; and the measures `bandwidth` in bytes a second
/// and `relative-time`, which a project makes for itself.
pub(super) fn write(exported: Exported<'_>) -> serde_json::Result<String> {
    let mut benchmarks = Map::new();
    for entry in exported.entries() {
        let summary = &entry.summary;
        let mut measures = Map::new();
        let measure = match exported.clock() {
            Clock::Wall => "latency",
            Clock::Instructions => "instructions",
        };
        measures.insert(measure.to_owned(), metric(summary.median, summary.interval));
        if let Some(speed) = summary.bytes_per_second {
            measures.insert("bandwidth".to_owned(), metric(speed, summary.speeds()));
        }
        if let Some(relative) = entry.relative {
            measures.insert("relative-time".to_owned(), metric(relative.ratio, relative.interval));
        }
        let name: String = entry.name().chars().take(LONGEST).collect();
        benchmarks.insert(name, Value::Object(measures));
    }
    Ok(serde_json::to_string_pretty(&benchmarks)? + "\n")
}

fn metric(value: f64, bounds: Option<Interval>) -> Value {
    match bounds {
        Some(Interval { low, high }) => json!({"value": value, "lower_value": low, "upper_value": high}),
        None => json!({"value": value}),
    }
}

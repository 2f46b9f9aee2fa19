//! What readers without a package ask for, in the words of their source.

use super::{RECORD, Shown, export};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// As Bencher's adapter for hyperfine declares it: what has no default must be there.
#[derive(Deserialize)]
#[allow(dead_code, reason = "that they can be read is what is tried")]
struct HyperfineResult {
    command: String,
    mean: f64,
    stddev: Option<f64>,
    median: f64,
    user: f64,
    system: f64,
    min: f64,
    max: f64,
    times: Option<Vec<f64>>,
    exit_codes: Vec<Option<i32>>,
    parameters: Option<Value>,
}

#[derive(Deserialize)]
struct Hyperfine {
    results: Vec<HyperfineResult>,
}

pub(super) fn bencher_adapter() -> Shown {
    let Hyperfine { results } = serde_json::from_str(&export(&["hyperfine", RECORD])?)?;
    for result in &results {
        assert!(is_name(&result.command) && result.user > 0.0 && result.system > 0.0);
        // All of it is time, and all of it in seconds.
        assert!(result.min <= result.median && result.median <= result.max && result.max < 0.01);
        assert!(result.user + result.system < 0.01);
    }
    Ok(format!("{} results with processor time", results.len()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metric {
    value: f64,
    lower_value: Option<f64>,
    upper_value: Option<f64>,
}

pub(super) fn bencher_metrics() -> Shown {
    type Benchmarks = BTreeMap<String, BTreeMap<String, Metric>>;
    let benchmarks: Benchmarks = serde_json::from_str(&export(&["bencher", RECORD])?)?;
    for (name, metrics) in &benchmarks {
        assert!(is_name(name) && metrics.contains_key("latency"), "{name}");
        for Metric { value, lower_value, upper_value } in metrics.values() {
            assert!(
                lower_value.is_none_or(|low| low <= *value) && upper_value.is_none_or(|high| *value <= high)
            );
        }
    }
    let metrics: usize = benchmarks.values().map(BTreeMap::len).sum();
    Ok(format!("{} benchmarks, {metrics} metrics with bounds", benchmarks.len()))
}

/// As the action's `BenchmarkResult`.
#[derive(Deserialize)]
#[allow(dead_code, reason = "that they can be read is what is tried")]
#[serde(deny_unknown_fields)]
struct BenchmarkResult {
    name: String,
    value: f64,
    range: Option<String>,
    unit: String,
    extra: Option<String>,
}

pub(super) fn github_action_benchmark() -> Shown {
    let mut counts = Vec::new();
    for format in ["gab-smaller", "gab-bigger"] {
        let results: Vec<BenchmarkResult> = serde_json::from_str(&export(&[format, RECORD])?)?;
        assert!(results.iter().all(|result| result.value > 0.0 && !result.unit.is_empty()));
        counts.push(results.len().to_string());
    }
    Ok(format!("{} values", counts.join(" and ")))
}

/// What Bencher takes as the name of a benchmark.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= 1024
}

//! The files of a `target/criterion`, for critcmp.

use super::exported::{Entry, Exported};
use super::spread::{deviation, mean, median_distance, quantile};
use crate::analysis::median;
use crate::units::format_size;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Resamples that an interval is made of: as many as this many values give, within bounds.
const MOST_VALUES: usize = 10_000_000;
const FEWEST_RESAMPLES: usize = 50;
const MOST_RESAMPLES: usize = 1000;
const CONFIDENCE: f64 = 0.95;
/// Longest name of a directory, as criterion cuts them.
const LONGEST: usize = 64;
/// The key of `benchmark.json` that says who wrote a directory; readers pass over it.
const WRITER: &str = "exported_by";

type Statistic = fn(&[f64]) -> Option<f64>;

/// What criterion says of a sample, by its names.
const STATISTICS: [(&str, Statistic); 4] = [
    ("mean", |values| Some(mean(values))),
    ("median", median),
    ("median_abs_dev", median_distance),
    ("std_dev", deviation),
];

/// The files by path, those of one benchmark together, `benchmark.json` first. A benchmark is called as
/// `cargo bench` calls it. Strategies with too few samples for an interval are left out.
///
/// # Errors
/// Those of serialising.
pub fn files(exported: Exported<'_>, baseline: &str) -> serde_json::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let mut directories = BTreeSet::new();
    for entry in exported.entries() {
        if entry.summary.interval.is_none() {
            continue;
        }
        let Some(benchmark) = Benchmark::of(exported, &entry) else { continue };
        let mut directory = benchmark.directory();
        for number in 2.. {
            if directories.insert(directory.clone()) {
                break;
            }
            directory = format!("{}_{number}", benchmark.directory());
        }
        for (name, value) in benchmark.files(&directory) {
            files.push((format!("{directory}/{baseline}/{name}"), serde_json::to_string(&value)?));
        }
    }
    Ok(files)
}

/// Whether the text of a `benchmark.json` is of a benchmark that [`files`] wrote.
#[must_use]
pub fn is_exported(benchmark: &str) -> bool {
    serde_json::from_str(benchmark).is_ok_and(|benchmark: Value| benchmark.get(WRITER).is_some())
}

struct Benchmark {
    group: String,
    function: String,
    size: u64,
    /// Nanoseconds of each sample.
    times: Vec<f64>,
    sorted: Vec<f64>,
}

impl Benchmark {
    fn of(exported: Exported<'_>, entry: &Entry<'_>) -> Option<Self> {
        let cell = exported.all.cells.get(entry.cell)?;
        let times = exported.times(entry)?;
        let mut sorted = times.clone();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            group: cell.group(),
            function: entry.summary.strategy.clone(),
            size: cell.size,
            times,
            sorted,
        })
    }

    fn directory(&self) -> String {
        [safe(&self.group), safe(&self.function), safe(&format_size(self.size))].join("/")
    }

    fn files(&self, directory: &str) -> [(&'static str, Value); 4] {
        let Self { group, function, .. } = self;
        let value = format_size(self.size);
        let id = format!("{group}/{function}/{value}");
        let benchmark = json!({
            "group_id": group, "function_id": function, "value_str": value, "throughput": {"Bytes": self.size},
            "full_id": id, "directory_name": directory, "title": id, WRITER: "copybench",
        });
        let ones = vec![1.0; self.times.len()];
        let sample = json!({"sampling_mode": "Flat", "iters": ones, "times": self.times});
        [
            ("benchmark.json", benchmark),
            ("estimates.json", self.estimates()),
            ("sample.json", sample),
            ("tukey.json", json!(self.fences())),
        ]
    }

    fn estimates(&self) -> Value {
        let count = self.times.len();
        // The same numbers whenever the same record is exported.
        let mut random = ChaCha8Rng::seed_from_u64(0);
        let mut resampled = STATISTICS.map(|_| Vec::new());
        for _ in 0..(MOST_VALUES / count).clamp(FEWEST_RESAMPLES, MOST_RESAMPLES) {
            let values: Vec<f64> = (0..count).map(|_| self.times[random.random_range(0..count)]).collect();
            for (found, (_, statistic)) in resampled.iter_mut().zip(STATISTICS) {
                found.extend(statistic(&values));
            }
        }
        let mut estimates = json!({"slope": null});
        for (found, (name, statistic)) in resampled.iter_mut().zip(STATISTICS) {
            found.sort_by(f64::total_cmp);
            let tail = (1.0 - CONFIDENCE) / 2.0;
            estimates[name] = json!({
                "confidence_interval": {
                    "confidence_level": CONFIDENCE,
                    "lower_bound": quantile(found, tail),
                    "upper_bound": quantile(found, 1.0 - tail),
                },
                "point_estimate": statistic(&self.times),
                "standard_error": deviation(found),
            });
        }
        estimates
    }

    /// Beyond which values are outliers: severe, mild, mild, severe.
    fn fences(&self) -> Option<[f64; 4]> {
        let (low, high) = (quantile(&self.sorted, 0.25)?, quantile(&self.sorted, 0.75)?);
        let reach = high - low;
        Some([low - 3.0 * reach, low - 1.5 * reach, high + 1.5 * reach, high + 3.0 * reach])
    }
}

/// A name as criterion writes it into paths; and none that leads elsewhere, as records come from anywhere.
fn safe(name: &str) -> String {
    let plain = |character: char| {
        if character.is_control() || "?\"/\\*<>:|^".contains(character) { '_' } else { character }
    };
    let mut end = name.len().min(LONGEST);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    match name[..end].chars().map(plain).collect::<String>() {
        name if name.trim_matches('.').is_empty() => name.replace('.', "_") + "_",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_directory() {
        for (name, expected) in [("..", "___"), (".", "__"), ("", "_"), ("a/../b", "a_.._b"), ("a\0b", "a_b")]
        {
            assert_eq!(safe(name), expected);
        }
        assert_eq!(safe(&"é".repeat(40)).len(), 64);
    }
}

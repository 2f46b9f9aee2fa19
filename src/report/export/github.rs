//! github-action-benchmark: an array of named values of one direction.

use super::exported::{Entry, Exported};
use crate::analysis::Interval;
use crate::record::Clock;
use serde::Serialize;

#[derive(Serialize)]
struct Named {
    name: String,
    unit: &'static str,
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    extra: String,
}

/// GiB/s, and how many times as fast as the base strategy.
pub(super) fn bigger(exported: Exported<'_>) -> serde_json::Result<String> {
    let gibibyte = f64::from(1 << 30);
    list(exported, |entry| {
        let summary = &entry.summary;
        let speed = summary.bytes_per_second.map(|speed| {
            let bounds = summary.speeds().map(|speeds| speeds.map(|speed| speed / gibibyte));
            ("GiB/s", speed / gibibyte, bounds)
        });
        let relative = summary.relative.map(|relative| ("times as fast", relative.ratio, relative.interval));
        [speed, relative]
    })
}

/// Nanoseconds or instructions, and the time relative to the base strategy's.
pub(super) fn smaller(exported: Exported<'_>) -> serde_json::Result<String> {
    let unit = match exported.clock() {
        Clock::Wall => "ns",
        Clock::Instructions => "instructions",
    };
    list(exported, |entry| {
        let relative =
            entry.relative.map(|relative| ("of the base's time", relative.ratio, relative.interval));
        [Some((unit, entry.summary.median, entry.summary.interval)), relative]
    })
}

/// Unit, value and bounds.
type Figure = Option<(&'static str, f64, Option<Interval>)>;

fn list(exported: Exported<'_>, figures: impl Fn(&Entry<'_>) -> [Figure; 2]) -> serde_json::Result<String> {
    let mut all = Vec::new();
    for entry in exported.entries() {
        let names = [entry.name(), entry.relative_name()];
        let verdict = entry.summary.relative.map_or("base", |relative| relative.verdict.name());
        for (name, figure) in names.into_iter().zip(figures(&entry)) {
            let Some((unit, value, bounds)) = figure else { continue };
            let range = bounds.map(|Interval { low, high }| format!("{low:.6} to {high:.6}"));
            let extra = format!(
                "{} samples, {verdict} at a margin of {} %",
                entry.summary.samples,
                exported.margin.fraction() * 100.0
            );
            all.push(Named { name, unit, value, range, extra });
        }
    }
    Ok(serde_json::to_string_pretty(&all)? + "\n")
}

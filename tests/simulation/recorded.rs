//! Noise as it was recorded.

use copybench::analysis::{Measurements, median};
use std::collections::BTreeMap;
use std::path::Path;

/// Of the faster half of a run's strategies, the logarithms of times without what their strategy and
/// their round explain.
pub(crate) fn noise(run: &str) -> Vec<f64> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/runs").join(run).join("run.jsonl");
    let measured = Measurements::read_files(&[path]).unwrap();
    let strategies = measured.series.values().next().unwrap();
    let mut series: Vec<BTreeMap<u32, f64>> = (strategies.values().flat_map(BTreeMap::values))
        .map(|series| {
            series.observations.iter().filter_map(|seen| Some((seen.round?, seen.time.ln()))).collect()
        })
        .collect();
    let middle = |values: Vec<f64>| median(&values).unwrap();
    series.sort_by(|left, right| {
        let [left, right] = [left, right].map(|series| middle(series.values().copied().collect()));
        left.total_cmp(&right)
    });
    series.truncate(series.len() / 2);
    for series in &mut series {
        let usual = middle(series.values().copied().collect());
        series.values_mut().for_each(|value| *value -= usual);
    }
    let mut rounds: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for (round, value) in series.iter().flatten() {
        rounds.entry(*round).or_default().push(*value);
    }
    rounds
        .into_values()
        .flat_map(|values| {
            let usual = middle(values.clone());
            values.into_iter().map(move |value| value - usual)
        })
        .collect()
}

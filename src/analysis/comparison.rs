//! Runs of different times, or two executables in one run, against each other.

mod evidence;

pub use evidence::{ENOUGH_PROCESSES, Estimate, Options};

use self::evidence::{Sides, judge};
use super::Verdict;
use super::kind::PHYSICAL_LIMIT;
use super::series::Measurements;
use crate::record::is_limit;
use serde::{Serialize, Serializer};

/// One strategy in one cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Id of the cell.
    pub cell: String,
    /// Name of the strategy.
    pub strategy: String,
    /// Its time relative to the base strategy's of the same round. That of the base strategy itself
    /// is relative to the machine's limit where both sides have it, else it is `raw`.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Slower even when all rows are to hold at once, and in most processes.
    pub confirmed: bool,
    /// The base strategy of the cell.
    pub base: String,
    /// What the time is relative to; none where it stands by itself.
    #[serde(skip)]
    pub relative_to: Option<String>,
    /// Processes of each side.
    pub processes: [usize; 2],
    /// Standard deviation, as a logarithm, that processes add to their rounds; the larger side.
    pub process_spread: Option<f64>,
    /// Its time by itself; serialised as the word `raw` and the numbers `raw_ratio`, `raw_low` and
    /// `raw_high`.
    #[serde(flatten, serialize_with = "raw_keys")]
    pub raw: Estimate,
}

fn raw_keys<S: Serializer>(raw: &Estimate, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Keys {
        raw: Verdict,
        raw_ratio: Option<f64>,
        raw_low: Option<f64>,
        raw_high: Option<f64>,
    }
    let Estimate { ratio, low, high, verdict } = *raw;
    Keys { raw: verdict, raw_ratio: ratio, raw_low: low, raw_high: high }.serialize(serializer)
}

/// Compares runs that were made at different times.
#[must_use]
pub fn compare(base: &Measurements, new: &Measurements, options: &Options) -> Vec<Row> {
    table(&Sides { base, new, arms: ["this", "this"] }, options)
}

/// Compares the two executables of runs made in turn, `old` as the base of `this`: each strategy
/// with itself in the same round, so that estimate and `raw` are the same.
#[must_use]
pub fn compare_arms(both: &Measurements, options: &Options) -> Vec<Row> {
    table(&Sides { base: both, new: both, arms: ["old", "this"] }, options)
}

/// Compares strategies with the base strategy of the same round: ratio = the base's time / theirs. Cells
/// without the base have no rows.
#[must_use]
pub fn compare_strategies(all: &Measurements, options: &Options) -> Vec<Row> {
    let mut sides = Measurements::default();
    sides.runs.clone_from(&all.runs);
    for (cell, strategies) in &all.series {
        let Some(base) = all.get(cell, &options.base, "this") else { continue };
        let others = strategies.iter().filter(|(name, _)| **name != options.base && !is_limit(name));
        let pairs = others.filter_map(|(name, arms)| {
            let arms = [("old", base), ("this", arms.get("this")?)];
            Some((name.clone(), arms.map(|(arm, series)| (arm.to_owned(), series.clone())).into()))
        });
        sides.series.insert(cell.clone(), pairs.collect());
    }
    let rows = compare_arms(&sides, options).into_iter();
    rows.map(|row| Row { base: options.base.clone(), ..row }).collect()
}

/// Rows of which only those stay confirmed that another measurement confirms too.
#[must_use]
pub fn confirmed_by(rows: Vec<Row>, again: &[Row]) -> Vec<Row> {
    let holds = |row: &Row| {
        again.iter().any(|other| other.confirmed && other.cell == row.cell && other.strategy == row.strategy)
    };
    rows.into_iter().map(|row| Row { confirmed: row.confirmed && holds(&row), ..row }).collect()
}

/// The rows that a gate fails for.
#[must_use]
pub fn confirmed_slower(rows: &[Row]) -> Vec<&Row> {
    rows.iter().filter(|row| row.confirmed && row.estimate.verdict == Verdict::Slower).collect()
}

fn table(sides: &Sides<'_>, options: &Options) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut relative = Vec::new();
    let mut raw = Vec::new();
    for cell in sides.new.series.keys() {
        let common = sides.common(cell);
        let find = |wanted: &str| common.iter().find(|(name, _)| *name == wanted);
        let strategies = || common.iter().find(|(name, _)| !is_limit(name));
        let base = find(&options.base).or_else(strategies).or_else(|| common.first());
        let Some(base) = base else { continue };
        let prior = sides.prior(&common);
        for (name, pair) in &common {
            // The base strategy has the machine's limit to be held against, if that was measured.
            let to = if *name == base.0 {
                find(PHYSICAL_LIMIT).filter(|limit| limit.0 != *name)
            } else {
                Some(base)
            };
            // Two executables in one round need nothing between them, whose noise would be added.
            let to = to.filter(|_| !sides.in_turn());
            rows.push((cell, *name, base.0, to.map(|to| to.0)));
            relative.push(to.map(|to| sides.relative(to.1, *pair, &prior)));
            raw.push(Some(sides.raw(*pair, &prior)));
        }
    }
    let judged = judge(&relative, options).into_iter().zip(judge(&raw, options));
    rows.into_iter()
        .zip(judged)
        .filter_map(|((cell, strategy, base, relative_to), (relative, raw))| {
            let raw_estimate = raw.as_ref().map_or(Estimate::NOTHING, |raw| raw.estimate);
            let shown = relative.or(raw)?;
            Some(Row {
                cell: cell.clone(),
                strategy: strategy.to_owned(),
                estimate: shown.estimate,
                confirmed: shown.confirmed && !is_limit(strategy),
                base: base.to_owned(),
                relative_to: relative_to.map(str::to_owned),
                processes: shown.processes,
                process_spread: shown.spread,
                raw: raw_estimate,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;

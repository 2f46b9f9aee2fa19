//! Times of the same round against each other: what slows a whole round cancels.

use super::ratio::trimmed_mean;
use super::series::Series;
use std::collections::BTreeMap;

/// Logarithms of times by process and round.
pub type Rounds = BTreeMap<(u32, u32), f64>;

/// The rounds of a series; of several samples of one round the first counts.
#[must_use]
pub fn rounds(series: &Series) -> Rounds {
    let mut rounds = Rounds::new();
    for observation in &series.observations {
        if let Some(round) = observation.round {
            rounds.entry((observation.process, round)).or_insert(observation.time.ln());
        }
    }
    rounds
}

/// d of every round that has both, by process, in the order of rounds.
#[must_use]
pub fn pairs(base: &Rounds, other: &Rounds) -> Vec<Vec<f64>> {
    let mut processes: Vec<Vec<f64>> = Vec::new();
    let mut current = None;
    let mut rest = base.iter().peekable();
    for (at, other) in other {
        while rest.next_if(|(base, _)| *base < at).is_some() {}
        let Some((_, base)) = rest.next_if(|(base, _)| *base == at) else { continue };
        if current != Some(at.0) {
            current = Some(at.0);
            processes.push(Vec::new());
        }
        if let Some(process) = processes.last_mut() {
            process.push(other - base);
        }
    }
    processes
}

/// d of every round that both series have, by process; of samples outside rounds one d a process,
/// between what is typical of each.
#[must_use]
pub fn differences(base: &Series, other: &Series) -> Vec<Vec<f64>> {
    let pairs = pairs(&rounds(base), &rounds(other));
    if !pairs.is_empty() {
        return pairs;
    }
    let typical = |series: &Series| -> BTreeMap<u32, f64> {
        let of = |(process, values): (u32, Vec<f64>)| Some((process, trimmed_mean(&values)?));
        by_process(series).into_iter().filter_map(of).collect()
    };
    let base = typical(base);
    let d = |(process, other)| Some(vec![other - base.get(&process)?]);
    typical(other).into_iter().filter_map(d).collect()
}

/// [`differences`] of those that are next to each other.
pub fn neighbours(arms: &[&Series]) -> impl Iterator<Item = Vec<Vec<f64>>> {
    arms.windows(2).map(|two| differences(two[0], two[1]))
}

/// Logarithms of all times of a series, by process.
#[must_use]
pub fn by_process(series: &Series) -> BTreeMap<u32, Vec<f64>> {
    let mut processes: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for value in &series.observations {
        processes.entry(value.process).or_default().push(value.time.ln());
    }
    processes
}

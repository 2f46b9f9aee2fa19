//! Runs of the same cells on several kernels: what a strategy costs on one against an older one.

use super::pairs::by_process;
use super::ratio::{Difference, Prior, estimates};
use super::series::Series;
use super::{Interval, Margin, Measurements, Options, Verdict, compare};
use crate::record::{Clock, RunLine};
use std::collections::BTreeMap;

/// Two boots of one kernel are held to this agreement, as a logarithm: what is less may be
/// chance even where the boots at hand agree better.
pub const AGREEMENT: f64 = 0.001;
/// Probability with which an interval misses.
const ALPHA: f64 = 0.05;
/// What counts as the same number of instructions, as a fraction, unless the user says otherwise.
pub const INSTRUCTIONS_MARGIN: f64 = 0.002;

/// A kernel's cost against an older one's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Older time or count over this one: more than 1 is faster.
    pub ratio: f64,
    /// Its interval; none where the data carry none.
    pub interval: Option<Interval>,
    /// What the interval says against the margin.
    pub verdict: Verdict,
}

/// Changes by cell and strategy from one kernel's run to another's; none between times of
/// guests under plain emulation.
#[must_use]
pub fn changes(
    old: &Measurements,
    new: &Measurements,
    base: &str,
    margin: Margin,
) -> BTreeMap<(String, String), Change> {
    let runs = || old.runs.iter().chain(&new.runs);
    if !runs().all(RunLine::is_comparable) {
        return BTreeMap::new();
    }
    if runs().any(|run| run.clock == Clock::Wall) {
        return timed(old, new, base, margin);
    }
    let mut changes = BTreeMap::new();
    for (cell, strategies) in &new.series {
        let boots = [old, new].into_iter().flat_map(|all| all.series.get(cell).into_iter().flatten());
        let prior = prior(boots.filter_map(|(_, arms)| arms.get("this")));
        for (strategy, arms) in strategies {
            let pair = old.get(cell, strategy, "this").zip(arms.get("this"));
            if let Some(change) = pair.and_then(|(old, new)| counted(old, new, &prior, margin)) {
                changes.insert((cell.clone(), strategy.clone()), change);
            }
        }
    }
    changes
}

/// Raw times, with the boot as the unit.
fn timed(
    old: &Measurements,
    new: &Measurements,
    base: &str,
    margin: Margin,
) -> BTreeMap<(String, String), Change> {
    let options = Options { margin, ..Options::new(base) };
    let rows = compare(old, new, &options).into_iter().filter_map(|row| {
        let raw = row.raw;
        let interval = raw.low.zip(raw.high).map(|(low, high)| Interval { low, high });
        Some(((row.cell, row.strategy), Change { ratio: raw.ratio?, interval, verdict: raw.verdict }))
    });
    rows.collect()
}

/// Counted instructions, with the boot as the unit.
fn counted(old: &Series, new: &Series, prior: &Prior, margin: Margin) -> Option<Change> {
    let [olds, news] = [old, new].map(|series| by_process(series).into_values().collect::<Vec<_>>());
    let ratio = Difference::typical(&olds)? - Difference::typical(&news)?;
    let sound = old.broken + new.broken == 0;
    let difference = Difference::of(&news, prior).zip(Difference::of(&olds, prior)).filter(|_| sound);
    let estimate = difference.map(|(new, old)| new.beyond(&old).biased(AGREEMENT).ratio(ALPHA));
    let estimate = estimate.filter(|estimate| !estimate.one_process);
    Some(Change {
        ratio: ratio.exp(),
        interval: estimate.map(|estimate| estimate.interval()),
        verdict: estimate.map_or(Verdict::Unclear, |estimate| estimate.verdict(margin)),
    })
}

/// What the boots of all strategies of a cell tell of how far boots differ.
fn prior<'a>(series: impl Iterator<Item = &'a Series>) -> Prior {
    let boots: Vec<Vec<Vec<f64>>> = series.map(|series| by_process(series).into_values().collect()).collect();
    Prior::fit(boots.iter().map(Vec::as_slice))
}

/// How far apart the boots of a series are, as a fraction; none for a single boot.
#[must_use]
pub fn disagreement(series: &Series) -> Option<f64> {
    let boots: Vec<Vec<f64>> = by_process(series).into_values().collect();
    let low = estimates(&boots).reduce(f64::min)?;
    let high = estimates(&boots).reduce(f64::max)?;
    (boots.len() > 1).then(|| (high - low).exp_m1())
}

/// In what the kernels were built or booted differently, each with its value in every run: words
/// of the command line, then options of the configurations, `n` where one is not set. Runs without
/// a configuration have no say.
#[must_use]
pub fn differences(runs: &[&RunLine]) -> Vec<(String, Vec<String>)> {
    let words = runs.iter().map(|run| appended(run).unwrap_or("–").to_owned()).collect::<Vec<_>>();
    let apart = words.iter().any(|one| *one != words[0]).then(|| ("command line".to_owned(), words));
    apart.into_iter().chain(config_differences(runs)).collect()
}

/// What was appended to the kernel's command line.
#[must_use]
pub fn appended(run: &RunLine) -> Option<&str> {
    run.guest.as_ref().map(|guest| guest.append.as_str()).filter(|words| !words.is_empty())
}

fn config_differences(runs: &[&RunLine]) -> Vec<(String, Vec<String>)> {
    let configs: Vec<Option<&BTreeMap<String, String>>> = runs
        .iter()
        .map(|run| run.guest.as_ref().map(|guest| &guest.config).filter(|config| !config.is_empty()))
        .collect();
    let mut names: Vec<&String> = configs.iter().flatten().flat_map(|config| config.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let value = |config: &Option<&BTreeMap<String, String>>, name: &String| match config {
        None => "?".to_owned(),
        Some(config) => config.get(name).map_or("n", String::as_str).to_owned(),
    };
    names
        .into_iter()
        .map(|name| (name.clone(), configs.iter().map(|config| value(config, name)).collect()))
        .filter(|(_, values): &(String, Vec<String>)| {
            let mut known = values.iter().filter(|value| *value != "?");
            let first = known.next();
            known.any(|value| Some(value) != first)
        })
        .collect()
}

/// A key by which releases sort from old to new: `6.9` before `6.12`.
#[must_use]
pub fn age(release: &str) -> Vec<u64> {
    version(release).split('.').map(|number| number.parse().unwrap_or(0)).collect()
}

/// The numbers of a release: `6.12.95` of `6.12.95+deb12-cloud-amd64`.
#[must_use]
pub fn version(release: &str) -> &str {
    release.split(['-', '+', '~']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::example::{Example, sample};
    use crate::record::GuestLine;

    fn guest(accel: &str, config: &[(&str, &str)]) -> Option<Box<GuestLine>> {
        let config = config.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Some(Box::new(GuestLine { accel: accel.to_owned(), config, ..GuestLine::default() }))
    }

    /// A run with these counts of one strategy, a list for each boot.
    fn kernel(boots: &[&[u64]]) -> Measurements {
        let mut example = Example::default();
        for (boot, counts) in boots.iter().enumerate() {
            for (round, count) in counts.iter().enumerate() {
                let mut line = sample("c", "s", round as u32, 0.0);
                line.copies.elapsed = vec![*count];
                line.process = boot as u32 + 1;
                example = example.with(line);
            }
        }
        let mut all = example.measurements();
        for run in &mut all.runs {
            run.clock = Clock::Instructions;
            run.guest = guest("instructions", &[]);
        }
        all
    }

    fn change(old: &Measurements, new: &Measurements) -> Option<Change> {
        let margin = Margin::from_fraction(INSTRUCTIONS_MARGIN).unwrap();
        changes(old, new, "s", margin).remove(&("c".to_owned(), "s".to_owned()))
    }

    const OLD: &[&[u64]] = &[&[1_000_000, 1_000_100, 1_000_050], &[1_000_200, 1_000_150, 1_000_100]];

    #[test]
    fn half_a_per_cent_is_seen_and_what_boots_differ_by_is_not() {
        let old = kernel(OLD);
        let slower = change(&old, &kernel(&[&[1_005_100], &[1_005_200]])).unwrap();
        assert_eq!(slower.verdict, Verdict::Slower);
        assert!((slower.ratio - 0.995).abs() < 2e-4);
        assert_eq!(change(&old, &old).unwrap().verdict, Verdict::Same);
        let apart = change(&old, &kernel(&[&[1_000_000], &[1_010_000]])).unwrap();
        assert_eq!(apart.verdict, Verdict::Unclear);
        assert!(disagreement(old.get("c", "s", "this").unwrap()).unwrap() < 2e-4);
    }

    #[test]
    fn one_boot_decides_nothing() {
        let one = change(&kernel(OLD), &kernel(&[&[500_000]])).unwrap();
        assert_eq!((one.verdict, one.interval), (Verdict::Unclear, None));
    }

    #[test]
    fn times_of_plain_emulation_are_never_compared() {
        let mut emulated = kernel(OLD);
        emulated.runs[0].guest = guest("tcg", &[]);
        assert_eq!(change(&kernel(OLD), &emulated), None);
    }

    #[test]
    fn options_that_differ_are_told_with_their_values() {
        let mut runs = [kernel(OLD).runs.remove(0), kernel(OLD).runs.remove(0), kernel(OLD).runs.remove(0)];
        runs[0].guest = guest("kvm", &[("CONFIG_HZ", "250")]);
        runs[1].guest = guest("kvm", &[("CONFIG_HZ", "250"), ("CONFIG_LRU_GEN", "y")]);
        let lines: Vec<&RunLine> = runs.iter().collect();
        let text = |values: [&str; 3]| values.map(str::to_owned).to_vec();
        assert_eq!(differences(&lines), [("CONFIG_LRU_GEN".to_owned(), text(["n", "y", "?"]))]);
        let words = |words: &str| GuestLine { append: words.to_owned(), ..GuestLine::default() };
        runs[1].guest = Some(Box::new(words("mitigations=off")));
        let lines: Vec<&RunLine> = runs.iter().collect();
        assert_eq!(differences(&lines), [("command line".to_owned(), text(["–", "mitigations=off", "–"]))]);
    }

    #[test]
    fn releases_sort_by_their_numbers() {
        assert!(age("6.9.1-amd64") < age("6.12.95+deb12-cloud-amd64"));
        assert_eq!(version("7.3-cloud-amd64"), "7.3");
    }
}

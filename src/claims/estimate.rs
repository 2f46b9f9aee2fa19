//! From samples to a figure with its interval: pure functions.

use super::figure::{Figure, Quantity};
use crate::analysis::interval::{Interval, median};
use crate::analysis::pairs::{Rounds, pairs};
use crate::analysis::ratio::{Difference, Prior};
use crate::record::{Clock, SampleLine};
use std::collections::{BTreeMap, BTreeSet};

/// By how much faults of one strategy must differ from copy to copy to be of two kinds: a folio of
/// several pages takes one fault where single pages take one each.
const APART: f64 = 4.0;

/// A figure, and where it lies surely.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The ratio or level.
    pub value: f64,
    /// None where there are too few processes to tell.
    pub interval: Option<Interval>,
    /// What the interval is from; none for a count, which hardly differs from copy to copy.
    pub difference: Option<Difference>,
    /// The same for each kind of copies, where there are two.
    pub modes: Vec<Mode>,
}

/// Copies that took their faults in one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Mode {
    /// Whose faults, and how many of them.
    pub name: String,
    /// ln of the figure.
    pub difference: Difference,
}

/// Samples of one cell, in passes that began anew with another process and other files; a pass is a
/// process in the samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Samples<'a> {
    pub(super) lines: &'a [SampleLine],
    pub(super) size: u64,
    /// What times are counted in. Under the clock of instructions a copy with a voluntary context
    /// switch has counted others' work, so it is left out.
    pub(super) clock: Clock,
}

impl Estimate {
    /// Of a count.
    pub(super) fn exact(value: f64) -> Self {
        let interval = Some(Interval { low: value, high: value });
        Self { value, interval, difference: None, modes: Vec::new() }
    }

    /// Of what is known as a logarithm.
    pub(super) fn of(difference: Difference, alpha: f64) -> Self {
        let interval = (difference.processes > 1).then(|| difference.interval(alpha).exp());
        Self { value: difference.estimate.exp(), interval, difference: Some(difference), modes: Vec::new() }
    }
}

impl<'a> Samples<'a> {
    /// The figure with an interval that misses with probability `alpha`; none where nothing tells of it.
    pub(super) fn estimate(self, figure: Figure, alpha: f64) -> Option<Estimate> {
        if !figure.quantity().is_noisy() {
            return self.count(figure);
        }
        let prior = self.prior(figure.quantity());
        let values = self.values(figure);
        let difference = Difference::of(&by_pass(&values), &prior)?;
        Some(Estimate { modes: self.modes(figure, &values, &prior), ..Estimate::of(difference, alpha) })
    }

    /// Rounds in which all of the strategies were measured.
    pub(super) fn rounds(self, strategies: &[&str]) -> usize {
        let of = |strategy: &&str| {
            self.lines.iter().filter(|line| line.strategy == **strategy && line.round.is_some()).count()
        };
        strategies.iter().map(of).min().unwrap_or(0)
    }

    /// Whether any copy by the strategy shared extents with its source.
    pub(super) fn shares(self, strategy: &str) -> bool {
        self.lines
            .iter()
            .any(|line| line.strategy == strategy && line.copies.shared_bytes.is_some_and(|bytes| bytes > 0))
    }

    /// Whether most copies by the strategy, in some pass, had voluntary context switches.
    pub(super) fn waits(self, strategy: &str) -> bool {
        let mut passes: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
        for line in self.lines_of(strategy).filter(|line| line.round.is_some()) {
            let (waits, all) = passes.entry(line.process).or_default();
            *waits += usize::from(waited(line));
            *all += 1;
        }
        passes.values().any(|(waits, all)| waits * 2 > *all)
    }

    /// ln of the figure in every round that has it.
    fn values(self, figure: Figure) -> Rounds {
        match figure {
            Figure::Ratio { of, base, other } => {
                let (base, other) = (self.by_round(of, base), self.by_round(of, other));
                base.iter().filter_map(|(at, base)| Some((*at, (base / other.get(at)?).ln()))).collect()
            }
            Figure::Level { of, strategy } => {
                let divisor = of.divisor(self.size);
                self.by_round(of, strategy)
                    .into_iter()
                    .map(|(at, value)| (at, (value / divisor).ln()))
                    .collect()
            }
        }
    }

    /// What the other strategies of the cell tell of how far passes differ.
    fn prior(self, of: Quantity) -> Prior {
        let names: BTreeSet<&str> = self.lines.iter().map(|line| line.strategy.as_str()).collect();
        let logarithms =
            |name| self.by_round(of, name).into_iter().map(|(at, value)| (at, value.ln())).collect();
        let series: Vec<Rounds> = names.into_iter().map(logarithms).collect();
        let neighbours = series.windows(2).map(|two| pairs(&two[0], &two[1]));
        Prior::fit(neighbours.collect::<Vec<_>>().iter().map(Vec::as_slice))
    }

    /// The figure by how the copies of one of its strategies took their faults, where they took them in
    /// two ways, each in more than one pass.
    fn modes(self, figure: Figure, values: &Rounds, prior: &Prior) -> Vec<Mode> {
        let two_ways = |strategy: &'static str| {
            let faults = self.by_round(Quantity::Faults, strategy);
            let (least, most) = (
                faults.values().copied().fold(f64::INFINITY, f64::min).max(1.0),
                faults.values().copied().fold(0.0, f64::max),
            );
            let middle = (least * most).sqrt();
            let mode = |few: bool| {
                let of = |(at, value): (&(u32, u32), &f64)| {
                    faults.get(at).is_some_and(|faults| (*faults < middle) == few).then_some((*at, *value))
                };
                let values: Rounds = values.iter().filter_map(of).collect();
                let faults = if few { least } else { most } / Quantity::Faults.divisor(self.size);
                let difference =
                    Difference::of(&by_pass(&values), prior).filter(|seen| seen.processes > 1)?;
                Some(Mode { name: format!("{strategy} with {faults:.0} faults a MiB"), difference })
            };
            (most >= APART * least).then(|| Some(vec![mode(true)?, mode(false)?])).flatten()
        };
        figure.strategies().into_iter().find_map(two_ways).unwrap_or_default()
    }

    fn lines_of<'b>(self, strategy: &'b str) -> impl Iterator<Item = &'a SampleLine> + use<'a, 'b> {
        self.lines.iter().filter(move |line| line.strategy == strategy)
    }

    fn by_round(self, of: Quantity, strategy: &str) -> Rounds {
        let counts = |line: &&SampleLine| self.clock == Clock::Wall || !waited(line);
        let lines = self.lines_of(strategy).filter(counts);
        lines.filter_map(|line| Some(((line.process, line.round?), of.of(line)?))).collect()
    }

    /// Of counts, whose medians stand for themselves.
    fn count(self, figure: Figure) -> Option<Estimate> {
        let of = figure.quantity();
        match figure {
            Figure::Ratio { base, other, .. } => {
                let (base, other) = (self.typical(of, base)?, self.typical(of, other)?);
                // Two memories too small to be seen are not equal but unknown.
                let seen = of != Quantity::PrivateMemory || base.max(other) >= of.floor();
                seen.then(|| Estimate::exact(base.max(of.floor()) / other.max(of.floor())))
            }
            Figure::Level { strategy, .. } => {
                Some(Estimate::exact(self.typical(of, strategy)? / of.divisor(self.size)))
            }
        }
    }

    /// The median of a count over the samples that tell it.
    fn typical(self, of: Quantity, strategy: &str) -> Option<f64> {
        if of == Quantity::Entries {
            let part = |of| self.typical(of, strategy);
            return Some(part(Quantity::Calls)? + part(Quantity::Faults)?);
        }
        median(&self.lines_of(strategy).filter_map(|line| of.of(line)).collect::<Vec<_>>())
    }
}

fn by_pass(values: &Rounds) -> Vec<Vec<f64>> {
    let mut passes: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for ((pass, _), value) in values {
        passes.entry(*pass).or_default().push(*value);
    }
    passes.into_values().collect()
}

fn waited(line: &SampleLine) -> bool {
    line.copies.counter("voluntary_switches").is_some_and(|count| count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Copies;

    fn line(
        strategy: &str,
        pass: u32,
        round: Option<u32>,
        elapsed: u64,
        counters: &[(&str, u64)],
    ) -> SampleLine {
        let counters = counters.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect();
        let copies = Copies {
            elapsed: if round.is_some() { vec![elapsed] } else { Vec::new() },
            bytes: 1 << 20,
            shared_bytes: Some(0),
            allocated_bytes: Some(1 << 20),
            counters: Some(counters),
        };
        SampleLine { round, process: pass, ..copies.line("c".to_owned(), strategy) }
    }

    const TIME: Figure = Figure::Ratio { of: Quantity::Time, base: "slow", other: "fast" };

    fn timed<const N: usize>(rounds: u32, times: [(u64, u64); N]) -> Vec<SampleLine> {
        let mut lines = Vec::new();
        for (pass, (slow, fast)) in (1..).zip(times) {
            for round in 0..rounds {
                lines.push(line("slow", pass, Some(round), slow, &[]));
                lines.push(line("fast", pass, Some(round), fast, &[]));
            }
        }
        lines
    }

    fn samples(lines: &[SampleLine]) -> Samples<'_> {
        Samples { lines, size: 1 << 20, clock: Clock::Wall }
    }

    #[test]
    fn passes_show_how_far_the_figure_moves() {
        let close = samples(&timed(12, [(200, 100), (202, 100), (198, 100)])).estimate(TIME, 0.05).unwrap();
        assert!((close.value - 2.0).abs() < 0.01, "{close:?}");
        let interval = close.interval.unwrap();
        assert!(interval.low < 1.98 && interval.low > 1.9 && interval.high > 2.02 && interval.high < 2.1);
        let apart = samples(&timed(12, [(200, 100), (300, 100), (400, 100)])).estimate(TIME, 0.05).unwrap();
        assert!(apart.interval.unwrap().high > 4.0, "{apart:?}");
    }

    #[test]
    fn a_single_pass_carries_no_interval() {
        let lines = timed(12, [(200, 100)]);
        assert_eq!(samples(&lines).estimate(TIME, 0.05).unwrap().interval, None);
        assert_eq!(
            samples(&lines).estimate(Figure::Ratio { of: Quantity::Time, base: "slow", other: "gone" }, 0.05),
            None
        );
        assert_eq!(samples(&lines).rounds(&["slow", "fast"]), 12);
    }

    #[test]
    fn copies_that_counted_others_work_are_left_out_under_instructions() {
        let of = |lines: &[SampleLine]| {
            let samples = Samples { lines, size: 1 << 20, clock: Clock::Instructions };
            (samples.estimate(TIME, 0.05).unwrap(), samples.waits("slow"))
        };
        let mut lines = timed(3, [(200, 100), (210, 100)]);
        lines.push(line("slow", 1, Some(3), 9000, &[("voluntary_switches", 1)]));
        lines.push(line("fast", 1, Some(3), 100, &[]));
        let (estimate, waits) = of(&lines);
        assert!(estimate.value < 2.1 && estimate.value > 2.0 && !waits);
        lines.retain(|line| line.process == 2 || line.strategy == "fast" || line.round > Some(1));
        lines.push(line("slow", 1, Some(4), 9000, &[("voluntary_switches", 1)]));
        assert!(of(&lines).1, "two of three waited");
    }

    #[test]
    fn copies_that_fault_in_two_ways_are_told_apart() {
        let mut lines = Vec::new();
        for (pass, faults, time) in [(1, 16, 100), (2, 256, 400), (3, 16, 102), (4, 256, 404)] {
            for round in 0..6 {
                let counters = [("minor_faults", faults), ("major_faults", 0)];
                lines.push(line("slow", pass, Some(round), time, &counters));
                lines.push(line("fast", pass, Some(round), 200, &[("minor_faults", 2), ("major_faults", 0)]));
            }
        }
        let estimate = samples(&lines).estimate(TIME, 0.05).unwrap();
        let [few, many] = &estimate.modes[..] else { panic!("{estimate:?}") };
        assert_eq!(
            (few.name.as_str(), many.name.as_str()),
            ("slow with 16 faults a MiB", "slow with 256 faults a MiB")
        );
        assert!(few.difference.estimate < -0.6 && many.difference.estimate > 0.6);
    }

    #[test]
    fn counts_are_levels_a_mebibyte_and_ratios_with_a_floor() {
        let mut lines = vec![
            line("mapped", 1, None, 0, &[("calls.total", 10), ("peak_private_bytes", 0)]),
            line("looped", 1, None, 0, &[("calls.total", 40), ("peak_private_bytes", 262_144)]),
        ];
        lines.push(line("mapped", 1, Some(0), 5, &[("minor_faults", 512), ("major_faults", 0)]));
        let samples = Samples { lines: &lines, size: 2 << 20, clock: Clock::Wall };
        let value = |figure| samples.estimate(figure, 0.05).map(|estimate| estimate.value);
        let ratio = |of| value(Figure::Ratio { of, base: "looped", other: "mapped" }).unwrap();
        assert!((ratio(Quantity::Calls) - 4.0).abs() < 1e-9);
        assert!((ratio(Quantity::PrivateMemory) - 64.0).abs() < 1e-9);
        let level = |of| value(Figure::Level { of, strategy: "mapped" });
        assert_eq!(level(Quantity::Faults), Some(256.0));
        assert_eq!(level(Quantity::Entries), Some(261.0));
        assert_eq!(level(Quantity::Shared), Some(0.0));
        let unseen = [("slow", 0), ("fast", 0)]
            .map(|(name, bytes)| line(name, 1, None, 0, &[("peak_private_bytes", bytes)]));
        let samples = Samples { lines: &unseen, size: 1 << 20, clock: Clock::Wall };
        let memory = Figure::Ratio { of: Quantity::PrivateMemory, base: "slow", other: "fast" };
        assert_eq!(samples.estimate(memory, 0.05), None);
        assert_eq!(value(Figure::Level { of: Quantity::Calls, strategy: "gone" }), None);
    }
}

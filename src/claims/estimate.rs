//! From samples to a figure with its interval: pure functions.

use super::figure::{Figure, Quantity};
use crate::analysis::interval::{Interval, median, median_interval};
use crate::record::{Clock, SampleLine};
use std::collections::BTreeMap;

/// Confidence of the interval of each pass.
const CONFIDENCE: f64 = 0.95;
/// Fewest rounds of a pass that carry such an interval.
const ROUNDS: usize = 8;

/// A figure, and where it lies surely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The ratio or level.
    pub value: f64,
    /// None where there are too few rounds.
    pub interval: Option<Interval>,
}

/// Samples of one cell, in passes that began anew with other files; a pass is a process in the
/// samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Samples<'a> {
    pub(super) lines: &'a [SampleLine],
    pub(super) size: u64,
    /// What times are counted in. Under the clock of instructions a copy that gave up the processor
    /// has counted others' work, so it is left out; and rounds differ by what no chance decides, so
    /// a boot's median stands for itself, and only boots show how far it moves.
    pub(super) clock: Clock,
}

impl Samples<'_> {
    /// The figure; none where nothing tells of it. Intervals of times reach further by `drift`.
    pub(super) fn estimate(self, figure: Figure, drift: f64) -> Option<Estimate> {
        let passes = self.passes();
        let estimates: Vec<Estimate> = passes.iter().filter_map(|pass| self.of_pass(figure, *pass)).collect();
        let noisy = figure.quantity().is_noisy();
        let values =
            estimates.iter().map(|estimate| if noisy { estimate.value.ln() } else { estimate.value });
        let value = median(&values.collect::<Vec<_>>())?;
        let value = if noisy { value.exp() } else { value };
        let alone = self.clock == Clock::Instructions && noisy && estimates.len() < 2;
        let intervals: Option<Vec<Interval>> =
            estimates.iter().map(|estimate| estimate.interval.filter(|_| !alone)).collect();
        // Each pass holds the truth of its own files and moment; together they show how far that moves.
        let hull = intervals.and_then(|intervals| intervals.into_iter().reduce(Interval::hull));
        let drift = if noisy { drift } else { 1.0 };
        let interval = hull.map(|hull| Interval { low: hull.low / drift, high: hull.high * drift });
        Some(Estimate { value, interval })
    }

    /// Rounds in which all of the strategies were measured.
    pub(super) fn rounds(self, strategies: &[&str]) -> usize {
        let of = |strategy: &&str| {
            self.lines.iter().filter(|line| line.strategy == **strategy && line.round.is_some()).count()
        };
        strategies.iter().map(of).min().unwrap_or(0)
    }

    /// Whether a copy by the strategy shared extents with its source.
    pub(super) fn shares(self, strategy: &str) -> bool {
        self.lines
            .iter()
            .any(|line| line.strategy == strategy && line.copies.shared_bytes.is_some_and(|bytes| bytes > 0))
    }

    /// Whether most copies by the strategy, in some pass, gave up the processor.
    pub(super) fn waits(self, strategy: &str) -> bool {
        self.passes().into_iter().any(|pass| {
            let timed: Vec<_> = self.lines_of(strategy, pass).filter(|line| line.round.is_some()).collect();
            timed.iter().filter(|line| waited(line)).count() * 2 > timed.len()
        })
    }

    /// From logarithms, one a round in the order of measuring.
    fn estimate_of(self, values: &[f64]) -> Option<Estimate> {
        let value = median(values)?.exp();
        if self.clock == Clock::Instructions {
            return Some(exact(value));
        }
        let interval =
            if values.len() < ROUNDS { None } else { median_interval(values, CONFIDENCE).map(Interval::exp) };
        Some(Estimate { value, interval })
    }

    fn passes(self) -> Vec<u32> {
        let mut passes: Vec<u32> = self.lines.iter().map(|line| line.process).collect();
        passes.sort_unstable();
        passes.dedup();
        passes
    }

    fn of_pass(self, figure: Figure, pass: u32) -> Option<Estimate> {
        let of = figure.quantity();
        match figure {
            Figure::Ratio { base, other, .. } if of.is_noisy() => {
                let (base, other) = (self.by_round(of, base, pass), self.by_round(of, other, pass));
                let ratios = base.iter().filter_map(|(round, base)| Some((base / other.get(round)?).ln()));
                self.estimate_of(&ratios.collect::<Vec<_>>())
            }
            Figure::Level { strategy, .. } if of.is_noisy() => {
                let divisor = of.divisor(self.size);
                let values = self.by_round(of, strategy, pass).into_values();
                self.estimate_of(&values.map(|value| (value / divisor).ln()).collect::<Vec<_>>())
            }
            Figure::Ratio { base, other, .. } => {
                let (base, other) = (self.count(of, base, pass)?, self.count(of, other, pass)?);
                // Two memories too small to be seen are not equal but unknown.
                let seen = of != Quantity::PrivateMemory || base.max(other) >= of.floor();
                seen.then(|| exact(base.max(of.floor()) / other.max(of.floor())))
            }
            Figure::Level { strategy, .. } => {
                Some(exact(self.count(of, strategy, pass)? / of.divisor(self.size)))
            }
        }
    }

    fn lines_of<'b>(&'b self, strategy: &'b str, pass: u32) -> impl Iterator<Item = &'b SampleLine> {
        self.lines.iter().filter(move |line| line.strategy == strategy && line.process == pass)
    }

    fn by_round(self, of: Quantity, strategy: &str, pass: u32) -> BTreeMap<u32, f64> {
        let counts = |line: &&SampleLine| self.clock == Clock::Wall || !waited(line);
        let lines = self.lines_of(strategy, pass).filter(counts);
        lines.filter_map(|line| Some((line.round?, of.of(line)?))).collect()
    }

    /// The median of a count over the samples that tell it.
    fn count(self, of: Quantity, strategy: &str, pass: u32) -> Option<f64> {
        if of == Quantity::Entries {
            let part = |of| self.count(of, strategy, pass);
            return Some(part(Quantity::Calls)? + part(Quantity::Faults)?);
        }
        median(&self.lines_of(strategy, pass).filter_map(|line| of.of(line)).collect::<Vec<_>>())
    }
}

fn exact(value: f64) -> Estimate {
    Estimate { value, interval: Some(Interval { low: value, high: value }) }
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

    fn timed(rounds: u32, times: [(u64, u64); 2]) -> Vec<SampleLine> {
        let mut lines = Vec::new();
        for (pass, (slow, fast)) in (1..).zip(times) {
            for round in 0..rounds {
                lines.push(line("slow", pass, Some(round), slow, &[]));
                lines.push(line("fast", pass, Some(round), fast, &[]));
            }
        }
        lines
    }

    #[test]
    fn the_interval_covers_both_passes_and_the_drift() {
        let lines = timed(12, [(200, 100), (300, 100)]);
        let estimate =
            Samples { lines: &lines, size: 1 << 20, clock: Clock::Wall }.estimate(TIME, 1.03).unwrap();
        assert!((estimate.value - 6.0_f64.sqrt()).abs() < 1e-9, "{estimate:?}");
        let interval = estimate.interval.unwrap();
        assert!((interval.low - 2.0 / 1.03).abs() < 1e-9 && (interval.high - 3.0 * 1.03).abs() < 1e-9);
    }

    #[test]
    fn boots_stand_for_themselves_under_counted_instructions() {
        let of = |lines: &[SampleLine]| {
            let samples = Samples { lines, size: 1 << 20, clock: Clock::Instructions };
            (samples.estimate(TIME, 1.0).unwrap(), samples.waits("slow"))
        };
        // Fewer rounds than an interval of times takes, one of which counted others' work.
        let mut lines = timed(3, [(200, 100), (210, 100)]);
        lines.push(line("slow", 1, Some(3), 9000, &[("voluntary_switches", 1)]));
        lines.push(line("fast", 1, Some(3), 100, &[]));
        let (estimate, waits) = of(&lines);
        let interval = estimate.interval.unwrap();
        assert!((interval.low - 2.0).abs() < 1e-9 && (interval.high - 2.1).abs() < 1e-9 && !waits);
        assert_eq!(of(&timed(3, [(200, 100), (210, 100)])[..6]).0.interval, None, "one boot");
        lines.retain(|line| line.process == 2 || line.strategy == "fast" || line.round > Some(1));
        lines.push(line("slow", 1, Some(4), 9000, &[("voluntary_switches", 1)]));
        assert!(of(&lines).1, "two of three waited");
    }

    #[test]
    fn few_rounds_have_no_interval_and_missing_strategies_no_estimate() {
        let lines = timed(7, [(200, 100), (200, 100)]);
        let samples = Samples { lines: &lines, size: 1 << 20, clock: Clock::Wall };
        assert_eq!(samples.estimate(TIME, 1.03).unwrap().interval, None);
        assert_eq!(
            samples.estimate(Figure::Ratio { of: Quantity::Time, base: "slow", other: "gone" }, 1.03),
            None
        );
        assert_eq!(samples.rounds(&["slow", "fast"]), 14);
    }

    #[test]
    fn counts_are_levels_a_mebibyte_and_ratios_with_a_floor() {
        let mut lines = vec![
            line("mapped", 1, None, 0, &[("calls.total", 10), ("peak_private_bytes", 0)]),
            line("looped", 1, None, 0, &[("calls.total", 40), ("peak_private_bytes", 262_144)]),
        ];
        lines.push(line("mapped", 1, Some(0), 5, &[("minor_faults", 512), ("major_faults", 0)]));
        let samples = Samples { lines: &lines, size: 2 << 20, clock: Clock::Wall };
        let value = |figure| samples.estimate(figure, 1.03).map(|estimate| estimate.value);
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
        assert_eq!(samples.estimate(memory, 1.03), None);
        assert_eq!(value(Figure::Level { of: Quantity::Calls, strategy: "gone" }), None);
    }
}

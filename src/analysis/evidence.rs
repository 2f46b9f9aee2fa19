//! What two sides say about one strategy, and the verdicts once all of a table are known.

use super::comparison::{Estimate, Options};
use super::contrast::{Contrast, Prior};
use super::discovery::threshold;
use super::hierarchy::{mean, process_spread};
use super::pairing::{ProcessEstimate, by_process, ln_ratios, ln_ratios_of_medians, ln_speeds};
use super::series::{Measurements, Series};
use super::{Margin, Verdict, median};

/// Processes a side from which the spread of raw times can be told at all.
pub const ENOUGH_PROCESSES: usize = 3;

/// Raw times that were not taken in turn must differ by this much more, as a logarithm: the
/// machine's drift from one run to the next is in none of their spreads.
const DRIFT: f64 = 0.03;

/// Where the two sides of a comparison are.
pub(super) struct Sides<'a> {
    pub(super) base: &'a Measurements,
    pub(super) new: &'a Measurements,
    pub(super) arms: [&'a str; 2],
}

/// The series of both sides, base first.
pub(super) type Pair<'a> = [&'a Series; 2];

/// What is known about one strategy before correction over the table.
#[derive(Debug)]
pub(super) struct Evidence {
    point: Option<f64>,
    contrast: Option<Contrast>,
    /// Beyond it a difference may be called.
    limit: Margin,
    mostly_slower: bool,
    processes: [usize; 2],
    spread: Option<f64>,
}

/// What is said about one strategy.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    pub(super) estimate: Estimate,
    pub(super) confirmed: bool,
    pub(super) processes: [usize; 2],
    pub(super) spread: Option<f64>,
}

impl Sides<'_> {
    /// Strategies that both sides measured in a cell, by name.
    pub(super) fn common<'a>(&'a self, cell: &str) -> Vec<(&'a str, Pair<'a>)> {
        let Some(strategies) = self.new.series.get(cell) else { return Vec::new() };
        let pair = |name: &str| {
            Some([self.base.get(cell, name, self.arms[0])?, self.new.get(cell, name, self.arms[1])?])
        };
        strategies.keys().filter_map(|name| Some((name.as_str(), pair(name)?))).collect()
    }

    /// A strategy's own time.
    pub(super) fn raw(&self, [old, new]: Pair<'_>, margin: Margin) -> Evidence {
        let pairs = if self.in_turn() { by_process(&ln_ratios(old, new)) } else { Vec::new() };
        let mut evidence = if pairs.is_empty() {
            let (old, new) = (ln_speeds(old), ln_speeds(new));
            Evidence::apart(&old, &new, Prior::Nothing, margin).beyond(margin.widened(DRIFT))
        } else {
            Evidence::in_pairs(&pairs, margin)
        };
        evidence.point = evidence.point.or_else(|| ln_ratio(old, new));
        let enough = evidence.processes.iter().all(|count| *count >= ENOUGH_PROCESSES);
        evidence.only_if(enough && old.broken + new.broken == 0)
    }

    /// A strategy's time relative to that of the base strategy in the same round.
    pub(super) fn relative(&self, base: Pair<'_>, strategy: Pair<'_>, margin: Margin) -> Evidence {
        let rounds = [0, 1].map(|side| ln_ratios(base[side], strategy[side]));
        let [old, new] = [0, 1].map(|side| {
            if rounds[side].is_empty() {
                ln_ratios_of_medians(base[side], strategy[side])
            } else {
                by_process(&rounds[side])
            }
        });
        let mut evidence = Evidence::apart(&old, &new, Prior::Rounds, margin);
        let rough = || Some(ln_ratio(base[1], strategy[1])? - ln_ratio(base[0], strategy[0])?);
        evidence.point = evidence.point.or_else(rough);
        evidence.only_if(base.iter().chain(&strategy).all(|series| series.broken == 0))
    }

    pub(super) fn in_turn(&self) -> bool {
        self.arms[0] != self.arms[1]
    }
}

impl Evidence {
    fn apart(old: &[ProcessEstimate], new: &[ProcessEstimate], prior: Prior, margin: Margin) -> Self {
        let centre = mean(old);
        Self {
            point: centre.and_then(|centre| Some(mean(new)? - centre)),
            contrast: Contrast::between(old, new, prior),
            limit: margin,
            mostly_slower: mostly_slower(new, centre.unwrap_or(f64::NAN), margin),
            processes: [old.len(), new.len()],
            spread: [process_spread(old), process_spread(new)].into_iter().flatten().reduce(f64::max),
        }
    }

    fn in_pairs(pairs: &[ProcessEstimate], margin: Margin) -> Self {
        Self {
            point: mean(pairs),
            contrast: Contrast::of_pairs(pairs, Prior::Rounds),
            limit: margin,
            mostly_slower: mostly_slower(pairs, 0.0, margin),
            processes: [pairs.len(); 2],
            spread: process_spread(pairs),
        }
    }

    fn beyond(self, limit: Margin) -> Self {
        Self { limit, ..self }
    }

    fn only_if(self, sound: bool) -> Self {
        Self { contrast: self.contrast.filter(|_| sound), ..self }
    }

    /// `called` is the error at which a difference may be called, `each` that at which all
    /// comparisons of the table hold at once.
    fn judge(&self, options: &Options, called: f64, each: f64) -> Judged {
        let p = self.contrast.map_or(1.0, |contrast| contrast.p_beyond(self.limit));
        let is_called = p <= called;
        let error = if is_called { called } else { options.error };
        let interval = self.contrast.and_then(|contrast| contrast.interval(error));
        // Without correction an interval may lie beyond the margin by chance.
        let verdict = match options.margin.judge(interval) {
            Verdict::Faster | Verdict::Slower if !is_called => Verdict::Unclear,
            verdict => verdict,
        };
        let ratio = interval.map(super::Interval::exp);
        Judged {
            estimate: Estimate {
                ratio: self.point.map(f64::exp).filter(|ratio| ratio.is_finite()),
                low: ratio.map(|ratio| ratio.low),
                high: ratio.map(|ratio| ratio.high),
                verdict,
            },
            confirmed: verdict == Verdict::Slower && p <= each && self.mostly_slower,
            processes: self.processes,
            spread: self.spread,
        }
    }
}

/// Verdicts on a table's evidence, corrected for how much of it there is.
pub(super) fn judge(table: &[Option<Evidence>], options: &Options) -> Vec<Option<Judged>> {
    let p_values: Vec<f64> = table
        .iter()
        .flatten()
        .filter_map(|evidence| Some(evidence.contrast?.p_beyond(evidence.limit)))
        .collect();
    let called = threshold(&p_values, options.error);
    let each = options.error / p_values.len().max(1) as f64;
    table
        .iter()
        .map(|evidence| evidence.as_ref().map(|evidence| evidence.judge(options, called, each)))
        .collect()
}

fn mostly_slower(processes: &[ProcessEstimate], centre: f64, margin: Margin) -> bool {
    let slower = processes.iter().filter(|process| process.median - centre < -margin.ln()).count();
    2 * slower > processes.len()
}

/// ln(base time / other time) from medians of all samples, however few.
fn ln_ratio(base: &Series, other: &Series) -> Option<f64> {
    let middle =
        |series: &Series| median(&series.observations.iter().map(|value| value.time).collect::<Vec<_>>());
    Some((middle(base)? / middle(other)?).ln())
}

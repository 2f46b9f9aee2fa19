//! From what was seen in a cell to what it says of a claim: pure functions.

use super::claim::{Claim, Experiment, Trial};
use super::estimate::{Estimate, Samples};
use super::figure::Quantity;
use super::line::ClaimLine;
use super::test::{ClaimVerdict, Test};
use crate::analysis::Interval;
use crate::analysis::table::threshold;
use crate::measure::Seen;
use crate::record::Clock;
use std::fmt::Write;

/// Share of false ones among the verdicts of a table, on average.
pub(super) const ALPHA: f64 = 0.05;

/// A claim with what was seen of it, before all of the table are judged.
pub(super) struct Tried {
    line: ClaimLine,
    /// None where the line says already why there is nothing to judge.
    estimate: Option<(Estimate, Test)>,
}

impl From<ClaimLine> for Tried {
    fn from(line: ClaimLine) -> Self {
        Self { line, estimate: None }
    }
}

/// What was seen of a claim on a file system; no evidence where its cell was not measured.
pub(super) fn tried(claim: &Claim, evidence: Option<&Seen>, fs: &str, clock: Clock) -> Tried {
    let line = ClaimLine::new(claim, fs, clock);
    if let Some(reason) = claim.unfit(fs, clock) {
        return line.not_applicable(reason).into();
    }
    let Trial::Here(experiment) = &claim.trial else {
        let id = claim.id;
        return line.not_applicable(format!("it takes two kernels: copybench kernels --claims {id}")).into();
    };
    let Some(evidence) = evidence else { return line.unclear("it was not measured").into() };
    let names = experiment.figure.strategies();
    if let Some(skip) = evidence.skips.iter().find(|skip| skip.strategy == "*") {
        return line.not_applicable(&skip.refused.reason).into();
    }
    if let Some(skip) = evidence.skips.iter().find(|skip| names.contains(&skip.strategy.as_str())) {
        return line.not_applicable(format!("{}: {}", skip.strategy, skip.refused.reason)).into();
    }
    let samples = Samples { lines: &evidence.samples, size: experiment.conditions.size, clock };
    of_samples(experiment, samples, line, clock)
}

fn of_samples(experiment: &Experiment, samples: Samples<'_>, line: ClaimLine, clock: Clock) -> Tried {
    let names = experiment.figure.strategies();
    let of = experiment.figure.quantity();
    if let Some(name) = names.iter().find(|name| of.is_noisy() && !experiment.sharing && samples.shares(name))
    {
        return line.not_applicable(format!("{name} shares extents here, so nothing was copied")).into();
    }
    if let Some(name) = names.iter().find(|name| clock == Clock::Instructions && samples.waits(name)) {
        return line.not_applicable(format!("{name} waits, which has no length in instructions")).into();
    }
    let rounds = of.is_noisy().then(|| samples.rounds(&names));
    let line = ClaimLine { rounds, ..line };
    match samples.estimate(experiment.figure, ALPHA) {
        Some(estimate) => Tried { line, estimate: Some((estimate, experiment.test)) },
        None if of == Quantity::PrivateMemory => line.unclear(uncounted(of)).into(),
        None => line.not_applicable(uncounted(of)).into(),
    }
}

/// Verdicts on all claims of a table, of which on average at most the share [`ALPHA`] is false.
pub(super) fn judge(table: Vec<Tried>) -> Vec<ClaimLine> {
    let p_values: Vec<f64> = table.iter().filter_map(Tried::p).collect();
    let called = threshold(&p_values, ALPHA);
    table.into_iter().map(|seen| seen.judge(called)).collect()
}

impl Tried {
    /// The alpha at which there is a verdict; of two ways of faulting, on both. None for a count.
    fn p(&self) -> Option<f64> {
        let (estimate, test) = self.estimate.as_ref()?;
        let modes = estimate.modes.iter().map(|mode| test.p(&mode.difference));
        modes.reduce(f64::max).or_else(|| Some(test.p(estimate.difference.as_ref()?)))
    }

    fn judge(self, called: f64) -> ClaimLine {
        let is_called = self.p().is_none_or(|p| p <= called);
        // An interval without a verdict may be shown as if it stood alone.
        let alpha = if is_called && called > 0.0 { called } else { ALPHA };
        let Self { line, estimate: Some((estimate, test)) } = self else { return self.line };
        let (line, verdict) = if estimate.modes.is_empty() {
            let wide = estimate.difference.map(|difference| Estimate::of(difference, alpha));
            let estimate = wide.unwrap_or(estimate);
            let verdict = test.judge(estimate.interval);
            let reason = estimate.interval.is_none().then(|| "a single process or boot".to_owned());
            (ClaimLine { reason, ..line.with(&estimate, verdict) }, verdict)
        } else {
            by_mode(line, &estimate, test, alpha)
        };
        ClaimLine { verdict: if is_called { verdict } else { ClaimVerdict::Unclear }, ..line }
    }
}

/// Where copies took their faults in two ways, each has its say.
fn by_mode(line: ClaimLine, estimate: &Estimate, test: Test, alpha: f64) -> (ClaimLine, ClaimVerdict) {
    let modes = || estimate.modes.iter().map(|mode| (mode, mode.difference.interval(alpha).exp()));
    let verdicts: Vec<ClaimVerdict> = modes().map(|(_, interval)| test.judge(Some(interval))).collect();
    let interval = modes().map(|(_, interval)| interval).reduce(Interval::hull);
    let verdict = match verdicts[..] {
        [few, many] if few == many => few,
        ref verdicts if verdicts.contains(&ClaimVerdict::Unclear) => ClaimVerdict::Unclear,
        _ => ClaimVerdict::Depends,
    };
    let mut told = String::new();
    for ((mode, interval), verdict) in modes().zip(&verdicts) {
        let separator = if told.is_empty() { "" } else { "; " };
        let (value, Interval { low, high }) = (mode.difference.estimate.exp(), interval);
        let _ = write!(told, "{separator}{}: {value:.2} ({low:.2} to {high:.2}), {verdict}", mode.name);
    }
    let line = line.with(&Estimate { interval, ..estimate.clone() }, verdict);
    (ClaimLine { reason: Some(told), ..line }, verdict)
}

fn uncounted(of: Quantity) -> &'static str {
    match of {
        Quantity::Calls | Quantity::Entries => {
            "system calls could not be counted; run as root or with CAP_PERFMON"
        }
        Quantity::PrivateMemory => {
            "the copy was over before its memory could be looked at, or took less than this kernel tells of at once"
        }
        Quantity::DeviceReads => "the file system's device does not count its reads",
        _ => "the file system does not tell",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::ratio::Difference;
    use crate::claims::all;
    use crate::claims::estimate::Mode;

    fn difference(estimate: f64) -> Difference {
        Difference { estimate, standard_error: 0.05, degrees_of_freedom: 6.0, processes: 5, bias: 0.0 }
    }

    fn of(estimate: Estimate) -> Tried {
        let claim = all().find(|claim| claim.id == "C03").unwrap();
        let line = ClaimLine::new(claim, "ext4", Clock::Wall);
        Tried { line, estimate: Some((estimate, Test::Direction)) }
    }

    #[test]
    fn one_that_holds_alone_may_not_hold_among_many() {
        let near = || of(Estimate::of(difference(0.135), ALPHA));
        assert_eq!(judge(vec![near()])[0].verdict, ClaimVerdict::Holds);
        let mut table = vec![near()];
        table.extend((0..20).map(|_| of(Estimate::of(difference(0.0), ALPHA))));
        assert_eq!(judge(table)[0].verdict, ClaimVerdict::Unclear);
    }

    #[test]
    fn two_ways_of_faulting_that_disagree_are_told() {
        let mode = |name: &str, estimate| Mode { name: name.to_owned(), difference: difference(estimate) };
        let of_modes = |few, many| {
            let modes = vec![mode("few", few), mode("many", many)];
            judge(vec![of(Estimate { modes, ..Estimate::of(difference(0.0), ALPHA) })]).remove(0)
        };
        let line = of_modes(0.7, -0.7);
        assert_eq!(line.verdict, ClaimVerdict::Depends);
        assert!(line.reason.unwrap().starts_with("few: 2.01 (1."));
        assert_eq!(of_modes(0.7, 0.9).verdict, ClaimVerdict::Holds);
        assert_eq!(of_modes(0.7, 0.0).verdict, ClaimVerdict::Unclear);
    }

    #[test]
    fn a_count_needs_no_interval_and_a_single_process_has_none() {
        assert_eq!(judge(vec![of(Estimate::exact(2.0))])[0].verdict, ClaimVerdict::Holds);
        let one = Difference { processes: 1, ..difference(3.0) };
        let line = judge(vec![of(Estimate::of(one, ALPHA))]).remove(0);
        assert_eq!((line.verdict, line.low), (ClaimVerdict::Unclear, None));
    }
}

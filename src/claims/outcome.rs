//! From what was seen in a cell to what it says of a claim: pure functions.

use super::claim::{Claim, Experiment, Trial};
use super::estimate::Samples;
use super::figure::Quantity;
use super::line::ClaimLine;
use super::test::Verdict;
use crate::measure::Seen;
use crate::record::Clock;

/// What a claim came to on a file system; no evidence where its cell was not measured.
pub(super) fn outcome(claim: &Claim, evidence: Option<&Seen>, fs: &str, clock: Clock) -> ClaimLine {
    let line = ClaimLine::new(claim, fs, clock);
    if let Some(reason) = claim.unfit(fs, clock) {
        return line.not_applicable(reason);
    }
    let Trial::Here(experiment) = &claim.trial else {
        let id = claim.id;
        return line.not_applicable(format!("it takes two kernels: copybench kernels --claims {id}"));
    };
    let Some(evidence) = evidence else { return line.unclear("it was not measured") };
    let names = experiment.strategies();
    if let Some(skip) = evidence.skips.iter().find(|skip| skip.strategy == "*") {
        return line.not_applicable(&skip.refused.reason);
    }
    if let Some(skip) = evidence.skips.iter().find(|skip| names.contains(&skip.strategy.as_str())) {
        return line.not_applicable(format!("{}: {}", skip.strategy, skip.refused.reason));
    }
    let samples = Samples { lines: &evidence.samples, size: experiment.conditions.size, clock };
    judge(experiment, samples, line, clock)
}

fn judge(experiment: &Experiment, samples: Samples<'_>, line: ClaimLine, clock: Clock) -> ClaimLine {
    let names = experiment.strategies();
    let of = experiment.figure.quantity();
    if let Some(name) = names.iter().find(|name| of.is_noisy() && !experiment.sharing && samples.shares(name))
    {
        return line.not_applicable(format!("{name} shares extents here, so nothing was copied"));
    }
    if let Some(name) = names.iter().find(|name| clock == Clock::Instructions && samples.waits(name)) {
        return line.not_applicable(format!("{name} waits, which has no length in instructions"));
    }
    let rounds = of.is_noisy().then(|| samples.rounds(&names));
    let line = ClaimLine { rounds, ..line };
    match samples.estimate(experiment.figure, experiment.drift) {
        Some(estimate) => {
            let verdict = experiment.test.judge(estimate);
            let line = line.with(estimate, verdict);
            match verdict {
                Verdict::Unclear if estimate.interval.is_none() => line.unclear(match clock {
                    Clock::Wall => "too few rounds, or rounds that hang together too much",
                    Clock::Instructions => "a single boot",
                }),
                _ => line,
            }
        }
        None if of == Quantity::PrivateMemory => line.unclear(uncounted(of)),
        None => line.not_applicable(uncounted(of)),
    }
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

//! Claims about a change of the kernel, judged by the records of kernels before and after it.

use super::claim::{Change, Claim, Trial, Way};
use super::estimate::Estimate;
use super::line::ClaimLine;
use crate::analysis::kernels::{age, changes, version};
use crate::analysis::{Digest, Interval, Margin};

/// What the records of several kernels say of the claims about changes on a file system.
pub fn judge(claims: &[&'static Claim], fs: &str, runs: &[Digest]) -> Vec<ClaimLine> {
    let mut runs: Vec<&Digest> = runs.iter().collect();
    runs.sort_by_key(|run| age(&run.run.host.kernel));
    let of = |claim: &&'static Claim| match &claim.trial {
        Trial::Kernels(change) => outcome(claim, change, fs, &runs),
        Trial::Here(_) | Trial::Elsewhere(_) => None,
    };
    claims.iter().filter_map(of).collect()
}

/// From runs sorted by the age of their kernels; none where there is none.
fn outcome(claim: &Claim, change: &Change, fs: &str, runs: &[&Digest]) -> Option<ClaimLine> {
    let (major, minor) = (u64::from(change.since.0), u64::from(change.since.1));
    let first = runs.partition_point(|run| age(&run.run.host.kernel) < vec![major, minor]);
    let (before, since) = runs.split_at(first);
    let judged = &since.first().or(before.last())?.run;
    let line = ClaimLine {
        host: judged.host.label.clone(),
        kernel: judged.host.kernel.clone(),
        ..ClaimLine::new(claim, fs, judged.clock)
    };
    if let Some(reason) = claim.unfit(fs, judged.clock) {
        return Some(line.not_applicable(reason));
    }
    let (Some(old), Some(new)) = (before.last(), since.first()) else {
        return Some(line.not_applicable(format!("it takes a kernel before {major}.{minor} and one since")));
    };
    let measured = (version(&old.run.host.kernel), version(&new.run.host.kernel));
    let line = ClaimLine { figure: Some(change.describe(Some(measured))), ..line };
    // Whether it is the same is not what is asked here.
    let margin = Margin::from_fraction(0.0).unwrap_or_default();
    let key = (change.conditions.cell(fs).id(), change.strategy.to_owned());
    let Some(seen) = changes(&old.all, &new.all, change.strategy, margin).remove(&key) else {
        return Some(line.unclear(format!("{} was not measured on both kernels", change.strategy)));
    };
    let (value, interval) = match change.way {
        Way::Cheaper => (seen.ratio, seen.interval),
        Way::Costlier => (1.0 / seen.ratio, seen.interval.map(Interval::inverted)),
    };
    let verdict = change.test.judge(interval);
    Some(line.with(&Estimate { interval, ..Estimate::exact(value) }, verdict))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::example::{Example, sample};
    use crate::claims::{ClaimVerdict, all};
    use crate::record::Clock;

    fn claim(id: &str) -> &'static Claim {
        all().find(|claim| claim.id == id).unwrap()
    }

    /// A kernel on which one copy takes so many instructions, in two boots.
    fn kernel(claim: &Claim, fs: &str, release: &str, count: u64) -> Digest {
        let cell = claim.conditions().unwrap().cell(fs).id();
        let mut example = Example::default();
        for boot in 1..=2 {
            let mut line = sample(&cell, claim.strategies()[0], 0, 0.0);
            line.copies.elapsed = vec![count];
            line.process = boot;
            example = example.with(line);
        }
        let mut run = example.run();
        run.run.clock = Clock::Instructions;
        release.clone_into(&mut run.run.host.kernel);
        Digest::of(&run)
    }

    #[test]
    fn a_change_is_judged_by_the_kernels_next_to_it_whatever_their_order() {
        let claim = claim("C50");
        let of = |release, count| kernel(claim, "ext4", release, count);
        let runs =
            [of("7.3-cloud", 900_000), of("6.1.0", 700_000), of("7.2.13", 500_000), of("6.12.95", 1_000_000)];
        let lines = judge(&[claim], "ext4", &runs);
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(
            (line.verdict, line.kernel.as_str(), line.ratio),
            (ClaimVerdict::Holds, "7.2.13", Some(2.0))
        );
        assert_eq!(line.figure.as_deref(), Some("time of read-write-1m on 6.12.95 by that on 7.2.13"));
        assert!(line.low < Some(2.0) && line.high > Some(2.0), "{line:?}");
    }

    #[test]
    fn a_loss_is_the_cost_since_by_that_before() {
        let claim = claim("C51");
        let runs = [kernel(claim, "ext4", "6.12.95", 1_000_000), kernel(claim, "ext4", "7.2.13", 1_100_000)];
        let lines = judge(&[claim], "ext4", &runs);
        assert_eq!((lines[0].verdict, lines[0].ratio), (ClaimVerdict::Refuted, Some(1.1)));
    }

    #[test]
    fn what_cannot_be_judged_says_why() {
        let claim = claim("C50");
        let new = || kernel(claim, "ext4", "7.2.13", 1_000_000);
        let reason = |fs, runs: &[Digest]| judge(&[claim], fs, runs).remove(0).reason.unwrap();
        assert_eq!(reason("ext4", &[new()]), "it takes a kernel before 6.16 and one since");
        assert_eq!(reason("xfs", &[new()]), "the claim is about ext4");
        let other = kernel(claim, "xfs", "6.1.0", 1_000_000);
        assert_eq!(reason("ext4", &[other, new()]), "read-write-1m was not measured on both kernels");
        assert!(judge(&[claim], "ext4", &[]).is_empty());
    }
}

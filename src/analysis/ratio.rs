//! The one estimator: pairs → ratio → verdict.
//!
//! Times of the same round are paired as d = ln(other time / base time), so that what slows a
//! whole round cancels. A process says one thing, the trimmed mean of its d; the estimate is the
//! mean over processes. Two spreads tell how far it may be off: that of the rounds within a
//! process (Yuen 1974) and that of the processes (Kalibera and Jones 2013); the larger counts. Few
//! processes say little about their own spread, so all arms of a cell lend each other theirs,
//! as far as they are alike (Smyth 2004).
//!
//! Nothing is thrown away and no data are too bad: noise makes an interval wide, not absent. It
//! is absent only where not even a spread was seen.

use super::discovery::threshold;
use super::series::Series;
use super::student::{critical, two_sided};
use super::{Interval, Margin, Verdict};
use statrs::function::gamma::digamma;
use std::collections::BTreeMap;

/// Share of the values that is trimmed at either end. Of 20 and 25 %, the one that trims
/// something of four rounds.
const TRIM: f64 = 0.25;

/// Rounds in a process from which neighbours may be autocorrelated without anyone noticing, and are
/// put into batches.
const MANY_ROUNDS: usize = 64;

/// Batches of neighbouring rounds.
const BATCHES: usize = 32;

/// What is learnt from other arms counts as one more process at least and as eight at most.
const PRIOR_FREEDOM: (f64, f64) = (1.0, 8.0);

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

/// What one process says.
#[derive(Clone, Copy, Debug)]
struct Process {
    estimate: f64,
    /// Squared standard error as far as its own rounds show one.
    variance: Option<f64>,
    freedom: f64,
    rounds: usize,
}

impl Process {
    fn of(values: &[f64]) -> Option<Self> {
        let values: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        let rounds = values.len();
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let cut = (rounds as f64 * TRIM) as usize;
        let kept = sorted.get(cut..rounds - cut).filter(|kept| !kept.is_empty())?;
        let estimate = mean(kept);
        // What is trimmed still counts in the spread, as the last value that was kept.
        let (low, high) = (*kept.first()?, *kept.last()?);
        let winsorised: Vec<f64> = values.iter().map(|value| value.clamp(low, high)).collect();
        let (variance, freedom) = if rounds >= MANY_ROUNDS {
            let batches: Vec<f64> = (0..BATCHES)
                .filter_map(|batch| winsorised.get(batch * rounds / BATCHES..(batch + 1) * rounds / BATCHES))
                .map(mean)
                .collect();
            let kept = kept.len() as f64 / rounds as f64;
            (spread(&batches).map(|spread| spread / BATCHES as f64 / kept.powi(2)), BATCHES as f64 - 1.0)
        } else {
            let freedom = kept.len() as f64 - 1.0;
            let squares = |spread| (rounds as f64 - 1.0) * spread / (kept.len() as f64 * freedom);
            (spread(&winsorised).filter(|_| freedom > 0.0).map(squares), freedom)
        };
        Some(Self { estimate, variance, freedom, rounds })
    }
}

/// The trimmed mean of the finite ones among `values`.
#[must_use]
pub fn trimmed_mean(values: &[f64]) -> Option<f64> {
    Process::of(values).map(|process| process.estimate)
}

/// The processes of one pair of arms, with what they weigh.
struct Processes {
    /// Those with any round, each with its weight.
    weighted: Vec<(f64, Process)>,
}

impl Processes {
    /// A process that was cut short weighs less, by its rounds; a long one not more than others,
    /// since what processes differ by is not averaged away by more rounds.
    fn new(processes: &[Vec<f64>]) -> Self {
        let known: Vec<Process> = processes.iter().filter_map(|values| Process::of(values)).collect();
        let mut counts: Vec<usize> = known.iter().map(|process| process.rounds).collect();
        counts.sort_unstable();
        let usual = counts.get(counts.len() / 2).copied().unwrap_or(1) as f64;
        let weigh = |process: Process| ((process.rounds as f64 / usual).min(1.0), process);
        Self { weighted: known.into_iter().map(weigh).collect() }
    }

    fn total(&self, value: impl Fn(f64, &Process) -> f64) -> f64 {
        self.weighted.iter().map(|(weight, process)| value(*weight, process)).sum()
    }

    fn mean(&self) -> f64 {
        self.total(|weight, process| weight * process.estimate) / self.total(|weight, _| weight)
    }

    /// How many processes of full weight would tell as much.
    fn effective(&self) -> f64 {
        self.total(|weight, _| weight).powi(2) / self.total(|weight, _| weight.powi(2))
    }

    /// Variance of one process around the mean, and its degrees of freedom.
    fn between(&self) -> Option<(f64, f64)> {
        let count = self.weighted.len() as f64;
        let freedom = self.effective() - 1.0;
        let centre = self.mean();
        let squares = self.total(|weight, process| (weight * (process.estimate - centre)).powi(2));
        let variance = squares / self.total(|weight, _| weight.powi(2)) * count / (count - 1.0);
        (self.weighted.len() > 1).then_some((variance, freedom))
    }

    /// Variance of one process as its rounds explain it, and its degrees of freedom; of the
    /// processes that have more than one.
    fn within(&self) -> Option<(f64, f64)> {
        let known: Vec<(f64, f64)> = (self.weighted.iter())
            .filter_map(|(weight, process)| Some((weight.powi(2), weight.powi(2) * process.variance?)))
            .collect();
        let (weights, variances) =
            known.iter().fold((0.0, 0.0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
        let freedom = self.total(|_, process| if process.variance.is_some() { process.freedom } else { 0.0 });
        (!known.is_empty()).then(|| (variances / weights, freedom))
    }
}

/// What is known of the spread between processes before looking at an arm's own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prior {
    /// Variance of what one process says.
    pub variance: f64,
    /// How many degrees of freedom that is worth; none for knowing nothing.
    pub degrees_of_freedom: f64,
}

impl Prior {
    /// Learnt from all arms of a cell, each by its processes: the variance that is typical, and how
    /// alike the arms are in it (Smyth 2004, section 6.2). Arms that are pairs with one common base
    /// all repeat that base's part; pairs of neighbours (first with second, second with third) do not.
    #[must_use]
    pub fn fit<'a>(arms: impl IntoIterator<Item = &'a [Vec<f64>]>) -> Self {
        let seen: Vec<(f64, f64)> = arms
            .into_iter()
            .filter_map(|arm| Processes::new(arm).between())
            .filter(|(_, freedom)| *freedom > 0.1)
            .collect();
        let mut sorted: Vec<f64> = seen.iter().map(|(variance, _)| *variance).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let Some(typical) = sorted.get(sorted.len() / 2).copied() else { return Self::default() };
        if typical <= 0.0 {
            return Self { variance: 0.0, degrees_of_freedom: PRIOR_FREEDOM.0 };
        }
        let logarithms: Vec<f64> = seen
            .iter()
            .map(|(variance, freedom)| {
                variance.max(1e-5 * typical).ln() - digamma(freedom / 2.0) + (freedom / 2.0).ln()
            })
            .collect();
        let centre = mean(&logarithms);
        let by_chance = mean(&seen.iter().map(|(_, freedom)| trigamma(freedom / 2.0)).collect::<Vec<_>>());
        let unlike = spread(&logarithms).unwrap_or(f64::INFINITY) - by_chance;
        let freedom = freedom_of(unlike);
        Self {
            variance: (centre + digamma(freedom / 2.0) - (freedom / 2.0).ln()).exp(),
            degrees_of_freedom: freedom,
        }
    }

    fn moderate(self, seen: Option<(f64, f64)>) -> Option<(f64, f64)> {
        let (variance, freedom) = seen.unwrap_or_default();
        let all = self.degrees_of_freedom + freedom;
        (all > 0.0).then(|| ((self.degrees_of_freedom * self.variance + freedom * variance) / all, all))
    }
}

/// The degrees of freedom whose logarithmic variance spreads by `unlike`, within limits.
fn freedom_of(unlike: f64) -> f64 {
    let (mut low, mut high) = PRIOR_FREEDOM;
    for _ in 0..30 {
        let middle = f64::midpoint(low, high);
        if trigamma(middle / 2.0) > unlike { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Derivative of [`digamma`], for positive values (Abramowitz and Stegun 6.4.6 and 6.4.12).
fn trigamma(value: f64) -> f64 {
    if value < 8.0 {
        return trigamma(value + 1.0) + value.powi(-2);
    }
    let inverse = 1.0 / value;
    let square = inverse * inverse;
    inverse + square / 2.0 + inverse * square * (1.0 / 6.0 - square * (1.0 / 30.0 - square / 42.0))
}

/// An estimate of d, with what is needed to say how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The mean over processes of ln(other time / base time).
    pub estimate: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// How well the standard error is known, as for Student's t.
    pub degrees_of_freedom: f64,
    /// Processes behind it.
    pub processes: usize,
}

impl Difference {
    /// Of one pair of arms from d by process. None without two rounds or two processes, unless a
    /// prior says how far processes differ.
    #[must_use]
    pub fn of(processes: &[Vec<f64>], prior: &Prior) -> Option<Self> {
        let processes = Processes::new(processes);
        if processes.weighted.is_empty() {
            return None;
        }
        let within = processes.within();
        let (variance, degrees_of_freedom) = match (prior.moderate(processes.between()), within) {
            // The larger of the two: that only widens, so that the degrees of freedom hold.
            (Some((between, freedom)), within) => {
                (between.max(within.map_or(0.0, |(within, _)| within)), freedom)
            }
            (None, within) => within?,
        };
        Some(Self {
            estimate: processes.mean(),
            standard_error: (variance / processes.effective()).sqrt(),
            degrees_of_freedom,
            processes: processes.weighted.len(),
        })
    }

    /// Of two pairs that were measured apart, what `self` is beyond `base`: another build against
    /// this one, each relative to its own base.
    #[must_use]
    pub fn beyond(&self, base: &Self) -> Self {
        let (own, other) = (self.standard_error.powi(2), base.standard_error.powi(2));
        let welch = (own + other).powi(2)
            / (own.powi(2) / self.degrees_of_freedom + other.powi(2) / base.degrees_of_freedom);
        Self {
            estimate: self.estimate - base.estimate,
            standard_error: (own + other).sqrt(),
            degrees_of_freedom: if welch.is_finite() {
                welch
            } else {
                self.degrees_of_freedom.min(base.degrees_of_freedom)
            },
            processes: self.processes.min(base.processes),
        }
    }

    /// Interval of d that misses with probability `alpha`.
    #[must_use]
    pub fn interval(&self, alpha: f64) -> Interval {
        let reach = if self.standard_error > 0.0 {
            critical(alpha, self.degrees_of_freedom) * self.standard_error
        } else {
            0.0
        };
        Interval { low: self.estimate - reach, high: self.estimate + reach }
    }

    /// The ratio of base time to other time, as everywhere: more than 1 is faster.
    #[must_use]
    pub fn ratio(&self, alpha: f64) -> Estimate {
        let Interval { low, high } = self.interval(alpha);
        Estimate {
            ratio: (-self.estimate).exp(),
            low: (-high).exp(),
            high: (-low).exp(),
            standard_error: self.standard_error,
            degrees_of_freedom: self.degrees_of_freedom,
            processes: self.processes,
            one_process: self.processes < 2,
        }
    }

    /// p of the hypothesis that the truth lies inside the margin: the smallest error for which
    /// [`Self::interval`] lies wholly beyond it. 1 for a single process.
    #[must_use]
    pub fn p_beyond(&self, margin: Margin) -> f64 {
        let beyond = self.estimate.abs() - margin.ln();
        if beyond <= 0.0 || self.processes < 2 {
            1.0
        } else if self.standard_error > 0.0 {
            two_sided(beyond / self.standard_error, self.degrees_of_freedom)
        } else {
            0.0
        }
    }
}

/// How many times as fast as the base another arm is, and how well that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Base time over other time.
    pub ratio: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Standard error of the ratio's logarithm.
    pub standard_error: f64,
    /// How well the standard error is known, as for Student's t.
    pub degrees_of_freedom: f64,
    /// Processes behind it.
    pub processes: usize,
    /// Whether nothing was seen of what processes differ by, so that the interval is too narrow by
    /// an unknown amount, and nothing may be called by it.
    pub one_process: bool,
}

impl Estimate {
    /// Where the interval lies against the margin; unclear for a single process.
    #[must_use]
    pub fn verdict(&self, margin: Margin) -> Verdict {
        let interval = Interval { low: self.low.ln(), high: self.high.ln() };
        margin.judge((!self.one_process).then_some(interval))
    }
}

/// The ratio of a pair of arms from d by process, with an interval that misses with probability
/// `alpha`. None where no spread can be seen: one round of one process.
#[must_use]
pub fn ratio(processes: &[Vec<f64>], prior: &Prior, alpha: f64) -> Option<Estimate> {
    Difference::of(processes, prior).map(|difference| difference.ratio(alpha))
}

/// Verdicts on a table of pairs, of which on average at most the share `alpha` of those called
/// faster or slower is false, and all of those called the same hold together but for `alpha`.
/// Each estimate comes with the interval that its verdict was read from.
#[must_use]
pub fn verdicts(
    table: &[Option<Difference>],
    margin: Margin,
    alpha: f64,
) -> Vec<Option<(Estimate, Verdict)>> {
    let p_values: Vec<f64> = table.iter().flatten().map(|difference| difference.p_beyond(margin)).collect();
    let called = threshold(&p_values, alpha);
    let each = alpha / p_values.len().max(1) as f64;
    let judge = |difference: &Difference| {
        let estimate = difference.ratio(if difference.p_beyond(margin) <= called { called } else { each });
        match estimate.verdict(margin) {
            // Nothing is called by it, so that it may be shown as if it stood alone.
            Verdict::Unclear => (difference.ratio(alpha), Verdict::Unclear),
            verdict => (estimate, verdict),
        }
    };
    table.iter().map(|difference| difference.as_ref().map(judge)).collect()
}

/// Which of `p_values` hold together but for `alpha` (Holm 1979): never fewer than by Bonferroni.
#[must_use]
pub fn holm(p_values: &[f64], alpha: f64) -> Vec<bool> {
    let mut order: Vec<(usize, f64)> = p_values.iter().copied().enumerate().collect();
    order.sort_unstable_by(|left, right| left.1.total_cmp(&right.1));
    let step = |rank: usize| alpha / (p_values.len() - rank) as f64;
    let mut held = vec![false; p_values.len()];
    for (_, (index, _)) in order.into_iter().enumerate().take_while(|(rank, (_, p))| *p <= step(*rank)) {
        if let Some(held) = held.get_mut(index) {
            *held = true;
        }
    }
    held
}

/// The best number of rounds in a process: more cost time, fewer cost starts of processes, and what
/// processes differ by is averaged over processes alone (Kalibera and Jones 2013). Costs are in
/// one unit; spreads are standard deviations of d, of a round within a process and of processes
/// beyond that. At most 12: an interval is also the narrower the more processes it is from.
/// Of fewer than four, nothing is trimmed.
#[must_use]
pub fn rounds_a_process(start_cost: f64, round_cost: f64, within: f64, between: f64) -> u32 {
    let best = (start_cost / round_cost).sqrt() * within / between;
    if best.is_nan() { 4 } else { best.ceil().clamp(1.0, 12.0) as u32 }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Variance; none of fewer than two values.
fn spread(values: &[f64]) -> Option<f64> {
    let centre = mean(values);
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    (values.len() > 1).then(|| squares / (values.len() - 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::example::{Example, sample};
    use proptest::prelude::*;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() <= 1e-4 * right.abs().max(1e-3)
    }

    /// Student's sleep data (1908): ten patients, two drugs.
    const SLEEP: [f64; 10] = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];

    #[test]
    fn with_one_round_a_process_it_is_the_textbook_t() {
        let processes: Vec<Vec<f64>> = SLEEP.iter().map(|value| vec![*value]).collect();
        let difference = Difference::of(&processes, &Prior::default()).unwrap();
        assert!(close(difference.estimate / difference.standard_error, 4.0621));
        assert_eq!(difference.degrees_of_freedom, 9.0);
        assert!(close(difference.p_beyond(Margin::from_fraction(0.0).unwrap()), 0.002_833));
        let Interval { low, high } = difference.interval(0.05);
        assert!(close(low, 0.7001) && close(high, 2.4599), "{low} {high}");
    }

    /// By hand: two of ten are trimmed at either end, 1.0 to 1.4 and 1.8 are kept.
    #[test]
    fn one_process_is_yuens_trimmed_t() {
        let difference = Difference::of(&[SLEEP.to_vec()], &Prior::default()).unwrap();
        assert!(close(difference.estimate, 8.0 / 6.0), "{}", difference.estimate);
        // Winsorised: 1.0 three times, 1.2, 1.3, 1.3, 1.4, 1.8 three times; sum of squares 1.004.
        assert!(close(difference.standard_error, (1.004_f64 / (6.0 * 5.0)).sqrt()));
        assert_eq!((difference.degrees_of_freedom, difference.processes), (5.0, 1));
        let estimate = difference.ratio(0.05);
        assert!(estimate.one_process);
        assert_eq!(estimate.verdict(Margin::default()), Verdict::Unclear);
    }

    #[test]
    fn a_slow_copy_moves_nothing() {
        let calm = vec![vec![0.01, 0.02, 0.03, 0.02, 0.01, 0.03]; 3];
        let mut stalled = calm.clone();
        stalled[1][2] = 5.0;
        let before = Difference::of(&calm, &Prior::default()).unwrap().estimate;
        let after = Difference::of(&stalled, &Prior::default()).unwrap().estimate;
        assert!((after - before).abs() < 0.005);
    }

    #[test]
    fn a_process_cut_short_weighs_less() {
        let full = || vec![0.0, 0.01, -0.01, 0.0, 0.01, -0.01, 0.0, 0.0];
        let estimate =
            |processes: &[Vec<f64>]| Difference::of(processes, &Prior::default()).unwrap().estimate;
        assert!(close(estimate(&[full(), full(), vec![0.17]]), 0.17 * 0.125 / 2.125));
    }

    #[test]
    fn counts_without_noise_have_intervals_without_width() {
        let arms = [vec![vec![0.1; 3]; 2], vec![vec![0.2; 3]; 2]];
        let prior = Prior::fit(arms.iter().map(Vec::as_slice));
        let estimate = ratio(&arms[0], &prior, 0.05).unwrap();
        assert!(estimate.high - estimate.low < 1e-9, "{estimate:?}");
        assert_eq!(estimate.verdict(Margin::default()), Verdict::Slower);
    }

    #[test]
    fn nothing_seen_is_nothing_said() {
        let none = Prior::default();
        assert_eq!(ratio(&[], &none, 0.05), None);
        assert_eq!(ratio(&[vec![]], &none, 0.05), None);
        assert_eq!(ratio(&[vec![0.1]], &none, 0.05), None);
        assert_eq!(ratio(&[vec![f64::NAN, f64::INFINITY]], &none, 0.05), None);
        let elsewhere = Prior { variance: 1e-4, degrees_of_freedom: 1.0 };
        assert!(ratio(&[vec![0.1]], &elsewhere, 0.05).unwrap().one_process);
        assert_eq!(Prior::fit([&[vec![0.1, 0.2]][..]]), none, "one process shows no spread of processes");
    }

    #[test]
    fn pairs_are_of_one_round_of_one_process() {
        let base = Rounds::from([((1, 1), 0.0), ((1, 2), 1.0), ((2, 1), 2.0), ((3, 7), 0.0)]);
        let other = Rounds::from([((1, 2), 1.5), ((1, 3), 9.0), ((2, 1), 2.25), ((2, 2), 9.0)]);
        assert_eq!(pairs(&base, &other), [vec![0.5], vec![0.25]]);
        let all = Example::default()
            .with(sample("c", "s", 4, 0.0))
            .with(sample("c", "s", 4, 0.3))
            .with(sample("c", "s", 5, 0.1))
            .measurements();
        let rounds = rounds(all.get("c", "s", "this").unwrap());
        assert_eq!(rounds.keys().copied().collect::<Vec<_>>(), [(0, 4), (0, 5)]);
        assert!((rounds[&(0, 5)] - rounds[&(0, 4)] - 0.1).abs() < 1e-6);
    }

    #[test]
    fn trigamma_has_its_published_values() {
        let squared = std::f64::consts::PI.powi(2);
        assert!(close(trigamma(1.0), squared / 6.0));
        assert!(close(trigamma(0.5), squared / 2.0));
        assert!(close(trigamma(4.0), squared / 6.0 - 49.0 / 36.0));
    }

    /// Variances of arms that differ as those of a scaled inverse chi square with 3 degrees of freedom.
    #[test]
    fn the_prior_finds_how_alike_arms_are() {
        let arms = |unlike: f64| -> Vec<Vec<Vec<f64>>> {
            (0..60)
                .map(|arm| {
                    let size = 0.01 * (unlike * (f64::from(arm % 12) - 5.5)).exp();
                    (0..8).map(|at| vec![size * f64::from((at * 7 + arm) % 8 - 4)]).collect()
                })
                .collect()
        };
        let freedom = |unlike| Prior::fit(arms(unlike).iter().map(Vec::as_slice)).degrees_of_freedom;
        assert!(freedom(0.0) > 7.9);
        assert!(freedom(0.6) < 1.1);
        assert!((1.5..6.0).contains(&freedom(0.2)), "{}", freedom(0.2));
    }

    #[test]
    fn holm_is_between_bonferroni_and_no_correction() {
        assert_eq!(holm(&[0.01, 0.04, 0.03, 0.005], 0.05), [true, false, false, true]);
        assert_eq!(holm(&[0.02, f64::NAN, 0.001], 0.05), [true, false, true]);
        assert!(holm(&[], 0.05).is_empty());
    }

    #[test]
    fn a_table_is_judged_as_one() {
        let far = Difference { estimate: 0.1, standard_error: 0.01, degrees_of_freedom: 20.0, processes: 6 };
        let near = Difference { estimate: 0.045, ..far };
        let same = Difference { estimate: 0.0, standard_error: 0.006, ..far };
        let words = |table: &[Option<Difference>]| -> Vec<Option<Verdict>> {
            verdicts(table, Margin::default(), 0.05).into_iter().map(|row| row.map(|row| row.1)).collect()
        };
        assert_eq!(words(&[Some(near), None]), [Some(Verdict::Slower), None]);
        let mut crowd = vec![Some(same); 30];
        crowd.push(Some(near));
        let crowd = words(&crowd);
        assert_eq!((crowd[0], crowd[30]), (Some(Verdict::Unclear), Some(Verdict::Unclear)));
        assert_eq!(words(&[Some(far), Some(same)]), [Some(Verdict::Slower), Some(Verdict::Same)]);
    }

    #[test]
    fn rounds_a_process_follow_costs_and_spreads() {
        assert_eq!(rounds_a_process(4.0, 1.0, 0.05, 0.01), 10);
        assert_eq!(rounds_a_process(0.01, 1.0, 0.05, 0.01), 1);
        assert_eq!(rounds_a_process(1.0, 1.0, 0.05, 0.0), 12);
        assert_eq!(rounds_a_process(1.0, 0.0, 0.0, 0.0), 4);
    }

    proptest! {
        #[test]
        fn swapping_the_sides_mirrors_everything(
            processes in prop::collection::vec(prop::collection::vec(-1.0..1.0_f64, 1..90), 1..6)
        ) {
            let prior = Prior { variance: 0.01, degrees_of_freedom: 2.0 };
            let mirrored: Vec<Vec<f64>> =
                processes.iter().map(|process| process.iter().map(|d| -d).collect()).collect();
            let (one, other) = (ratio(&processes, &prior, 0.05).unwrap(), ratio(&mirrored, &prior, 0.05).unwrap());
            prop_assert!((one.ratio * other.ratio - 1.0).abs() < 1e-9);
            prop_assert!((one.low * other.high - 1.0).abs() < 1e-9);
            prop_assert!(one.low <= one.ratio && one.ratio <= one.high && one.high.is_finite());
        }
    }
}

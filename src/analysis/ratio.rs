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

mod prior;

pub use prior::Prior;

use super::student::{critical, two_sided};
use super::{Interval, Margin, Verdict};

/// Share of the values that is trimmed at either end. Of 20 and 25 %, the one that trims
/// something of four rounds.
const TRIM: f64 = 0.25;

/// Rounds in a process from which neighbours may be autocorrelated without anyone noticing, and are
/// put into batches.
const MANY_ROUNDS: usize = 64;

/// Batches of neighbouring rounds.
const BATCHES: usize = 32;

/// What one process says.
#[derive(Clone, Copy, Debug)]
struct Process {
    estimate: f64,
    /// Squared standard error as far as its own rounds show one.
    variance: Option<f64>,
    degrees_of_freedom: f64,
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
        let (variance, degrees_of_freedom) = if rounds >= MANY_ROUNDS {
            let batches: Vec<f64> = (0..BATCHES)
                .filter_map(|batch| winsorised.get(batch * rounds / BATCHES..(batch + 1) * rounds / BATCHES))
                .map(mean)
                .collect();
            let kept = kept.len() as f64 / rounds as f64;
            (spread(&batches).map(|spread| spread / BATCHES as f64 / kept.powi(2)), BATCHES as f64 - 1.0)
        } else {
            let degrees_of_freedom = kept.len() as f64 - 1.0;
            let squares = |spread| (rounds as f64 - 1.0) * spread / (kept.len() as f64 * degrees_of_freedom);
            (spread(&winsorised).filter(|_| degrees_of_freedom > 0.0).map(squares), degrees_of_freedom)
        };
        Some(Self { estimate, variance, degrees_of_freedom, rounds })
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
        let degrees_of_freedom = self.effective() - 1.0;
        let centre = self.mean();
        let squares = self.total(|weight, process| (weight * (process.estimate - centre)).powi(2));
        let variance = squares / self.total(|weight, _| weight.powi(2)) * count / (count - 1.0);
        (self.weighted.len() > 1).then_some((variance, degrees_of_freedom))
    }

    /// Variance of one process as its rounds explain it, and its degrees of freedom; of the
    /// processes that have more than one.
    fn within(&self) -> Option<(f64, f64)> {
        let known: Vec<(f64, f64)> = (self.weighted.iter())
            .filter_map(|(weight, process)| Some((weight.powi(2), weight.powi(2) * process.variance?)))
            .collect();
        let (weights, variances) =
            known.iter().fold((0.0, 0.0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
        let degrees_of_freedom = self
            .total(|_, process| if process.variance.is_some() { process.degrees_of_freedom } else { 0.0 });
        (!known.is_empty()).then(|| (variances / weights, degrees_of_freedom))
    }
}

/// What each process says by itself.
pub fn estimates(processes: &[Vec<f64>]) -> impl Iterator<Item = f64> {
    processes.iter().filter_map(|values| trimmed_mean(values))
}

/// Standard deviation, as a logarithm, that processes add to what their rounds explain; none for
/// fewer than two.
#[must_use]
pub fn process_spread(processes: &[Vec<f64>]) -> Option<f64> {
    let processes = Processes::new(processes);
    let (between, _) = processes.between()?;
    Some((between - processes.within().map_or(0.0, |(within, _)| within)).max(0.0).sqrt())
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
    /// What it may be off by besides, in all rounds and processes alike.
    pub bias: f64,
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
            (Some((between, degrees_of_freedom)), within) => {
                (between.max(within.map_or(0.0, |(within, _)| within)), degrees_of_freedom)
            }
            (None, within) => within?,
        };
        Some(Self {
            estimate: processes.mean(),
            standard_error: (variance / processes.effective()).sqrt(),
            degrees_of_freedom,
            processes: processes.weighted.len(),
            bias: 0.0,
        })
    }

    /// The estimate alone, however little it is worth; none without any value.
    #[must_use]
    pub fn typical(processes: &[Vec<f64>]) -> Option<f64> {
        let processes = Processes::new(processes);
        (!processes.weighted.is_empty()).then(|| processes.mean())
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
            bias: self.bias + base.bias,
        }
    }

    /// The same, which may be off by `bias` besides.
    #[must_use]
    pub fn biased(self, bias: f64) -> Self {
        Self { bias: self.bias + bias, ..self }
    }

    /// Interval of d that misses with probability `alpha`.
    #[must_use]
    pub fn interval(&self, alpha: f64) -> Interval {
        let reach = if self.standard_error > 0.0 {
            critical(alpha, self.degrees_of_freedom) * self.standard_error
        } else {
            0.0
        } + self.bias;
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
            one_process: self.processes < 2,
        }
    }

    /// p of the hypothesis that the truth lies inside the margin: the smallest alpha for which
    /// [`Self::interval`] lies wholly beyond it. 1 for a single process.
    #[must_use]
    pub fn p_beyond(&self, margin: Margin) -> f64 {
        let beyond = self.estimate.abs() - margin.ln();
        if beyond > self.bias { self.p_within(beyond) } else { 1.0 }
    }

    /// The smallest alpha for which [`Self::interval`] reaches no farther than `distance`; 1 for a
    /// single process.
    #[must_use]
    pub fn p_within(&self, distance: f64) -> f64 {
        let free = distance - self.bias;
        if free < 0.0 || self.processes < 2 {
            1.0
        } else if self.standard_error > 0.0 {
            two_sided(free / self.standard_error, self.degrees_of_freedom)
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
    /// Whether nothing was seen of what processes differ by, so that the interval is too narrow by
    /// an unknown amount, and nothing may be called by it.
    pub one_process: bool,
}

impl Estimate {
    /// Its interval alone.
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval { low: self.low, high: self.high }
    }

    /// Where the interval lies against the margin; unclear for a single process.
    #[must_use]
    pub fn verdict(&self, margin: Margin) -> Verdict {
        let interval = self.interval().map(f64::ln);
        margin.judge((!self.one_process).then_some(interval))
    }
}

/// The ratio of a pair of arms from d by process, with an interval that misses with probability
/// `alpha`. None where no spread can be seen: one round of one process.
#[must_use]
pub fn ratio(processes: &[Vec<f64>], prior: &Prior, alpha: f64) -> Option<Estimate> {
    Difference::of(processes, prior).map(|difference| difference.ratio(alpha))
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
mod tests;

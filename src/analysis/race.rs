//! The race: which of many is fastest, and within how much, in as little measuring as that takes.
//!
//! A screen of a few rounds drops what is far behind. The race proper begins anew, on rounds of
//! fresh processes only, so that nobody is in it for having been lucky. At each look it bounds how
//! far any of those alive may be ahead of any other. Who is surely behind somebody is out; the one
//! that looks fastest leads; who cannot be ahead of the leader by more than the margin is measured
//! no further. It is over when that holds of all.
//!
//! Only the pairs of the true best with each other one matter: as long as no upper bound of how
//! far the best is ahead of somebody is too low, neither is the best dropped nor is the distance to
//! it understated, whoever leads, whoever is measured, and whenever the race stops. Their alpha is
//! spent by the number of the look, so that a race can go on for as long as anyone likes. Bounds of
//! all pairs at once that decide who is measured next are LUCB (Kalyanakrishnan and others 2012);
//! bounds that hold at all looks together are what Howard and others (2021) call a confidence
//! sequence.
//!
//! A race knows nothing of clocks and files: what it was told, in that order, gives the same answer
//! again.

use super::Margin;
use super::pairs::{Rounds, pairs};
use super::ratio::{Difference, Prior, trimmed_mean};
use super::student::critical;
use std::collections::BTreeMap;

mod line;
mod screen;

pub use line::of_full_rounds;

/// What a race is held to, and how it spends its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Probability that the best is dropped or the distance to it understated.
    pub alpha: f64,
    /// How near the best is near enough.
    pub margin: Margin,
    /// Share of `alpha` that the screen may spend.
    pub screen_share: f64,
    /// Rounds after which the screen drops. The first should be of 2: it drops only what takes at least
    /// twice as long in each round. Each of these stages is a process of its own.
    pub screen_looks: Vec<u32>,
    /// The screen ends early once no more than these are left.
    pub keep: usize,
    /// Rounds in each process of the race proper; see Kalibera and Jones (2013).
    pub rounds: u32,
    /// Processes at the first look of the race proper.
    pub first_look: u32,
    /// Each later look has so many times as many.
    pub growth: f64,
    /// Of alpha for the race proper, i / (i + this) is spent by look i: half of it by this look,
    /// and never all.
    pub half_spent: f64,
    /// After the first look, base and twin are measured in one process of so many.
    pub control_every: u32,
    /// Whether copies take so long that the machine changes from one to the next: then one strategy is
    /// measured between all others, see [`beside`].
    pub adjacent: bool,
    /// The base, which is measured to the end, and its hidden second copy, which is not ranked.
    pub control: Option<[String; 2]>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            alpha: 0.05,
            margin: Margin::default(),
            screen_share: 0.2,
            screen_looks: vec![2, 4, 6, 9],
            keep: 8,
            rounds: 6,
            first_look: 4,
            growth: 1.25,
            half_spent: 5.0,
            control_every: 4,
            adjacent: false,
            control: None,
        }
    }
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Measure rounds and feed them.
    Measure(Batch),
    /// No more: the answer is decided.
    Done,
}

/// Rounds to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Which part of the race they belong to.
    pub stage: Stage,
    /// Whether to measure them in a new process.
    pub new_process: bool,
    /// How many rounds in this process, unless the race says otherwise before.
    pub rounds: u32,
    /// Who is in each of them, by index; the order is the caller's to draw.
    pub strategies: Vec<usize>,
    /// Who of them is measured before, between and after all others, if anyone is.
    pub reference: Option<usize>,
}

/// Part of a race.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Drops what is far behind.
    Screen,
    /// Decides.
    Race,
}

/// When a strategy was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// In which part.
    pub stage: Stage,
    /// At which of its looks, from 1.
    pub look: u32,
    /// Process of the last round before.
    pub process: u32,
    /// That round.
    pub round: u32,
}

/// A strategy that is out.
#[derive(Clone, Debug, PartialEq)]
pub struct Slower {
    /// Its name.
    pub strategy: String,
    /// How much longer than the best it takes at the least, as a share: 0.1 for 10 %.
    pub low: f64,
    /// And at the most.
    pub high: f64,
    /// When that was seen.
    pub dropped: Dropped,
}

/// What came of the base's hidden second copy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Twin {
    /// There is none.
    Absent,
    /// Too few processes have measured it.
    Unknown,
    /// No difference to speak of; how much longer than the base it may take, as shares.
    Alike {
        /// At the least.
        low: f64,
        /// At the most.
        high: f64,
    },
    /// Called different from itself: this machine, or this program, cannot be believed.
    Different {
        /// At the least.
        low: f64,
        /// At the most.
        high: f64,
    },
}

/// What it would take to decide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wait {
    /// Rounds of those that are not decided.
    pub rounds: u64,
    /// Sum of their times, in the unit of the times; see [`Race::timed`].
    pub timed: f64,
}

/// What a race has found out so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Who leads; none before the first round.
    pub best: Option<String>,
    /// The leader takes at most this share longer than the best of all. None before the first
    /// look of the race proper, and where the twin was called different.
    pub within: Option<f64>,
    /// How many were compared.
    pub of: usize,
    /// Who is alive beside the leader and could not be parted from it.
    pub shares: Vec<String>,
    /// Who is out, the fastest first.
    pub slower: Vec<Slower>,
    /// The A/A check.
    pub twin: Twin,
    /// Whether the leader is within the margin of the best.
    pub decided: bool,
    /// What it would take, where that is not so and can be told.
    pub wait: Option<Wait>,
}

#[derive(Clone, Debug)]
struct Arm {
    name: String,
    all: Rounds,
    /// Of fresh processes in the race proper.
    race: Rounds,
    out: Option<Out>,
    withdrawn: bool,
}

#[derive(Clone, Copy, Debug)]
struct Out {
    /// Of whom it was seen to be behind.
    leader: usize,
    /// By how much, as logarithms.
    low: f64,
    high: f64,
    dropped: Dropped,
}

/// How far one is ahead of another, as logarithms.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    /// As it looked when both were measured last.
    estimate: f64,
    /// At the most: the lowest bound of all looks, which hold together.
    bound: f64,
}

/// The state of a race.
#[derive(Clone, Debug)]
pub struct Race {
    config: Config,
    arms: Vec<Arm>,
    /// Indices of base and twin.
    control: Option<[usize; 2]>,
    stage: Stage,
    /// Looks taken in this stage.
    looks: u32,
    /// Process, round of the last that was fed, and how many rounds of that process.
    last: Option<(u32, u32, u32)>,
    /// Rounds in the screen, processes begun in the race proper.
    rounds: u32,
    processes: u32,
    /// Processes at the next look of the race proper.
    next_look: u32,
    /// Those who began the race proper.
    starters: usize,
    /// Whether there are rounds that no look has seen.
    fresh: bool,
    /// How far the first is ahead of the second.
    ahead: BTreeMap<(usize, usize), Ahead>,
    prior: Prior,
    timed: f64,
}

impl Race {
    /// A race of strategies by name, base and twin among them.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = String>, config: Config) -> Self {
        let arm = |name| Arm { name, all: Rounds::new(), race: Rounds::new(), out: None, withdrawn: false };
        let arms: Vec<Arm> = names.into_iter().map(arm).collect();
        let find = |name: &String| arms.iter().position(|arm| arm.name == *name);
        let control = config.control.as_ref().and_then(|[base, twin]| Some([find(base)?, find(twin)?]));
        let mut race = Self {
            next_look: config.first_look.max(2),
            config,
            arms,
            control,
            stage: Stage::Screen,
            looks: 0,
            last: None,
            rounds: 0,
            processes: 0,
            starters: 0,
            fresh: false,
            ahead: BTreeMap::new(),
            prior: Prior::default(),
            timed: 0.0,
        };
        race.end_screen_if_small();
        race
    }

    /// Names by index.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.arms.iter().map(|arm| arm.name.as_str())
    }

    /// Sum of all times fed, to put [`Wait::timed`] in relation to what the caller spent.
    #[must_use]
    pub fn timed(&self) -> f64 {
        self.timed
    }

    /// Takes the logarithms of the times of one round, by index of the strategy. Processes and
    /// rounds are numbered upwards. Who failed in the round is left out.
    pub fn feed(&mut self, process: u32, round: u32, times: &[(usize, f64)]) {
        let before = self.last.filter(|last| last.0 == process).map_or(0, |last| last.2);
        if self.stage == Stage::Race && before == 0 {
            self.processes += 1;
            // The one before may have been cut short.
            self.look_if_due(self.processes - 1);
        }
        let fresh = self.stage == Stage::Race && self.processes > 0;
        for (index, ln_time) in times.iter().filter(|(_, ln_time)| ln_time.is_finite()) {
            if let Some(arm) = self.arms.get_mut(*index) {
                arm.all.insert((process, round), *ln_time);
                if fresh {
                    arm.race.insert((process, round), *ln_time);
                }
                self.timed += ln_time.exp();
            }
        }
        self.last = Some((process, round, before + 1));
        self.fresh |= fresh;
        match self.stage {
            Stage::Screen => {
                self.rounds += 1;
                if self.config.screen_looks.contains(&self.rounds) {
                    self.screen();
                }
            }
            Stage::Race if before + 1 >= self.config.rounds => self.look_if_due(self.processes),
            Stage::Race => {}
        }
    }

    /// Takes a strategy out of the race that cannot be measured any more.
    pub fn withdraw(&mut self, index: usize) {
        if let Some(arm) = self.arms.get_mut(index) {
            arm.withdrawn = true;
        }
        self.end_screen_if_small();
    }

    /// Looks at what was measured since the last look, because there will be no more. A reader of a
    /// record does the same wherever the record ends or was taken up again.
    pub fn finish(&mut self) {
        if self.fresh {
            self.look();
        }
    }

    /// Who is to be measured now.
    #[must_use]
    pub fn next(&self) -> Next {
        let done = self.last.map_or(0, |last| last.2);
        let (strategies, rounds, new_process) = match self.stage {
            Stage::Screen => {
                let looks = &self.config.screen_looks;
                let next = looks.iter().find(|look| **look > self.rounds).copied().unwrap_or(self.rounds + 1);
                (self.alive(), next - self.rounds, looks.contains(&self.rounds) || self.rounds == 0)
            }
            Stage::Race => {
                let open = self.open();
                if open.is_empty() {
                    return Next::Done;
                }
                let within = self.processes > 0 && done < self.config.rounds;
                let rounds = if within { self.config.rounds - done } else { self.config.rounds };
                (open, rounds, !within)
            }
        };
        let mut strategies = strategies;
        let number = self.processes + u32::from(new_process);
        let every = self.config.control_every.max(1);
        let controlled = self.stage == Stage::Screen || self.looks == 0 || number.is_multiple_of(every);
        strategies
            .extend(self.control.iter().flatten().filter(|index| controlled && !self.arm_withdrawn(**index)));
        strategies.sort_unstable();
        strategies.dedup();
        let first = || self.leader().or(self.control.map(|[base, _]| base)).or(strategies.first().copied());
        let reference = self.config.adjacent.then(first).flatten();
        Next::Measure(Batch { stage: self.stage, new_process, rounds, strategies, reference })
    }

    /// What is known by now: after the last look, whatever was measured since.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let alive = self.alive();
        let named = self.named();
        let leader = named.map(|(leader, _)| leader);
        let twin = self.twin();
        let believed = !matches!(twin, Twin::Different { .. });
        let within = named.map(|(_, distance)| distance).filter(|distance| believed && distance.is_finite());
        let mut slower: Vec<Slower> = self.arms.iter().filter_map(|arm| self.slower(arm, leader?)).collect();
        slower.sort_by(|left, right| left.low.total_cmp(&right.low));
        let name = |index: usize| self.arms.get(index).map(|arm| arm.name.clone());
        Answer {
            best: leader.and_then(name),
            within: within.map(f64::exp_m1),
            of: self.arms.iter().filter(|arm| !arm.withdrawn).count()
                - usize::from(self.control.is_some_and(|[_, twin]| !self.arm_withdrawn(twin))),
            shares: alive
                .iter()
                .filter(|index| Some(**index) != leader)
                .filter_map(|index| name(*index))
                .collect(),
            slower,
            twin,
            decided: within.is_some_and(|within| within <= self.config.margin.ln()),
            wait: self.wait(),
        }
    }

    fn arm_withdrawn(&self, index: usize) -> bool {
        self.arms.get(index).is_none_or(|arm| arm.withdrawn)
    }

    /// Those who may still be the best.
    fn alive(&self) -> Vec<usize> {
        let twin = self.control.map(|[_, twin]| twin);
        let alive =
            |(index, arm): &(usize, &Arm)| arm.out.is_none() && !arm.withdrawn && Some(*index) != twin;
        self.arms.iter().enumerate().filter(alive).map(|(index, _)| index).collect()
    }

    fn ahead(&self, index: usize, of: usize) -> Ahead {
        let unknown = Ahead { estimate: f64::INFINITY, bound: f64::INFINITY };
        self.ahead.get(&(index, of)).copied().unwrap_or(unknown)
    }

    /// The farthest that any of those alive is ahead of one.
    fn farthest(&self, of: usize, value: impl Fn(Ahead) -> f64) -> f64 {
        let others = self.alive().into_iter().filter(|index| *index != of);
        others.map(|index| value(self.ahead(index, of))).fold(0.0, f64::max)
    }

    /// Of those alive the one whom the others are least ahead of.
    fn nearest(&self, value: impl Fn(Ahead) -> f64 + Copy) -> Option<(f64, usize)> {
        let alive = self.alive().into_iter().map(|index| (self.farthest(index, value), index));
        alive.filter(|(farthest, _)| farthest.is_finite()).min_by(|left, right| left.0.total_cmp(&right.0))
    }

    /// The fastest of those alive as it looks now: who is measured against the others.
    fn leader(&self) -> Option<usize> {
        if let Some((_, leader)) = self.nearest(|ahead| ahead.estimate).filter(|_| self.stage == Stage::Race)
        {
            return Some(leader);
        }
        let time = |index: usize| {
            let rounds = &self.arms.get(index)?.all;
            trimmed_mean(&rounds.values().copied().collect::<Vec<_>>()).map(|time| (time, index))
        };
        let times = self.alive().into_iter().filter_map(time);
        times.min_by(|left, right| left.0.total_cmp(&right.0)).map(|(_, index)| index)
    }

    /// Who is named, and how far the best may be ahead of it: the leader if that is near enough, else
    /// the one of whom the most can be said.
    fn named(&self) -> Option<(usize, f64)> {
        let leader = self.leader()?;
        let distance = if self.stage == Stage::Race {
            self.farthest(leader, |ahead| ahead.bound)
        } else {
            f64::INFINITY
        };
        if distance <= self.config.margin.ln() {
            return Some((leader, distance));
        }
        let surest = self.nearest(|ahead| ahead.bound).filter(|_| self.stage == Stage::Race);
        Some(surest.map_or((leader, distance), |(distance, index)| (index, distance)))
    }

    /// The leader and those who may be ahead of it by more than the margin; nobody once that is decided.
    fn open(&self) -> Vec<usize> {
        let margin = self.config.margin.ln();
        match (self.leader(), self.named()) {
            (_, Some((_, distance))) if distance <= margin => Vec::new(),
            (Some(leader), _) => {
                let open = |index: &usize| *index == leader || self.ahead(*index, leader).bound > margin;
                self.alive().into_iter().filter(open).collect()
            }
            (None, _) => self.alive(),
        }
    }

    fn drop(&mut self, index: usize, leader: usize, low: f64, high: f64) {
        let (process, round, _) = self.last.unwrap_or_default();
        let dropped = Dropped { stage: self.stage, look: self.looks, process, round };
        if let Some(arm) = self.arms.get_mut(index) {
            arm.out = Some(Out { leader, low, high, dropped });
        }
    }

    fn begin_race(&mut self) {
        self.stage = Stage::Race;
        self.looks = 0;
        self.starters = self.alive().len();
    }

    fn end_screen_if_small(&mut self) {
        if self.stage == Stage::Screen && self.alive().len() <= self.config.keep {
            self.begin_race();
        }
    }

    fn look_if_due(&mut self, processes: u32) {
        if processes >= self.next_look {
            self.next_look =
                (f64::from(processes) * self.config.growth).ceil().max(f64::from(processes) + 1.0) as u32;
            self.look();
        }
    }

    /// Share of alpha that is spent at one look.
    fn spent_at(&self, look: u32) -> f64 {
        let half = self.config.half_spent.max(1.0);
        let look = f64::from(look) + half;
        half / (look * (look - 1.0))
    }

    /// d of one arm against another in the race proper.
    fn difference(&self, of: usize, base: usize) -> Option<Difference> {
        let (of, base) = (self.arms.get(of)?, self.arms.get(base)?);
        Difference::of(&pairs(&base.race, &of.race), &self.prior)
            .filter(|difference| difference.processes > 1)
    }

    fn look(&mut self) {
        self.fresh = false;
        self.looks += 1;
        let alpha = self.config.alpha * (1.0 - self.config.screen_share) * self.spent_at(self.looks);
        let each = alpha / self.starters.saturating_sub(1).max(1) as f64;
        self.prior = self.learn();
        let mut quantile = Quantiles::new(2.0 * each);
        let alive = self.alive();
        for (at, first) in alive.iter().enumerate() {
            for second in alive.iter().skip(at + 1) {
                let Some(difference) = self.difference(*first, *second) else { continue };
                let reach = quantile.reach(&difference);
                for (index, of, estimate) in
                    [(*first, *second, -difference.estimate), (*second, *first, difference.estimate)]
                {
                    let bound = self.ahead(index, of).bound.min(estimate + reach);
                    self.ahead.insert((index, of), Ahead { estimate, bound });
                }
            }
        }
        let Some(leader) = self.leader() else { return };
        for index in alive.iter().copied().filter(|index| *index != leader) {
            let behind = alive.iter().filter(|of| **of != index).map(|of| -self.ahead(index, *of).bound);
            let low = behind.fold(f64::NEG_INFINITY, f64::max);
            if low > 0.0 {
                let high = self
                    .difference(index, leader)
                    .map_or(f64::INFINITY, |seen| seen.estimate + quantile.reach(&seen));
                self.drop(index, leader, low, high.max(low));
            }
        }
    }

    /// How much processes differ, from pairs of neighbours among all who began the race proper.
    fn learn(&self) -> Prior {
        let measured: Vec<&Arm> = self.arms.iter().filter(|arm| !arm.race.is_empty()).collect();
        let neighbours: Vec<Vec<Vec<f64>>> = measured
            .windows(2)
            .filter_map(|pair| match pair {
                [first, second] => Some(pairs(&first.race, &second.race)),
                _ => None,
            })
            .collect();
        Prior::fit(neighbours.iter().map(Vec::as_slice))
    }

    fn slower(&self, arm: &Arm, leader: usize) -> Option<Slower> {
        let out = arm.out.filter(|_| !arm.withdrawn)?;
        // It was seen to be behind one who may be behind the leader of today.
        let since =
            (out.leader != leader).then(|| self.behind(out.leader, leader)).flatten().unwrap_or(0.0).max(0.0);
        Some(Slower {
            strategy: arm.name.clone(),
            low: (out.low + since).exp_m1(),
            high: (out.high + since).exp_m1(),
            dropped: out.dropped,
        })
    }

    /// By how much one was slower than another in all rounds of both.
    fn behind(&self, of: usize, base: usize) -> Option<f64> {
        let (of, base) = (self.arms.get(of)?, self.arms.get(base)?);
        trimmed_mean(&pairs(&base.all, &of.all).concat())
    }

    fn twin(&self) -> Twin {
        let Some([base, twin]) = self.control else { return Twin::Absent };
        let (Some(base), Some(twin)) = (self.arms.get(base), self.arms.get(twin)) else {
            return Twin::Absent;
        };
        let Some(difference) = Difference::of(&pairs(&base.all, &twin.all), &Prior::default()) else {
            return Twin::Unknown;
        };
        if difference.processes < MANY_ENOUGH {
            return Twin::Unknown;
        }
        let interval = difference.interval(CONTROL_ERROR * self.spent_at(self.looks.max(1)));
        let [low, high] = [interval.low.exp_m1(), interval.high.exp_m1()];
        let allowed = self.config.margin.ln() * CONTROL_MARGIN;
        if interval.low > allowed || interval.high < -allowed {
            Twin::Different { low, high }
        } else {
            Twin::Alike { low, high }
        }
    }

    /// As wide as bounds are now, they shrink with the root of the rounds.
    fn wait(&self) -> Option<Wait> {
        let (leader, open) = (self.leader()?, self.open());
        let (mut times, mut rounds) = (1.0_f64, 0);
        for index in open.iter().filter(|index| **index != leader) {
            let common = self.arms.get(*index)?.race.len();
            let estimate = -self.difference(*index, leader)?.estimate;
            let reach = self.ahead(*index, leader).bound - estimate;
            let needed = self.config.margin.ln() - estimate;
            if !(needed > 0.0 && reach.is_finite()) {
                return None;
            }
            times = times.max((reach / needed).powi(2));
            rounds = rounds.max(common);
        }
        let more = (times - 1.0) * rounds as f64;
        let time = |index: &usize| {
            let values: Vec<f64> = self.arms.get(*index)?.all.values().copied().collect();
            trimmed_mean(&values).map(f64::exp)
        };
        let a_round: f64 = open.iter().filter_map(time).sum();
        (more > 0.0).then(|| Wait { rounds: more.ceil() as u64, timed: more.ceil() * a_round })
    }
}

/// Times of a round in which `reference` was measured between all others, as if all had been
/// measured at the same time: each relative to the reference's copies next to it. `copies` are
/// index and logarithm of the time, in the order of measuring; what comes back is for [`Race::feed`].
#[must_use]
pub fn beside(copies: &[(usize, f64)], reference: usize) -> Vec<(usize, f64)> {
    let own: Vec<f64> =
        copies.iter().filter(|(index, _)| *index == reference).map(|(_, ln_time)| *ln_time).collect();
    if own.is_empty() {
        return copies.to_vec();
    }
    let usual = own.iter().sum::<f64>() / own.len() as f64;
    let mut times = vec![(reference, usual)];
    let mut seen = 0_usize;
    for (index, ln_time) in copies {
        if *index == reference {
            seen += 1;
            continue;
        }
        let next_to = own.get(seen.saturating_sub(1)..(seen + 1).min(own.len())).unwrap_or_default();
        let near = next_to.iter().sum::<f64>() / next_to.len().max(1) as f64;
        times.push((*index, ln_time - near + usual));
    }
    times
}

/// Processes from which a twin can be told from its base.
const MANY_ENOUGH: usize = 3;

/// Probability that a twin is called different by chance, over all looks.
const CONTROL_ERROR: f64 = 0.01;

/// Share of the margin by which a twin may differ for all we care.
const CONTROL_MARGIN: f64 = 0.25;

/// Student's t at one alpha; most pairs have the same degrees of freedom.
struct Quantiles {
    alpha: f64,
    known: Vec<(f64, f64)>,
}

impl Quantiles {
    fn new(alpha: f64) -> Self {
        Self { alpha, known: Vec::new() }
    }

    /// How far the truth may be from an estimate.
    fn reach(&mut self, difference: &Difference) -> f64 {
        if difference.standard_error <= 0.0 {
            return 0.0;
        }
        let degrees_of_freedom = difference.degrees_of_freedom;
        let known = self
            .known
            .iter()
            .find(|(known, _)| (known - degrees_of_freedom).abs() < 1e-9)
            .map(|(_, value)| *value);
        let value = known.unwrap_or_else(|| {
            let value = critical(self.alpha, degrees_of_freedom);
            self.known.push((degrees_of_freedom, value));
            value
        });
        value * difference.standard_error
    }
}

#[cfg(test)]
mod tests;

pub(super) mod calibration;
pub(super) mod confirmation;
pub(super) mod order;
pub(super) mod race;
pub(super) mod session;
pub(super) mod waiting;

use super::cell::Cell;
use super::trial::limit::LIMITS;
use super::worker::arm::{Arm, ArmError, Asked};
use super::worker::protocol::{Reply, Request};
use crate::analysis::race::Stage;
use crate::analysis::{Kind, Measurements};
use crate::fixture::{FixtureError, Source};
use crate::record::{AnswerLine, Clock, Copies, Counters, Line, OutLine, Refused, SampleLine, SkipLine};
use order::Order;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{io, iter};
use waiting::{PROBES, Wait};

/// Time that the copies of one value should take together, so that their median is worth
/// something even where one copy takes microseconds.
const VALUE: Duration = Duration::from_millis(1);
/// Copies of at least this size take so long that fewer of them make a process, and one a value.
pub(crate) const LARGE: u64 = 256 << 20;
/// Characters of an arm's answer that are shown.
const MOST_SAID: usize = 1000;
/// Most copies in one value: more were seen to tell nothing that another round would not tell better.
const MOST_COPIES: u64 = 5;

/// One cell, to be measured in rounds.
pub struct Rounds<'a> {
    pub cell: &'a Cell,
    /// What the cell is called in samples.
    pub id: String,
    /// Its source, which this process renews between copies.
    pub source: &'a Source,
    /// Directory for targets.
    pub to: &'a Path,
    /// Strategies, the base among them.
    pub strategies: Vec<&'static str>,
    /// Whether the limits of the machine are measured in the same rounds.
    pub limits: bool,
    /// The strategy that others are compared with.
    pub base: &'a str,
    /// A real delay, as a share of the copy's time, for the strategies of this arm and name.
    pub slowdown: Option<Slowdown>,
    /// See [`Order`].
    pub order_seed: u64,
    /// Number of the process, from 1.
    pub process: u32,
    /// What the machine's clock counts.
    pub clock: Clock,
    /// Rounds of this process that the record has already.
    pub done: u32,
    /// When to stop.
    pub until: Instant,
    /// Rounds that are measured all the same.
    pub at_least: u32,
    /// Exactly so many rounds instead.
    pub exactly: Option<u32>,
}

#[derive(Clone, Debug)]
pub struct Slowdown {
    /// Name of the arm.
    pub arm: String,
    /// Strategies; all where it is empty.
    pub strategies: Vec<String>,
    /// Share of the copy's time.
    pub share: f64,
}

/// Why a cell could not be measured to its end.
#[derive(Debug, thiserror::Error)]
pub enum RoundsError {
    /// An arm gave no answer.
    #[error(transparent)]
    Arm(#[from] ArmError),
    #[error("{strategy}: {error}")]
    Died { strategy: &'static str, error: ArmError },
    #[error("the worker of the arm {arm:?}: {message}")]
    Failed { arm: &'static str, message: String },
    #[error("the source: {0}")]
    Source(#[from] FixtureError),
    #[error("writing the record: {0}")]
    Record(#[from] io::Error),
}

/// Who is measured in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contestant {
    /// The name of a strategy or limit.
    pub strategy: &'static str,
    /// Which copy of it.
    pub entry: Entrant,
}

/// Strategies may race with copies of themselves, of which the truth is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entrant {
    /// The strategy itself.
    First,
    /// It once more, which tells what is called different though it is the same.
    Twin,
    /// It with a real delay, in hundredths of a per cent of the copy's time.
    Slowed(u32),
}

impl Entrant {
    /// The arm of its samples in a record; none where that is the process's own.
    fn arm(self) -> Option<String> {
        match self {
            Self::First => None,
            Self::Twin => Some("twin".to_owned()),
            Self::Slowed(hundredths) => Some(format!("slowed-{hundredths}")),
        }
    }

    /// Of the samples of an arm.
    pub(super) fn of_arm(arm: &str) -> Self {
        match arm.strip_prefix("slowed-").and_then(|hundredths| hundredths.parse().ok()) {
            Some(hundredths) => Self::Slowed(hundredths),
            None if arm == "twin" => Self::Twin,
            None => Self::First,
        }
    }

    /// Share of a copy's time that is added to it.
    #[must_use]
    pub fn slowdown(self) -> f64 {
        match self {
            Self::First | Self::Twin => 0.0,
            Self::Slowed(hundredths) => f64::from(hundredths) / 1e4,
        }
    }
}

impl Contestant {
    pub(crate) fn new(strategy: &'static str) -> Self {
        Self { strategy, entry: Entrant::First }
    }

    /// Its name among all in a race.
    #[must_use]
    pub fn label(&self) -> String {
        self.entry.arm().map_or_else(|| self.strategy.to_owned(), |arm| format!("{}|{arm}", self.strategy))
    }
}

/// A strategy that works in a cell.
#[derive(Clone, Debug)]
pub(crate) struct Able {
    pub strategy: &'static str,
    pub kind: Kind,
    /// What was counted of the copy that was not timed.
    pub counters: Counters,
}

/// How far a cell has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All strategies in every round: so many rounds of this process.
    Full { rounds: u32 },
    /// A race.
    Race {
        stage: Stage,
        /// Who may still be the fastest.
        alive: usize,
        of: usize,
    },
}

/// What a cell tells its caller while it is measured.
pub trait Listener {
    /// A sample, to be recorded.
    fn sample(&mut self, sample: SampleLine) -> io::Result<()>;
    /// A strategy that drops out, to be recorded. `wrong`: its copy was wrong.
    fn skip(&mut self, skip: SkipLine, wrong: bool) -> io::Result<()>;
    /// A strategy that a race dropped, and what a race came to.
    fn out(&mut self, _: OutLine) -> io::Result<()> {
        Ok(())
    }
    /// See [`Self::out`].
    fn answer(&mut self, _: AnswerLine) -> io::Result<()> {
        Ok(())
    }
    /// A round is over.
    fn progress(&mut self, progress: Progress);
}

/// Keeps what a cell tells.
#[derive(Debug, Default)]
pub struct Seen {
    pub samples: Vec<SampleLine>,
    /// What could not be measured; the strategy `*` is all.
    pub skips: Vec<SkipLine>,
}

impl Listener for Seen {
    fn sample(&mut self, sample: SampleLine) -> io::Result<()> {
        self.samples.push(sample);
        Ok(())
    }

    fn skip(&mut self, skip: SkipLine, _wrong: bool) -> io::Result<()> {
        self.skips.push(skip);
        Ok(())
    }

    fn progress(&mut self, _: Progress) {}
}

/// An arm by its name in records.
pub type NamedArm = (&'static str, Arm);

impl<'a> Rounds<'a> {
    /// One process that measures copies of `source` into `to` by all of `strategies` once.
    pub fn new(cell: &'a Cell, source: &'a Source, to: &'a Path, strategies: Vec<&'static str>) -> Self {
        Self {
            cell,
            id: cell.id(),
            source,
            to,
            limits: false,
            base: strategies.first().copied().unwrap_or_default(),
            strategies,
            slowdown: None,
            order_seed: 1,
            process: 1,
            clock: Clock::Wall,
            done: 0,
            until: Instant::now(),
            at_least: 1,
            exactly: None,
        }
    }

    /// Measures the rounds that were asked for, or for as long as there is time. `all` has what was
    /// measured before and gets what is measured now.
    pub fn run(
        &self,
        arms: &mut [NamedArm],
        all: &mut Measurements,
        listener: &mut dyn Listener,
    ) -> Result<(), RoundsError> {
        self.turn(arms)?;
        let able = self.warm_up(arms, listener)?;
        let names: Vec<&'static str> = able.iter().map(|able| able.strategy).collect();
        let copies = self.copies(arms, &names)?;
        let mut contestants: Vec<Contestant> = names.iter().copied().map(Contestant::new).collect();
        if self.limits && !names.is_empty() {
            contestants.extend(self.able_limits(&mut arms[0], listener)?);
        }
        let mut round = self.done;
        while !contestants.is_empty() && !self.is_over(round) {
            let lineup = Lineup { contestants: &contestants, reference: None, round, copies };
            let failed = self.round(arms, lineup, all, listener)?.failed;
            contestants.retain(|contestant| !failed.contains(contestant));
            round += 1;
            listener.progress(Progress::Full { rounds: round });
        }
        Ok(())
    }

    /// One round, by every arm, in random order.
    pub(crate) fn round(
        &self,
        arms: &mut [NamedArm],
        Lineup { contestants, reference, round, copies }: Lineup<'_>,
        all: &mut Measurements,
        listener: &mut dyn Listener,
    ) -> Result<Round, RoundsError> {
        // What ran before moves a count by some tenths of a per cent: the memory that a copy gets is
        // what others gave back. No other noise hides that, so counted boots share their orders.
        let process = if self.clock == Clock::Instructions { 0 } else { self.process };
        let mut order = Order::new(self.order_seed, &self.id, process, round);
        let mut next = Turn { round, position: 0, copies: order.jitter(copies) };
        let mut done = Round::default();
        let shuffled = order.shuffled(contestants.len()).into_iter().map(|index| contestants[index]);
        let sequence: Vec<Contestant> = match reference {
            None => shuffled.collect(),
            Some(reference) => {
                let others = shuffled.filter(|contestant| *contestant != reference);
                iter::once(reference).chain(others.flat_map(|other| [other, reference])).collect()
            }
        };
        for contestant in sequence {
            if done.failed.contains(&contestant) {
                continue;
            }
            // Which arm comes first is a coin for each strategy and round.
            let swap = order.coin();
            for turn in 0..arms.len() {
                let arm = if swap { arms.len() - 1 - turn } else { turn };
                match self.sample(&mut arms[arm], contestant, next)? {
                    Ok(sample) => {
                        done.copies.push((contestant, sample.copies.clone()));
                        all.take(&Line::Sample(sample.clone()));
                        listener.sample(sample)?;
                    }
                    Err((skip, wrong)) => {
                        listener.skip(skip, wrong)?;
                        done.failed.insert(contestant);
                    }
                }
                next.position += 1;
            }
        }
        Ok(done)
    }

    /// All rounds measured, or the time over and each process heard. When to stop never hangs on what
    /// was seen, so that what was seen needs no correction for it.
    fn is_over(&self, round: u32) -> bool {
        match self.exactly {
            Some(rounds) => round >= rounds,
            None => round >= self.at_least.max(self.done + 1) && Instant::now() >= self.until,
        }
    }

    pub(crate) fn turn(&self, arms: &mut [NamedArm]) -> Result<(), RoundsError> {
        let request = Request::Cell {
            source: self.source.path(),
            to: self.to.to_owned(),
            layout: self.cell.layout.to_owned(),
            cache: self.cell.cache.name().to_owned(),
            dst: self.cell.dst.name().to_owned(),
            end: self.cell.end.name().to_owned(),
            setup: self.cell.setup.name().to_owned(),
        };
        for (name, arm) in arms {
            match arm.ask(&request, Duration::from_secs(30))? {
                Reply::Ready => {}
                other => return Err(failed(name, &other)),
            }
        }
        Ok(())
    }

    /// One copy of every strategy by every arm, verified and observed but not timed; returns those
    /// that every arm can do.
    pub(crate) fn warm_up(
        &self,
        arms: &mut [NamedArm],
        listener: &mut dyn Listener,
    ) -> Result<Vec<Able>, RoundsError> {
        let mut able = Vec::new();
        'strategies: for &strategy in &self.strategies {
            let mut able_one = Able { strategy, kind: Kind::Copied, counters: Counters::new() };
            for (name, arm) in arms.iter_mut() {
                match self.block(name, arm, strategy, Blocks::Observed)? {
                    Reply::Block(copies) => {
                        able_one.kind =
                            Kind::of_copy(copies.bytes, copies.shared_bytes, copies.allocated_bytes);
                        able_one.counters = copies.counters.clone().unwrap_or_default();
                        // Once is enough. An older build times this copy, in fresh memory.
                        if self.process == 1 && self.done == 0 && copies.elapsed.is_empty() {
                            listener.sample(self.line(name, strategy, None, copies))?;
                        }
                    }
                    Reply::Refused { why, wrong } => {
                        listener.skip(why.line(self.id.clone(), strategy), wrong)?;
                        continue 'strategies;
                    }
                    other => return Err(failed(name, &other)),
                }
            }
            match self.waits(arms, strategy)? {
                Some(reason) => {
                    listener.skip(Refused::because(&reason).line(self.id.clone(), strategy), false)?;
                }
                None => able.push(able_one),
            }
        }
        Ok(able)
    }

    /// The limits that can be measured here: their buffers take twice the memory of the file.
    pub(crate) fn able_limits(
        &self,
        (name, arm): &mut NamedArm,
        listener: &mut dyn Listener,
    ) -> Result<Vec<Contestant>, RoundsError> {
        let mut able = Vec::new();
        for limit in LIMITS {
            match self.block(name, arm, limit.name, Blocks::Timed(1))? {
                Reply::Block(_) => able.push(Contestant::new(limit.name)),
                Reply::Refused { why, .. } => {
                    listener.skip(why.line(self.id.clone(), limit.name), false)?;
                }
                other => return Err(failed(name, &other)),
            }
        }
        Ok(able)
    }

    /// Why a strategy is left out where the clock counts instructions.
    fn waits(&self, arms: &mut [NamedArm], strategy: &'static str) -> Result<Option<String>, RoundsError> {
        if self.clock == Clock::Wall {
            return Ok(None);
        }
        let (name, arm) = &mut arms[0];
        let mut waits = Vec::new();
        // Not of the observed copy, whose observers have threads.
        for _ in 0..PROBES {
            match Wait::of(|| self.block(name, arm, strategy, Blocks::Timed(1)))? {
                (wait, Reply::Block(_)) => waits.push(wait),
                (_, other) => return Err(failed(name, &other)),
            }
        }
        Ok(Wait::reason(&waits))
    }

    /// How many copies make a value, from the base's time.
    pub(crate) fn copies(&self, arms: &mut [NamedArm], names: &[&'static str]) -> Result<u64, RoundsError> {
        let Some(&base) = names.iter().find(|name| **name == self.base).or(names.first()) else {
            return Ok(1);
        };
        // So many bytes are not copied in a time that is too short.
        if self.cell.size >= LARGE {
            return Ok(1);
        }
        let (name, arm) = &mut arms[0];
        match self.block(name, arm, base, Blocks::Timed(3))? {
            Reply::Block(Copies { mut elapsed, .. }) => {
                elapsed.sort_unstable();
                let middle = elapsed.get(elapsed.len() / 2).copied().unwrap_or(1).max(1);
                Ok((VALUE.as_nanos() as u64 / middle).clamp(1, MOST_COPIES))
            }
            // The rounds find out what it is.
            Reply::Refused { .. } => Ok(1),
            other => Err(failed(name, &other)),
        }
    }

    /// A sample, or why there is none and whether that is because of a wrong copy.
    fn sample(
        &self,
        (name, arm): &mut NamedArm,
        contestant: Contestant,
        turn: Turn,
    ) -> Result<Result<SampleLine, (SkipLine, bool)>, RoundsError> {
        let strategy = contestant.strategy;
        let reply = match self.slowed_block(name, arm, contestant, Blocks::Timed(turn.copies)) {
            Err(RoundsError::Arm(error)) => return Err(RoundsError::Died { strategy, error }),
            other => other?,
        };
        match reply {
            Reply::Refused { why, wrong } => {
                let reason = format!("from round {} on: {}", turn.round, why.reason);
                Ok(Err((Refused { reason, ..why }.line(self.id.clone(), strategy), wrong)))
            }
            Reply::Block(copies) => {
                let line = self.line(name, strategy, Some(turn), copies);
                Ok(Ok(SampleLine { arm: contestant.entry.arm().unwrap_or(line.arm), ..line }))
            }
            other => Err(failed(name, &other)),
        }
    }

    /// What an arm did, as a sample that stands at `turn`, or outside the rounds.
    fn line(&self, arm: &'static str, strategy: &str, turn: Option<Turn>, copies: Copies) -> SampleLine {
        SampleLine {
            round: turn.map(|turn| turn.round),
            position: turn.map(|turn| turn.position),
            process: self.process,
            arm: arm.to_owned(),
            ..copies.line(self.id.clone(), strategy)
        }
    }

    fn block(
        &self,
        arm_name: &str,
        arm: &mut Arm,
        strategy: &'static str,
        block: Blocks,
    ) -> Result<Reply, RoundsError> {
        self.slowed_block(arm_name, arm, Contestant::new(strategy), block)
    }

    fn slowed_block(
        &self,
        arm_name: &str,
        arm: &mut Arm,
        Contestant { strategy, entry }: Contestant,
        block: Blocks,
    ) -> Result<Reply, RoundsError> {
        self.source.renew()?;
        let slowdown = self.slowdown.as_ref().filter(|slowdown| {
            slowdown.arm == arm_name
                && (slowdown.strategies.is_empty() || slowdown.strategies.iter().any(|name| name == strategy))
        });
        let (copies, verify) = match block {
            Blocks::Observed => (1, true),
            Blocks::Timed(copies) => (copies, false),
        };
        let request = Request::Block {
            strategy: strategy.to_owned(),
            copies,
            verify,
            slowdown: slowdown.map_or(entry.slowdown(), |slowdown| slowdown.share),
        };
        // A minute, and a second for each 10 MB: slower than any disk that is not broken.
        let patience = Duration::from_secs(60 + copies * self.cell.size / 10_000_000);
        let asked = Instant::now();
        let reply = arm.ask(&request, patience)?;
        if let Reply::Block(given) = &reply {
            let (size, within) = (self.cell.size, asked.elapsed());
            arm.believe(given, Asked { copies, observed: verify, size, within })?;
        }
        Ok(reply)
    }
}

/// Who is measured in a round.
#[derive(Clone, Copy)]
pub(crate) struct Lineup<'a> {
    pub contestants: &'a [Contestant],
    /// Who of them is measured before, between and after all others.
    pub reference: Option<Contestant>,
    pub round: u32,
    /// How many copies make a value, or up to a fifth more.
    pub copies: u64,
}

/// What a round came to.
#[derive(Default)]
pub(crate) struct Round {
    pub copies: Vec<(Contestant, Copies)>,
    /// Who refused what it could do before, and is to be left out from here on.
    pub failed: BTreeSet<Contestant>,
}

/// What an arm is asked for.
#[derive(Clone, Copy)]
enum Blocks {
    /// One copy without a clock, verified and observed.
    Observed,
    /// So many copies.
    Timed(u64),
}

/// Where a sample stands.
#[derive(Clone, Copy)]
struct Turn {
    round: u32,
    position: u32,
    copies: u64,
}

fn failed(arm: &'static str, reply: &Reply) -> RoundsError {
    let message = match reply {
        Reply::Failed { message } => message.clone(),
        Reply::Refused { why, .. } => format!("a strategy that worked before refused: {}", why.reason),
        other => format!("unexpected answer {other:?}"),
    };
    let message = message.chars().take(MOST_SAID).collect();
    RoundsError::Failed { arm, message }
}

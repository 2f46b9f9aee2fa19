//! A race between the strategies of a cell, each stage of it in a process of its own.

use super::{Contestant, Entrant, LARGE, Lineup, Listener, NamedArm, Progress, Round, Rounds, RoundsError};
use crate::analysis::kind::Kind;
use crate::analysis::race::{Answer, Batch, Config, Next, Race, Stage, beside};
use crate::analysis::{Margin, Measurements, median};
use crate::measure::worker::arm::{Arm, ArmError};
use crate::record::{AnswerLine, Counters, OutLine, Refused};
use crate::units::duration;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Rounds in a process of the race proper, of large files and of others.
const ROUNDS: [u32; 2] = [2, 6];
/// Processes that a single contestant is measured in, as it has nobody to race with.
const ALONE: u32 = 3;

/// How a race ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a> {
    /// Equivalence margin.
    pub margin: Margin,
    /// When to end it, decided or not.
    pub until: Instant,
    /// Most processes.
    pub processes: Option<u32>,
    /// Copies of the base that race beside it. The twin, if any, decides whether anything is said.
    pub entrants: &'a [Entrant],
}

/// Races the strategies of one cell, those of each kind among themselves, and returns the answers.
/// `all` has what an earlier start of this run measured, which the races go on from.
pub(crate) fn race(
    rounds: &mut Rounds<'_>,
    terms: Terms<'_>,
    all: &mut Measurements,
    listener: &mut dyn Listener,
) -> Result<Vec<AnswerLine>, RoundsError> {
    let started = Instant::now();
    let cell = rounds.id.clone();
    let seen = Seen::of(all, &cell);
    let (mut arms, alone) = match Arm::this() {
        Ok(arm) => (vec![("this", arm)], None),
        // Where nobody may start another process, as under some limits, this one ranks.
        Err(ArmError::Start { source, .. }) => {
            let reason =
                format!("no further process could be started ({source}), and one alone decides nothing");
            (vec![("this", Arm::here())], Some(reason))
        }
        Err(error) => return Err(error.into()),
    };
    rounds.process = seen.processes + 1;
    rounds.turn(&mut arms)?;
    let able = rounds.warm_up(&mut arms, listener)?;
    let names: Vec<&'static str> = able.iter().map(|able| able.strategy).collect();
    let limits = if rounds.limits && !able.is_empty() {
        rounds.able_limits(&mut arms[0], listener)?
    } else {
        Vec::new()
    };
    let counted = able.iter().map(|able| (able.strategy, able.counters.clone())).collect();
    let mut course = Course {
        copies: rounds.copies(&mut arms, &names)?,
        limits,
        counted,
        timed: BTreeMap::new(),
        rounds,
        terms,
        arms: Some(arms),
        alone,
        all,
        listener,
        seen: &seen,
    };
    let kinds = [Kind::Copied, Kind::Reflinked, Kind::Holes];
    let fields = kinds.map(|kind| {
        let of_kind = able.iter().filter(|able| able.kind == kind);
        (kind, of_kind.map(|able| able.strategy).collect::<Vec<_>>())
    });
    let fields: Vec<_> = fields.into_iter().filter(|(_, field)| !field.is_empty()).collect();
    let mut answers = Vec::new();
    for (index, (kind, field)) in fields.iter().enumerate() {
        // The kinds that are left share the time that is left, by how many race in each.
        let left: usize = fields[index..].iter().map(|(_, field)| field.len()).sum();
        let now = Instant::now();
        let share = field.len() as f64 / left as f64;
        let until = now + terms.until.saturating_duration_since(now).mul_f64(share);
        let began = if index == 0 { started } else { now };
        answers.push(course.run(&cell, *kind, field, began, until)?);
    }
    Ok(answers)
}

/// Logarithms of times, by place in the round.
type Times = BTreeMap<(Option<u32>, Contestant), f64>;

/// What the record has of a cell, by process and round.
struct Seen {
    rounds: BTreeMap<(u32, u32), Times>,
    processes: u32,
    /// Processes after which the run had been ended, by kind.
    ends: BTreeMap<String, u32>,
}

impl Seen {
    fn of(all: &Measurements, cell: &str) -> Self {
        let mut rounds: BTreeMap<(u32, u32), Times> = BTreeMap::new();
        let mut processes = 0;
        for (strategy, arms) in all.series.get(cell).into_iter().flatten() {
            let Some(strategy) = crate::strategy::find(strategy).map(|strategy| strategy.name) else {
                continue;
            };
            for (arm, series) in arms {
                let contestant = Contestant { strategy, entry: Entrant::of_arm(arm) };
                for value in &series.observations {
                    // Measurements number processes from 0.
                    let process = value.process + 1;
                    processes = processes.max(process);
                    let Some(round) = value.round else { continue };
                    let place = (value.position, contestant);
                    rounds.entry((process, round)).or_default().insert(place, value.time.ln());
                }
            }
        }
        let ends = all.answers.values().filter(|answer| answer.cell == cell);
        let ends = ends.map(|answer| (answer.kind.clone(), answer.processes)).collect();
        Self { rounds, processes, ends }
    }

    /// Feeds a race what the record has; returns who was dropped by then.
    fn replay(&self, race: &mut Race, contestants: &[Contestant], kind: Kind) -> BTreeSet<String> {
        let ended = self.ends.get(kind.name()).copied();
        let index = |of: &Contestant| contestants.iter().position(|contestant| contestant == of);
        let known: BTreeSet<usize> =
            self.rounds.values().flat_map(BTreeMap::keys).filter_map(|(_, of)| index(of)).collect();
        let mut last = 0;
        for (&(process, round), times) in &self.rounds {
            if ended.is_some_and(|ended| last <= ended && process > ended) {
                race.finish();
            }
            last = process;
            let of_race: Vec<(usize, f64)> =
                times.iter().filter_map(|((_, of), time)| Some((index(of)?, *time))).collect();
            // A process goes on only after a whole round; its last one may have been its end.
            let is_last = !self.rounds.contains_key(&(process, round + 1));
            if of_race.is_empty() || (is_last && !is_whole(&race.next(), &of_race, &known)) {
                continue;
            }
            let mut seen = BTreeSet::new();
            let reference = of_race.iter().find(|(index, _)| !seen.insert(*index)).map(|(index, _)| *index);
            let times = reference.map_or_else(|| of_race.clone(), |reference| beside(&of_race, reference));
            race.feed(process, round, &times);
        }
        if !self.rounds.is_empty() {
            race.finish();
        }
        race.answer().slower.into_iter().map(|slower| slower.strategy).collect()
    }
}

/// Whether a round has all that the race wanted of it, but for who is not `known` to work.
fn is_whole(next: &Next, round: &[(usize, f64)], known: &BTreeSet<usize>) -> bool {
    let Next::Measure(batch) = next else { return true };
    let times = |wanted: usize| round.iter().filter(|(index, _)| *index == wanted).count();
    let mut wanted = batch.strategies.iter().copied().filter(|index| known.contains(index));
    wanted.all(|index| times(index) > 0)
        && batch.reference.is_none_or(|reference| 2 * times(reference) > round.len())
}

struct Course<'a, 'b> {
    rounds: &'a mut Rounds<'b>,
    terms: Terms<'a>,
    arms: Option<Vec<NamedArm>>,
    /// Why no other process measures, where that is so.
    alone: Option<String>,
    copies: u64,
    limits: Vec<Contestant>,
    /// What was counted of a copy by each strategy that was not timed.
    counted: BTreeMap<&'static str, Counters>,
    /// Sums over samples that were, and how many.
    timed: BTreeMap<&'static str, (Counters, u64)>,
    all: &'a mut Measurements,
    listener: &'a mut dyn Listener,
    seen: &'a Seen,
}

impl Course<'_, '_> {
    fn run(
        &mut self,
        cell: &str,
        kind: Kind,
        field: &[&'static str],
        began: Instant,
        until: Instant,
    ) -> Result<AnswerLine, RoundsError> {
        let mut contestants: Vec<Contestant> = field.iter().copied().map(Contestant::new).collect();
        let base = field.iter().copied().find(|name| *name == self.rounds.base);
        let entrants = |entry: &Entrant| Some(Contestant { strategy: base?, entry: *entry });
        // Who has nobody to race with needs no control either.
        if field.len() + self.terms.entrants.len() > 2 {
            contestants.extend(self.terms.entrants.iter().filter_map(entrants));
        }
        let twin = contestants.iter().find(|contestant| contestant.entry == Entrant::Twin);
        let config = Config {
            margin: self.terms.margin,
            rounds: ROUNDS[usize::from(self.rounds.cell.size < LARGE)],
            adjacent: self.rounds.cell.size >= LARGE,
            control: twin.map(|twin| [self.rounds.base.to_owned(), twin.label()]),
            ..Config::default()
        };
        let mut race = Race::new(contestants.iter().map(Contestant::label), config);
        let mut out = self.seen.replay(&mut race, &contestants, kind);
        let mut measured = 0;
        while let Some(batch) = self.next(&race, contestants.len(), measured) {
            let enough = self.terms.processes.is_some_and(|most| measured >= most && batch.new_process);
            // A first process, however short the time: a ranking that is marked as such beats none.
            let ranked = self.alone.is_some() && batch.stage == Stage::Race && measured > 0;
            if enough || ranked || (measured > 0 && Instant::now() >= until) {
                break;
            }
            if self.alone.is_some() {
                measured += 1;
                self.arms.get_or_insert_with(|| vec![("this", Arm::here())]);
            } else if batch.new_process || self.arms.is_none() {
                measured += 1;
                self.new_process()?;
            }
            self.batch(&mut race, &contestants, &batch, until)?;
            self.tell_out(cell, kind, &race, &mut out)?;
            let alive = batch.strategies.len();
            self.listener.progress(Progress::Race { alive, of: contestants.len(), stage: batch.stage });
        }
        race.finish();
        self.tell_out(cell, kind, &race, &mut out)?;
        let answer = race.answer();
        let line = self.line(cell, kind, &answer, &race, began.elapsed());
        self.listener.answer(line.clone())?;
        self.all.take(&crate::record::Line::Answer(line.clone()));
        Ok(line)
    }

    /// What to measure next. Who has nobody to race with is measured in a few processes all the same.
    fn next(&self, race: &Race, field: usize, measured: u32) -> Option<Batch> {
        match race.next() {
            Next::Measure(batch) => Some(batch),
            Next::Done if field == 1 && measured < ALONE => {
                let (stage, rounds, strategies) = (Stage::Race, ROUNDS[0], vec![0]);
                Some(Batch { stage, new_process: true, rounds, strategies, reference: None })
            }
            Next::Done => None,
        }
    }

    fn new_process(&mut self) -> Result<(), RoundsError> {
        // The process of the warm-up has measured nothing yet.
        if self.rounds.done > 0 || self.arms.is_none() {
            self.arms = None;
            let mut arms = vec![("this", Arm::this()?)];
            self.rounds.process += 1;
            self.rounds.turn(&mut arms)?;
            self.arms = Some(arms);
            self.rounds.done = 0;
        }
        Ok(())
    }

    fn batch(
        &mut self,
        race: &mut Race,
        contestants: &[Contestant],
        batch: &Batch,
        until: Instant,
    ) -> Result<(), RoundsError> {
        let mut running: Vec<Contestant> =
            batch.strategies.iter().filter_map(|index| contestants.get(*index).copied()).collect();
        let reference = batch.reference.and_then(|index| contestants.get(index).copied());
        for _ in 0..batch.rounds {
            if self.rounds.done > 0 && Instant::now() >= until {
                break;
            }
            let Some(arms) = &mut self.arms else { break };
            let limits = self.limits.iter().copied().filter(|_| batch.stage == Stage::Race);
            let everyone: Vec<Contestant> = running.iter().copied().chain(limits).collect();
            let round = self.rounds.done;
            let lineup = Lineup { contestants: &everyone, reference, round, copies: self.copies };
            let measured = self.rounds.round(arms, lineup, self.all, self.listener);
            self.rounds.done += 1;
            let failed = match measured {
                Ok(measured) => {
                    let times = self.note(contestants, &measured);
                    let times = batch.reference.map_or_else(|| times.clone(), |one| beside(&times, one));
                    race.feed(self.rounds.process, round, &times);
                    measured.failed
                }
                // A race takes whole rounds only, not one in which the process died.
                Err(RoundsError::Died { strategy, error }) => {
                    // The next batch begins another process without it.
                    self.arms = None;
                    self.listener
                        .skip(Refused::because(&error).line(self.rounds.id.clone(), strategy), false)?;
                    let died = |contestant: &&Contestant| contestant.strategy == strategy;
                    self.limits.retain(|limit| limit.strategy != strategy);
                    contestants.iter().copied().filter(|contestant| died(&contestant)).collect()
                }
                Err(error) => return Err(error),
            };
            for contestant in failed {
                running.retain(|running| *running != contestant);
                self.limits.retain(|limit| *limit != contestant);
                if let Some(index) = contestants.iter().position(|known| *known == contestant) {
                    race.withdraw(index);
                }
            }
        }
        Ok(())
    }

    /// Adds up what was counted, and returns the logarithms of the times by index.
    fn note(&mut self, contestants: &[Contestant], measured: &Round) -> Vec<(usize, f64)> {
        let mut times = Vec::new();
        for (contestant, copies) in &measured.copies {
            let values: Vec<f64> = copies.elapsed.iter().map(|time| *time as f64).collect();
            let index = contestants.iter().position(|known| known == contestant);
            times.extend(index.zip(median(&values).filter(|time| *time > 0.0).map(f64::ln)));
            let (sums, count) = self.timed.entry(contestant.strategy).or_default();
            for (name, value) in copies.counters.iter().flatten() {
                *sums.entry(name.clone()).or_default() += value;
            }
            *count += 1;
        }
        times
    }

    /// Records who was dropped since the last time.
    fn tell_out(
        &mut self,
        cell: &str,
        kind: Kind,
        race: &Race,
        told: &mut BTreeSet<String>,
    ) -> Result<(), RoundsError> {
        for slower in race.answer().slower {
            if told.insert(slower.strategy.clone()) {
                self.listener.out(OutLine {
                    cell: cell.to_owned(),
                    kind: kind.name().to_owned(),
                    stage: match slower.dropped.stage {
                        Stage::Screen => "screen".to_owned(),
                        Stage::Race => "race".to_owned(),
                    },
                    look: slower.dropped.look,
                    process: slower.dropped.process,
                    round: slower.dropped.round,
                    behind: slower.behind(),
                    strategy: slower.strategy,
                })?;
            }
        }
        Ok(())
    }

    fn line(&self, cell: &str, kind: Kind, answer: &Answer, race: &Race, took: Duration) -> AnswerLine {
        let seconds = took.as_secs_f64();
        // What a second of copies costs, with all that is beside them.
        let cost = if race.timed() > 0.0 { seconds / race.timed() } else { 0.0 };
        let why = self.why(answer.best.as_deref().unwrap_or_default());
        AnswerLine {
            processes: self.rounds.process,
            more_seconds: answer.wait.filter(|_| !answer.decided).map(|wait| (wait.timed * cost).ceil()),
            ..match (race.line(cell, kind, seconds, why), &self.alone) {
                (line, Some(reason)) => AnswerLine { why: reason.clone(), ..line },
                (line, None) => line,
            }
        }
    }

    /// What a copy by the leader costs, beside what one by the base does.
    fn why(&self, best: &str) -> String {
        let of = |strategy: &str| {
            let mean = |key: &str| {
                let (sums, count) = self.timed.get(strategy)?;
                Some(sums.get(key)? / count.max(&1))
            };
            let processor = mean("user_ns").zip(mean("system_ns")).map(|(user, system)| user + system);
            let calls = self.counted.get(strategy).and_then(|counters| counters.get("calls.total").copied());
            [processor, mean("minor_faults"), calls]
        };
        type Show = fn(u64) -> String;
        let words: [(&str, Show); 3] = [
            ("of processor time", |time| duration(time as f64)),
            ("page faults", |count| count.to_string()),
            ("system calls", |count| count.to_string()),
        ];
        let base = self.rounds.base;
        let (own, of_base) = (of(best), of(base));
        let parts =
            words.iter().zip(own.into_iter().zip(of_base)).filter_map(|((word, show), (own, of_base))| {
                let beside = of_base.filter(|_| best != base).map(|of_base| format!(" ({})", show(of_base)));
                Some(format!("{} {word}{}", show(own?), beside.unwrap_or_default()))
            });
        let parts: Vec<String> = parts.collect();
        let beside = if best == base { String::new() } else { format!(" (in brackets: by {base})") };
        format!("a copy takes {}{beside}", parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::example::{Example, sample};
    use crate::record::SampleLine;

    const NAMES: [&str; 3] = ["read-write-1m", "mmap-mmap", "sendfile"];

    /// A race over the rounds of these processes, each made of so many samples.
    fn raced(processes: &[&[usize]]) -> Race {
        let mut example = Example::default();
        for (process, rounds) in (1..).zip(processes) {
            for (round, samples) in (0..).zip(*rounds) {
                for (position, name) in (0..).zip(NAMES.iter().take(*samples)) {
                    let line = sample("c", name, round, f64::from(position) / 100.0);
                    example = example.with(SampleLine { process, position: Some(position), ..line });
                }
            }
        }
        let contestants = NAMES.map(Contestant::new);
        let mut race = Race::new(NAMES.map(str::to_owned), Config::default());
        Seen::of(&example.measurements(), "c").replay(&mut race, &contestants, Kind::Copied);
        race
    }

    #[test]
    fn a_round_in_which_the_process_died_counts_neither_then_nor_when_the_run_goes_on() {
        let whole = raced(&[&[3, 3], &[3, 3]]);
        assert!(whole.timed() > 0.0);
        for cut in [1, 2] {
            assert_eq!(raced(&[&[3, 3, cut], &[3, 3]]).answer(), whole.answer());
            assert!((raced(&[&[3, 3, cut], &[3, 3, cut]]).timed() - whole.timed()).abs() < 1.0);
        }
    }

    #[test]
    fn who_refuses_in_the_middle_of_a_process_costs_the_others_nothing() {
        let refused = raced(&[&[3, 2, 2, 2]]);
        assert!(refused.timed() > raced(&[&[3]]).timed() * 2.0);
    }
}

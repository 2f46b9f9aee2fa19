use super::race::{Terms, race};
use super::{Entrant, Listener, NamedArm, Progress, Rounds, RoundsError, Slowdown};
use crate::analysis::{Margin, Measurements};
use crate::measure::plan::{Entry, Plan};
use crate::measure::recorder::Recorder;
use crate::measure::trial::sequence::source_of;
use crate::measure::worker::arm::{Arm, ArmError};
use crate::record::{AnswerLine, Clock, Line, OutLine, Refused, SampleLine, SkipLine};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Rounds that every process of several measures, be the budget spent: of fewer than four nothing is
/// trimmed.
const ENOUGH_ROUNDS: u32 = 4;

/// Processes that a run of several has, be the budget spent: fewer tell too little of what processes differ by.
const ENOUGH_PROCESSES: u32 = 3;

/// A budget for what ends by itself.
const UNBOUNDED: Duration = Duration::from_secs(365 * 24 * 3600);

/// What a run of rounds is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The strategy that others are compared with; it is measured in every cell.
    pub base: &'static str,
    /// Equivalence margin.
    pub margin: Margin,
    /// Time for everything.
    pub budget: Duration,
    /// Whether every strategy is measured in every round; else a race finds the fastest.
    pub full: bool,
    /// Exactly so many rounds in each cell and process.
    pub rounds: Option<u32>,
    /// Processes that measure one after the other; 1 is this one. None leaves it to the race.
    pub processes: Option<u32>,
    /// Number of the first of them: another boot of a guest goes on where the one before ended.
    pub first_process: u32,
    /// What this machine's clock counts. Under instructions, what waits is left out.
    pub clock: Clock,
    /// What the arm `old` is.
    pub against: Against,
    /// Whether the limits of the machine are measured too.
    pub limits: bool,
    pub slowdown: Option<Slowdown>,
    /// Copies of the base that race beside it.
    pub entrants: Vec<Entrant>,
    /// Seed of the order of strategies in each round.
    pub order_seed: u64,
    /// The user's own file.
    pub source: Option<PathBuf>,
}

impl Settings {
    /// One process of this machine that measures every strategy in every round, without an end.
    pub fn new(base: &'static str) -> Self {
        Self {
            base,
            margin: Margin::default(),
            budget: UNBOUNDED,
            full: true,
            rounds: None,
            processes: Some(1),
            first_process: 1,
            clock: Clock::Wall,
            against: Against::Nothing,
            limits: false,
            slowdown: None,
            entrants: vec![Entrant::Twin],
            order_seed: 1,
            source: None,
        }
    }
}

/// The other side of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// None: strategies are compared with each other only.
    Nothing,
    /// Another executable. Both sides are processes of their own then, so that they are alike.
    Build(PathBuf),
}

/// What became of a run.
#[derive(Clone, Debug, Default)]
pub struct SessionOutcome {
    /// Copies that were wrong.
    pub wrong: Vec<String>,
    /// What races came to.
    pub answers: Vec<AnswerLine>,
    /// Why one process measured alone that was to have others.
    pub alone: Option<String>,
}

/// Tells a user how far a run is.
pub trait Watcher {
    /// `cell` is at `progress`; `left` is what remains of the budget.
    fn progress(&mut self, cell: &str, process: u32, progress: Progress, left: Duration);
}

/// Measures a plan. `all` holds what the record has already, for a run that goes on.
pub fn run_rounds(
    plan: &Plan,
    settings: &Settings,
    all: &mut Measurements,
    recorder: &mut Recorder,
    watcher: &mut dyn Watcher,
) -> Result<SessionOutcome, RoundsError> {
    let started = Instant::now();
    let end = started + settings.budget;
    let mut outcome = SessionOutcome::default();
    let done = rounds_done(all);
    // A race begins its own processes, cell by cell.
    let processes = if settings.full { settings.processes.unwrap_or(1) } else { 1 };
    for process in settings.first_process..settings.first_process + processes {
        let is_first = process == settings.first_process;
        let measured = process - settings.first_process;
        if settings.rounds.is_none() && measured >= ENOUGH_PROCESSES && is_too_late(started, end, measured) {
            break;
        }
        let begun = if settings.full { arms(settings) } else { Ok(Vec::new()) };
        let mut arms = match begun {
            // Where nobody may start another process, as under some limits, this one measures alone.
            Err(ArmError::Start { source, .. }) if settings.against == Against::Nothing => {
                if !is_first {
                    break;
                }
                outcome.alone = Some(source.to_string());
                vec![("this", Arm::here())]
            }
            arms => arms?,
        };
        for (index, entry) in plan.entries.iter().enumerate() {
            let id = entry.cell.id();
            if is_first {
                for skip in entry.skips() {
                    recorder.skip(&entry.cell, skip)?;
                }
                outcome.wrong.extend(entry.wrong());
            }
            let shares = (settings.first_process + processes - process) as usize * plan.entries.len() - index;
            let now = Instant::now();
            let until = now + end.saturating_duration_since(now) / shares as u32;
            let source = match source_of(entry, settings.source.as_deref(), &plan.from, &plan.to) {
                Ok(source) => source,
                Err(error) => {
                    if is_first {
                        recorder.skip(&entry.cell, Refused::because(&error).line(id, "*"))?;
                    }
                    continue;
                }
            };
            let strategies = strategies(entry, settings.base);
            let mut rounds = Rounds {
                limits: settings.limits,
                base: settings.base,
                slowdown: settings.slowdown.clone(),
                order_seed: settings.order_seed,
                process,
                clock: settings.clock,
                done: done.get(&(id.clone(), process)).copied().unwrap_or(0),
                until,
                at_least: if processes > 1 { ENOUGH_ROUNDS } else { 1 },
                exactly: settings.rounds,
                ..Rounds::new(&entry.cell, &source, plan.to.path(), strategies)
            };
            let mut listener =
                Recording { entry, recorder, watcher, process, is_first, end, wrong: &mut outcome.wrong };
            if settings.full {
                rounds.run(&mut arms, all, &mut listener)?;
                continue;
            }
            let terms = Terms {
                margin: settings.margin,
                until,
                processes: settings.processes,
                entrants: &settings.entrants,
            };
            match race(&mut rounds, terms, all, &mut listener) {
                Ok(answers) => outcome.answers.extend(answers),
                Err(RoundsError::Source(error)) => {
                    let refused = Refused::because(&format!("the source: {error}"));
                    recorder.skip(&entry.cell, refused.line(id, "*"))?;
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(outcome)
}

/// Whether of one more process, if it takes as long as those before did, most is after `end`. On a busy machine
/// starting them and the rounds that each measures at least take longer than was allotted.
fn is_too_late(started: Instant, end: Instant, processes: u32) -> bool {
    let now = Instant::now();
    now + (now - started) / (2 * processes.max(1)) > end
}

fn arms(settings: &Settings) -> Result<Vec<NamedArm>, ArmError> {
    Ok(match &settings.against {
        Against::Nothing if settings.processes == Some(1) => vec![("this", Arm::here())],
        Against::Nothing => vec![("this", Arm::this()?)],
        Against::Build(old) => vec![("old", Arm::start(old)?.0), ("this", Arm::this()?)],
    })
}

/// The selected strategies, and the base, without which there is nothing to compare with.
fn strategies(entry: &Entry, base: &'static str) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = entry.strategies.iter().map(|strategy| strategy.name).collect();
    let refused = entry.refusals.iter().any(|refusal| refusal.strategy.name == base);
    if !names.contains(&base) && !names.is_empty() && !refused {
        names.insert(0, base);
    }
    names
}

/// Rounds that a record has, by cell and process.
fn rounds_done(all: &Measurements) -> BTreeMap<(String, u32), u32> {
    let mut done = BTreeMap::new();
    for (cell, strategies) in &all.series {
        for series in strategies.values().flat_map(BTreeMap::values) {
            for value in &series.observations {
                let rounds: &mut u32 = done.entry((cell.clone(), value.process + 1)).or_default();
                *rounds = (*rounds).max(value.round.map_or(0, |round| round + 1));
            }
        }
    }
    done
}

struct Recording<'a> {
    entry: &'a Entry,
    recorder: &'a mut Recorder,
    watcher: &'a mut dyn Watcher,
    process: u32,
    is_first: bool,
    end: Instant,
    wrong: &'a mut Vec<String>,
}

impl Listener for Recording<'_> {
    fn sample(&mut self, sample: SampleLine) -> std::io::Result<()> {
        self.recorder.sample(&self.entry.cell, sample)
    }

    fn skip(&mut self, skip: SkipLine, wrong: bool) -> std::io::Result<()> {
        if wrong {
            self.wrong.push(format!("{} {}: {}", skip.cell, skip.strategy, skip.refused.reason));
        }
        if self.is_first { self.recorder.skip(&self.entry.cell, skip) } else { Ok(()) }
    }

    fn out(&mut self, out: OutLine) -> std::io::Result<()> {
        self.recorder.race(&self.entry.cell, &Line::Out(out))
    }

    fn answer(&mut self, answer: AnswerLine) -> std::io::Result<()> {
        self.recorder.race(&self.entry.cell, &Line::Answer(answer))
    }

    fn progress(&mut self, progress: Progress) {
        let left = self.end.saturating_duration_since(Instant::now());
        self.watcher.progress(&self.entry.cell.id(), self.process, progress, left);
    }
}

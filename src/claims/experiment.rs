//! The trial of claims in one directory: needs nothing of the machine but that and a clock.

use super::claim::{Claim, Conditions, Experiment, Trial};
use super::estimate::Samples;
use super::figure::Quantity;
use super::line::ClaimLine;
use super::test::Verdict;
use crate::analysis::{Margin, Measurements};
use crate::fixture::Place;
use crate::measure::{Arm, End, Entry, Listener, NamedArm, Progress, Rounds, StageError, source_of};
use crate::record::{Clock, SampleLine, SkipLine};
use std::time::{Duration, Instant};

/// Times that every cell is measured from the beginning, with files of its own.
const PASSES: u32 = 2;

/// Where and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Where all files are made.
    pub place: &'a Place,
    /// What times are counted in here.
    pub clock: Clock,
    /// Time for everything.
    pub budget: Duration,
    /// Seed of the generated files and of the orders.
    pub seed: u64,
}

/// Claims that are measured together.
struct Group {
    conditions: Conditions,
    strategies: Vec<&'static str>,
    samples: Vec<SampleLine>,
    skips: Vec<SkipLine>,
    /// Why nothing could be measured.
    refused: Option<String>,
}

/// Tries the claims; a line for each, in their order. `tell` hears which cell is being measured.
///
/// # Errors
/// Where a worker gave no answer or the source could not be made anew. What a file system cannot
/// do is no error but stands in the lines.
pub fn run(
    claims: &[&'static Claim],
    setting: &Setting<'_>,
    tell: &mut dyn FnMut(&str),
) -> anyhow::Result<Vec<ClaimLine>> {
    let fs = setting.place.file_system();
    let mut groups = groups(claims, fs, setting.clock);
    let end = Instant::now() + setting.budget;
    let mut arms: Vec<NamedArm> = vec![("this", Arm::here())];
    for pass in 1..=PASSES {
        for index in 0..groups.len() {
            let left = weights(&groups[index..]) + weights(&groups) * f64::from(PASSES - pass);
            let now = Instant::now();
            let share = weights(&groups[index..=index]) / left;
            let until = now + end.saturating_duration_since(now).mul_f64(share);
            tell(&groups[index].conditions.cell(fs).id());
            groups[index].measure(setting, pass, until, &mut arms)?;
        }
    }
    Ok(claims.iter().map(|claim| outcome(claim, &groups, setting)).collect())
}

/// What each cell has to measure for the claims that can be tried here.
fn groups(claims: &[&'static Claim], fs: &str, clock: Clock) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for claim in claims {
        let Trial::Here(experiment) = &claim.trial else { continue };
        if unfit(experiment, fs, clock).is_some() {
            continue;
        }
        let conditions = experiment.conditions;
        let index = groups.iter().position(|group| group.conditions == conditions).unwrap_or_else(|| {
            let (strategies, samples, skips) = (Vec::new(), Vec::new(), Vec::new());
            groups.push(Group { conditions, strategies, samples, skips, refused: None });
            groups.len() - 1
        });
        for name in experiment.strategies() {
            if !groups[index].strategies.contains(&name) {
                groups[index].strategies.push(name);
            }
        }
    }
    groups
}

fn unfit(experiment: &Experiment, fs: &str, clock: Clock) -> Option<String> {
    let waits = clock == Clock::Instructions && experiment.conditions.waits();
    experiment
        .unfit(fs)
        .or_else(|| waits.then(|| "a copy that waits has no length in instructions".to_owned()))
}

/// How long cells take beside each other, about.
fn weights(groups: &[Group]) -> f64 {
    let weight = |group: &Group| {
        let bytes = (group.conditions.size + (8 << 20)) as f64;
        let end = if group.conditions.end == End::Fdatasync { 5.0 } else { 1.0 };
        bytes * group.strategies.len() as f64 * end
    };
    groups.iter().map(weight).sum()
}

impl Group {
    fn measure(
        &mut self,
        setting: &Setting<'_>,
        pass: u32,
        until: Instant,
        arms: &mut [NamedArm],
    ) -> anyhow::Result<()> {
        let entry = Entry {
            cell: self.conditions.cell(setting.place.file_system()),
            layout: self.conditions.layout(),
            strategies: Vec::new(),
            refusals: Vec::new(),
        };
        let seed = setting.seed + u64::from(pass);
        let source = match source_of(&entry, None, setting.place, setting.place, seed) {
            Ok(source) => source,
            Err(error @ (StageError::Space { .. } | StageError::Source(_))) => {
                self.refused = Some(error.to_string());
                return Ok(());
            }
        };
        let rounds = Rounds {
            cell: &entry.cell,
            source: &source,
            to: setting.place.path(),
            strategies: self.strategies.clone(),
            limits: false,
            base: self.strategies.first().copied().unwrap_or_default(),
            // Only to stop early where every strategy differs from the first beyond doubt.
            margin: Margin::from_fraction(0.0).unwrap_or_default(),
            slowdown: None,
            seed,
            process: pass,
            clock: crate::record::Clock::Wall,
            done: 0,
            until,
            at_least: 1,
            exactly: None,
        };
        let mut all = Measurements::default();
        rounds.run(arms, &mut all, &mut Collector(self))?;
        Ok(())
    }
}

struct Collector<'a>(&'a mut Group);

impl Listener for Collector<'_> {
    fn sample(&mut self, sample: SampleLine) -> std::io::Result<()> {
        self.0.samples.push(sample);
        Ok(())
    }

    fn skip(&mut self, skip: SkipLine, _wrong: bool) -> std::io::Result<()> {
        self.0.skips.push(skip);
        Ok(())
    }

    fn progress(&mut self, _: Progress) {}
}

fn outcome(claim: &Claim, groups: &[Group], setting: &Setting<'_>) -> ClaimLine {
    let fs = setting.place.file_system();
    let line = ClaimLine::new(claim, fs, setting.clock);
    let experiment = match &claim.trial {
        Trial::Elsewhere(reason) => return line.not_applicable(*reason),
        Trial::Here(experiment) => experiment,
    };
    if let Some(reason) = unfit(experiment, fs, setting.clock) {
        return line.not_applicable(reason);
    }
    let Some(group) = groups.iter().find(|group| group.conditions == experiment.conditions) else {
        return line.unclear("it was not measured");
    };
    if let Some(reason) = &group.refused {
        return line.not_applicable(reason);
    }
    let names = experiment.strategies();
    if let Some(skip) = group.skips.iter().find(|skip| names.contains(&skip.strategy.as_str())) {
        return line.not_applicable(format!("{}: {}", skip.strategy, skip.reason));
    }
    let samples = Samples { lines: &group.samples, size: experiment.conditions.size };
    judge(experiment, samples, line, setting.clock)
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
                Verdict::Unclear if estimate.interval.is_none() => {
                    line.unclear("too few rounds, or rounds that hang together too much")
                }
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
        Quantity::PrivateMemory => "the copy was over before its memory could be looked at",
        _ => "the file system does not tell",
    }
}

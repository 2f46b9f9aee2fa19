use super::named::find_strategy;
use super::processor::Processor;
use super::select::{Cells, Directories};
use super::units::{Partition, duration, margin};
use super::written::{refuse_foreign, replace};
use super::{Fail, progress};
use crate::analysis::{Margin, Measurements, Options, Row, compare_arms};
use crate::fixture::Place;
use crate::guest::Assignment;
use crate::guest::init::Sender;
use crate::measure::{
    Against, Arm, Entry, Plan, Recorder, Scope, SessionOutcome, Settings, Slowdown, Variables, advise,
    begin_or_resume, default_record_path, measure_again, new_order_seed, run_rounds,
};
use crate::record::{Commit, RunLine, Writer};
use crate::report::comparison::{self, Facts};
use crate::report::{BASE, grid, race, table};
use crate::strategy::{REPRESENTATIVES, representatives, worker_line};
use anyhow::Context;
use clap::Args;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Processes of a run with all strategies in all rounds: fewer tell nothing of what processes differ by.
const PROCESSES: u32 = 3;

/// Most rows of a race's table.
const ROWS: usize = 12;

/// Pairs of processes that two builds are compared by. What differs from process to process, by
/// where its memory lies, is most of the noise, so many short ones tell more than a few long ones.
const PAIRS: u32 = 24;

/// Race strategies and say which is fastest, within how much
///
/// The strategies of a cell take turns in rounds, in random order, each stage of the race in fresh
/// processes. Those that cannot be the fastest drop out. The race ends once the leader is known to be
/// within the margin of the best, or when the budget is spent. The record is written line by line; to
/// resume a run, start it again with the same --out.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    cells: Cells,
    #[command(flatten)]
    directories: Directories,
    /// A program of your own as one more strategy: each copy is a whole process and verified like all others.
    /// Split into words as a shell does, with {source} and {target} for the paths; repeatable (in the
    /// variable: one per line). Without --strategy, only such commands and the base are measured [env: COPYBENCH_COMMANDS]
    #[arg(long = "command", value_name = "NAME=COMMAND", value_hint = clap::ValueHint::CommandString)]
    commands: Vec<String>,
    /// A program of your own that stays and is asked for each copy as docs/protocol.md says, for a library that is
    /// to be measured without the start of a process; else as --command. In the variable, `worker NAME=PROGRAM`
    #[arg(long = "worker", value_name = "NAME=PROGRAM", value_hint = clap::ValueHint::CommandString)]
    workers: Vec<String>,
    /// The strategy that others are compared with
    #[arg(long, value_name = "S", default_value = BASE)]
    base: String,
    /// Equivalence margin: the race ends once the leader is this close to the best
    #[arg(long, value_name = "SHARE", default_value = "2%", value_parser = margin)]
    margin: Margin,
    /// Measure every strategy in every round, for records that are compared later; implied by --rounds,
    /// --against, --gate and --partition
    #[arg(long)]
    full: bool,
    /// Time for everything but measuring again: 60s, 5m [default: 60s a cell; 20s a cell with --full]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    budget: Option<Duration>,
    /// Exactly N rounds in each cell and process instead of a budget
    #[arg(long, value_name = "N", conflicts_with = "budget", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Processes that measure one after the other; the most that a race takes
    /// [default: what a race takes; 3 with --full, at most 24 with --against or --gate]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    processes: Option<u32>,
    /// Another build of copybench: both measure the same cells in turn, and each strategy is compared
    /// with itself. Without --strategy, with the representatives of the families
    #[arg(long, value_name = "OLD_EXE")]
    against: Option<PathBuf>,
    /// Exit with 1 if a strategy became slower than under --against, or without that if one is slower than
    /// the --base, confirmed by most processes and once more by fresh ones
    #[arg(long)]
    gate: bool,
    /// Write how the gate ended to this file too, as JUnit's XML, for the test panels of CI services
    #[arg(long, value_name = "F.xml", requires = "gate")]
    junit: Option<PathBuf>,
    /// Seed of the order in which strategies are measured, as a record has it [default: a new one]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Only the cells of part M of N: the parts are disjoint and complete, and have as much to do
    #[arg(long, value_name = "hash:M/N", value_parser = Partition::parse)]
    partition: Option<Partition>,
    /// Run on this processor only, or on any [default: any; the last one with --against]
    #[arg(long, value_name = "N|any")]
    cpu: Option<Processor>,
    /// Leave out the limits of the machine
    #[arg(long)]
    no_limits: bool,
    /// Print what would run, and for how long
    #[arg(long)]
    dry_run: bool,
    /// The record file [env: COPYBENCH_OUT] [default: results/local/DATE-HOST/run.jsonl]
    #[arg(long, value_name = "F.jsonl")]
    out: Option<PathBuf>,
    /// Make copies really slower, to see what is found: this=5%, or this=5%:STRATEGY,.. for some only; `old`
    /// are those of --against. The delay is inside the clock, a share of each copy's time
    #[arg(long, value_name = "ARM=SHARE[:STRATEGY,..]", value_parser = planted)]
    slowdown: Option<Slowdown>,
}

impl Run {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let base = find_base(&self.base)?;
        let mut selection = self.cells.selection()?;
        self.check_slowdown()?;
        if let Some(path) = &self.junit {
            let is_own =
                |path: &Path| std::fs::read_to_string(path).is_ok_and(|text| comparison::is_junit(&text));
            refuse_foreign(path, "--junit", is_own)?;
        }
        let (from, to) = self.directories.places()?;
        // Before anything is written, so that a wrong executable leaves nothing.
        let old = self.against.as_deref().map(Arm::start).transpose()?.map(|(_, commit)| commit);
        if old.is_some() && selection.strategies.is_none() {
            selection.strategies = Some(representatives(REPRESENTATIVES).collect());
        }
        let usual = if old.is_some() { Processor::shared() } else { Processor::Any };
        self.cpu.unwrap_or(usual).keep()?;
        let mut plan = Plan::new(&selection, from, to, Scope::Small)?;
        if let Some(part) = self.partition {
            let cells = plan.entries.len();
            let ids: Vec<_> = plan.entries.iter().map(|entry| (entry.cell.id(), entry.cell.size)).collect();
            let own = part.of(&ids);
            let mut index = 0..;
            plan.entries.retain(|_| index.next().is_some_and(|index| own.contains(&index)));
            if plan.entries.is_empty() {
                let hint = "take fewer parts, or more cells";
                return Err(Fail::Use(format!("none of the {cells} cells is in this part; {hint}")).into());
            }
        }
        let full = self.is_full();
        let (a_cell, processes) = match full {
            true if old.is_some() || self.gate => (60, Some(PAIRS)),
            true => (20, Some(PROCESSES)),
            false => (60, None),
        };
        let processes = self.processes.or(processes);
        let budget = self.budget.unwrap_or(Duration::from_secs(a_cell) * plan.entries.len() as u32);
        if self.dry_run {
            return Ok(progress::print_plan(&plan, budget, self.rounds, processes.unwrap_or(1))?);
        }
        refuse_hopeless(&plan)?;
        let settings = Settings {
            against: self.against.clone().map_or(Against::Nothing, Against::Build),
            budget,
            processes,
            source: selection.source.clone(),
            ..self.settings(base)
        };
        let measured = self.measure(&plan, &settings, old)?;
        self.conclude(&measured)
    }

    pub(super) fn commands(&self) -> Vec<String> {
        let workers = self.workers.iter().map(|text| worker_line(text));
        self.commands.iter().cloned().chain(workers).collect()
    }

    /// Refuses a delay that nothing would have.
    fn check_slowdown(&self) -> anyhow::Result<()> {
        let Some(slowdown) = &self.slowdown else { return Ok(()) };
        if slowdown.arm == "old" && self.against.is_none() {
            return Err(Fail::Use("--slowdown old=… needs --against; write this=…".to_owned()).into());
        }
        slowdown.strategies.iter().try_for_each(|name| find_strategy(name).map(drop))
    }

    /// Whether every strategy is to be in every round.
    fn is_full(&self) -> bool {
        self.full || self.rounds.is_some() || self.against.is_some() || self.gate || self.partition.is_some()
    }

    /// Measures once on each mount of a guest and sends one record.
    pub(super) fn run_in_guest(&self, assignment: &Assignment, records: Sender) -> anyhow::Result<()> {
        let selection = self.cells.selection()?;
        let settings = Settings {
            first_process: assignment.boot,
            clock: assignment.clock,
            ..self.settings(find_base(&self.base)?)
        };
        let mut plans = Vec::new();
        for mount in &assignment.mounts {
            let (from, to) = (Place::new(&mount.at)?, Place::new(&mount.at)?);
            plans.push(Plan::new(&selection, from, to, Scope::Small)?);
        }
        let Some(first) = plans.first() else { return Ok(()) };
        let mut run = first.run_line(&assignment.argv, settings.order_seed);
        run.clock = assignment.clock;
        run.host.context.retain(|fact, _| !fact.starts_with("dir.") && !fact.starts_with("to."));
        let mut recorder = Recorder::through(Writer::to(Box::new(records)), run)?;
        for plan in &plans {
            run_rounds(plan, &settings, &mut Measurements::default(), &mut recorder, &mut progress::Silent)?;
        }
        Ok(recorder.end().map(drop)?)
    }

    /// Settings of one process of this machine, without an end but its rounds.
    fn settings(&self, base: &'static str) -> Settings {
        Settings {
            margin: self.margin,
            full: self.is_full(),
            rounds: self.rounds,
            // Two builds share the machine's limits.
            limits: !self.no_limits && self.against.is_none(),
            slowdown: self.slowdown.clone(),
            order_seed: self.seed.unwrap_or_else(new_order_seed),
            ..Settings::new(base)
        }
    }

    fn measure(&self, plan: &Plan, settings: &Settings, old: Option<Commit>) -> anyhow::Result<Measured> {
        let part = self.partition.map(Partition::line);
        let run =
            RunLine { against: old, part, ..plan.run_line(&super::published_argv(), settings.order_seed) };
        let out = self
            .out
            .clone()
            .or_else(|| Variables::from_environment().out)
            .unwrap_or_else(default_record_path);
        let again = self.again(&out);
        advise(move || format!("to go on: {again}"));
        let (recorder, mut all) = begin_or_resume(&out, run, self.seed)?;
        let order_seed = all.runs.last().map_or(settings.order_seed, |run| run.order_seed);
        let settings = &Settings { order_seed, ..settings.clone() };
        let (from, to) = (plan.from.path(), plan.to.path());
        let mut recorder = recorder.hiding(from, to, settings.source.as_deref());
        for remark in plan.remarks() {
            super::tell(format_args!("copybench: {remark}"));
        }
        let mut watcher = progress::Bar::new(plan.entries.len());
        let outcome = run_rounds(plan, settings, &mut all, &mut recorder, &mut watcher)?;
        let compared = match (&settings.against, self.gate) {
            (Against::Nothing, false) => None,
            (_, true) => Some(measure_again(plan, settings, &all, &mut recorder, &mut watcher)?),
            (_, false) => {
                Some(compare_arms(&all, &Options { margin: self.margin, ..Options::new(settings.base) }))
            }
        };
        drop(watcher);
        for entry in &plan.entries {
            all.cells.insert(entry.cell.id(), entry.cell.line());
        }
        let skipped = recorder.skipped();
        recorder.end().with_context(|| format!("writing the record {}", out.display()))?;
        let unmeasured = unmeasured(plan, settings.base, &all);
        Ok(Measured { outcome, all, compared, unmeasured, skipped, out })
    }

    /// The command that goes on with this record.
    fn again(&self, out: &Path) -> String {
        let mut argv = super::argv();
        if self.out.is_none() {
            argv.extend(["--out".to_owned(), out.display().to_string()]);
        }
        comparison::command_line(&argv)
    }

    /// The tables, and what did not work.
    fn conclude(&self, measured: &Measured) -> anyhow::Result<()> {
        let Measured { outcome, all, compared, unmeasured, skipped, out } = measured;
        tell_skipped(skipped);
        let of_builds = compared.as_ref().filter(|_| self.against.is_some());
        if let Some(rows) = of_builds {
            super::print(&comparison::text(rows, &Facts::of_arms(all, self.margin)))?;
        } else if !self.is_full() {
            for answer in &outcome.answers {
                let Some(cell) = all.cells.get(&answer.cell) else { continue };
                super::print(&(race::answer(all, cell, answer, grid::Format::Text, ROWS) + "\n"))?;
            }
        } else {
            for cell in all.cells.values().filter(|cell| all.series.contains_key(&cell.cell)) {
                let text = table::cell(all, cell, &self.base, self.margin, grid::Format::Text, usize::MAX);
                super::print(&(text + "\n"))?;
            }
            if let Some(rows) = compared.as_ref().filter(|rows| !rows.is_empty()) {
                super::print(&format!("{}\n", comparison::headline(rows)))?;
            }
        }
        if let Some(calibration) = all.runs.first().and_then(|run| super::calibrate::known(&run.host.hash)) {
            super::print(&format!("{}\n", calibration.sentence()))?;
        }
        super::print(&format!("record {}\n", out.display()))?;
        if let Some(reason) = &outcome.alone {
            super::tell(format_args!(
                "copybench: no further process could be started ({reason}); one alone decides nothing"
            ));
        }
        if let (Some(path), Some(rows)) = (&self.junit, compared) {
            // Between builds, what one of them cannot do is no reason to fail.
            let missing: &[String] = if self.against.is_some() { &[] } else { unmeasured };
            replace(path, &comparison::junit(rows, &outcome.wrong, missing))
                .with_context(|| format!("writing {}", path.display()))?;
        }
        if !outcome.wrong.is_empty() {
            return Err(Fail::Work(format!("wrong copies: {}", outcome.wrong.join("; "))).into());
        }
        super::report::refuse_empty(all)?;
        match compared {
            Some(rows) if self.gate => {
                super::compare::pass(rows)?;
                // What was not measured has not passed.
                match (self.against.is_some(), unmeasured.as_slice()) {
                    (true, _) | (_, []) => Ok(()),
                    (false, missing) => Err(Fail::Use(format!(
                        "the gate cannot tell of what was not measured: {}",
                        missing.join("; ")
                    ))
                    .into()),
                }
            }
            _ => Ok(()),
        }
    }
}

/// What a run has brought.
struct Measured {
    outcome: SessionOutcome,
    all: Measurements,
    /// The comparison of two executables, or for a gate of strategies with the base.
    compared: Option<Vec<Row>>,
    /// Strategies without a time, with their cells.
    unmeasured: Vec<String>,
    /// Why strategies have no samples, a sentence each reason.
    skipped: Vec<String>,
    out: PathBuf,
}

/// Strategies that were selected, and the base, in cells in which they have no time.
fn unmeasured(plan: &Plan, base: &str, all: &Measurements) -> Vec<String> {
    let of_cell = |entry: &Entry| {
        let cell = entry.cell.id();
        let refused = entry.refusals.iter().map(|refusal| refusal.strategy.name);
        let selected = entry.strategies.iter().map(|strategy| strategy.name).chain(refused);
        let names: BTreeSet<&str> = selected.chain([base]).collect();
        let has_time =
            |name: &str| all.get(&cell, name, "this").is_some_and(|series| !series.observations.is_empty());
        let missing = names.into_iter().filter(|name| !has_time(name));
        missing.map(|name| format!("{name} in {cell}")).collect::<Vec<_>>()
    };
    plan.entries.iter().flat_map(of_cell).collect()
}

/// Refuses a plan in which nothing can be measured, before anything is written.
pub(super) fn refuse_hopeless(plan: &Plan) -> anyhow::Result<()> {
    if plan.entries.iter().any(|entry| !entry.strategies.is_empty()) {
        return Ok(());
    }
    tell_skipped(&plan.refused());
    let wrong: Vec<String> = plan.entries.iter().flat_map(Entry::wrong).collect();
    if !wrong.is_empty() {
        return Err(Fail::Work(format!("wrong copies: {}", wrong.join("; "))).into());
    }
    Err(Fail::Use("nothing can be measured: no selected strategy works in any cell".to_owned()).into())
}

fn tell_skipped(sentences: &[String]) {
    for sentence in sentences {
        super::tell(format_args!("copybench: {sentence}"));
    }
}

/// The strategy that others are compared with.
pub(super) fn find_base(name: &str) -> anyhow::Result<&'static str> {
    Ok(find_strategy(name)?.name)
}

fn planted(text: &str) -> Result<Slowdown, String> {
    let (arm, rest) = text.split_once('=').ok_or("write ARM=SHARE")?;
    if !["this", "old"].contains(&arm) {
        return Err(format!("{arm:?} is neither this nor old"));
    }
    let (share, strategies) = rest.split_once(':').unwrap_or((rest, ""));
    let strategies = strategies.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Ok(Slowdown { arm: arm.to_owned(), strategies, share: super::units::fraction(share)? })
}

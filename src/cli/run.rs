use super::named::find_strategy;
use super::processor::Processor;
use super::select::{Cells, Directories};
use super::units::{Partition, duration, margin};
use super::{Fail, progress};
use crate::analysis::{Margin, Measurements, Options, Row, compare_arms};
use crate::fixture::Place;
use crate::guest::Orders;
use crate::guest::init::Sender;
use crate::measure::{
    Against, Arm, Plan, Recorder, Scope, SessionOutcome, Settings, Slowdown, Variables, begin_or_resume,
    clean_up_on_signals, default_record_path, measure_again, run_rounds,
};
use crate::record::{Commit, RunLine, Writer};
use crate::report::comparison::{self, Facts};
use crate::report::{BASE, table};
use crate::strategy;
use anyhow::Context;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Strategies that two builds are compared by where the user names none.
const STRATEGIES: usize = 10;

/// Pairs of processes that two builds are compared by. What differs from process to process, by
/// where its memory lies, is most of the noise, so many short ones tell more than a few long ones.
const PAIRS: u32 = 24;

/// Measure strategies in rounds and say which is fastest
///
/// Every strategy of a cell is measured once a round, in random order, until each comparison with the
/// base is decided against the margin or the budget is spent. The record is written line by line;
/// a second start with the same --out goes on where it ended.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    cells: Cells,
    #[command(flatten)]
    directories: Directories,
    /// The strategy that others are compared with
    #[arg(long, value_name = "S", default_value = BASE)]
    base: String,
    /// What counts as the same
    #[arg(long, value_name = "SHARE", default_value = "2%", value_parser = margin)]
    margin: Margin,
    /// Time for everything but measuring again: 60s, 5m [default: 20s a cell; 60s with --against]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    budget: Option<Duration>,
    /// Exactly N rounds in each cell and process instead of a budget
    #[arg(long, value_name = "N", conflicts_with = "budget", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Processes that measure one after the other; comparing runs later takes at least 3
    /// [default: 1; 24 with --against]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    processes: Option<u32>,
    /// Another build of copybench: both measure the same cells in turn, and each strategy is compared
    /// with itself. Without --strategy, with the first of ten families
    #[arg(long, value_name = "OLD_EXE")]
    against: Option<PathBuf>,
    /// Exit with 1 if a strategy became slower than under --against, confirmed by most processes and
    /// once more by fresh ones
    #[arg(long, requires = "against")]
    gate: bool,
    /// Seed of the generated files and of the orders
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Only the cells of part M of N: the parts are disjoint and complete
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
    /// Plant a real delay: ARM=SHARE or ARM=SHARE:STRATEGY,..
    #[arg(long, value_name = "ARM=SHARE", hide = true, value_parser = planted)]
    slowdown: Option<Slowdown>,
}

impl Run {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let base = find_base(&self.base)?;
        let mut selection = self.cells.selection()?;
        let (from, to) = self.directories.places()?;
        super::go_on_without(clean_up_on_signals());
        // Before anything is written, so that a wrong executable leaves nothing.
        let old = self.against.as_deref().map(Arm::start).transpose()?.map(|(_, commit)| commit);
        if old.is_some() && selection.strategies.is_none() {
            selection.strategies = Some(strategy::representatives(STRATEGIES).collect());
        }
        let usual = if old.is_some() { Processor::shared() } else { Processor::Any };
        self.cpu.unwrap_or(usual).keep()?;
        let mut plan = Plan::new(&selection, from, to, Scope::Small)?;
        if let Some(part) = self.partition {
            plan.entries.retain(|entry| part.has(&entry.cell.id()));
        }
        let (a_cell, processes) = if old.is_some() { (60, PAIRS) } else { (20, 1) };
        let processes = self.processes.unwrap_or(processes);
        let budget = self.budget.unwrap_or(Duration::from_secs(a_cell) * plan.entries.len() as u32);
        if self.dry_run {
            return Ok(progress::print_plan(&plan, budget, self.rounds, processes)?);
        }
        let settings = Settings {
            this: std::env::current_exe().context("finding this executable")?,
            against: self.against.clone().map_or(Against::Nothing, Against::Build),
            budget,
            processes,
            source: selection.source.clone(),
            ..self.settings(base)
        };
        let measured = self.measure(&plan, &settings, old)?;
        self.conclude(&measured, plan.entries.len())
    }

    /// Measures once on each mount of a guest and sends one record.
    pub(super) fn run_in_guest(&self, orders: &Orders, records: Sender) -> anyhow::Result<()> {
        let selection = self.cells.selection()?;
        let settings = Settings {
            first_process: orders.boot,
            clock: orders.clock,
            ..self.settings(find_base(&self.base)?)
        };
        let mut plans = Vec::new();
        for mount in &orders.mounts {
            let (from, to) = (Place::new(&mount.at)?, Place::new(&mount.at)?);
            plans.push(Plan::new(&selection, from, to, Scope::Small)?);
        }
        let Some(first) = plans.first() else { return Ok(()) };
        let mut run = first.run_line(&orders.argv, self.seed);
        run.clock = orders.clock;
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
            rounds: self.rounds,
            // Two builds share the machine's limits.
            limits: !self.no_limits && self.against.is_none(),
            slowdown: self.slowdown.clone(),
            seed: self.seed,
            ..Settings::new(base)
        }
    }

    fn measure(&self, plan: &Plan, settings: &Settings, old: Option<Commit>) -> anyhow::Result<Measured> {
        let run = RunLine { against: old, ..plan.run_line(&super::argv(), self.seed) };
        let out = self
            .out
            .clone()
            .or_else(|| Variables::from_environment().out)
            .unwrap_or_else(default_record_path);
        let (mut recorder, mut all) = begin_or_resume(&out, run)?;
        for remark in plan.remarks() {
            super::tell(format_args!("copybench: {remark}"));
        }
        let mut watcher = progress::Bar::new(plan.entries.len());
        let outcome = run_rounds(plan, settings, &mut all, &mut recorder, &mut watcher)?;
        let against = match (&settings.against, self.gate) {
            (Against::Nothing, _) => None,
            (_, true) => Some(measure_again(plan, settings, &all, &mut recorder, &mut watcher)?),
            (_, false) => {
                Some(compare_arms(&all, &Options { margin: self.margin, ..Options::new(settings.base) }))
            }
        };
        drop(watcher);
        for entry in &plan.entries {
            all.cells.insert(entry.cell.id(), entry.cell.line());
        }
        recorder.end().with_context(|| format!("writing the record {}", out.display()))?;
        Ok(Measured { outcome, all, against, out })
    }

    /// The tables, and what did not work.
    fn conclude(&self, measured: &Measured, cells: usize) -> anyhow::Result<()> {
        let Measured { outcome, all, against, out } = measured;
        if let Some(rows) = against {
            super::print(&comparison::text(rows, &Facts::of_arms(all, self.margin)))?;
        } else {
            for cell in all.cells.values().filter(|cell| all.series.contains_key(&cell.cell)) {
                let text = table::cell(all, cell, &self.base, self.margin, table::Format::Text, usize::MAX);
                super::print(&(text + "\n"))?;
            }
        }
        if let Some(calibration) = all.runs.first().and_then(|run| super::calibrate::known(&run.host.hash)) {
            super::print(&format!("{}\n", calibration.sentence()))?;
        }
        super::print(&format!(
            "{} of {} comparisons decided.\nrecord {}\n",
            outcome.decided.0,
            outcome.decided.1,
            out.display()
        ))?;
        for refused in &outcome.refused {
            super::tell(format_args!("skipped {refused}"));
        }
        if !outcome.wrong.is_empty() {
            return Err(Fail::Work(format!("wrong copies: {}", outcome.wrong.join("; "))).into());
        }
        if cells > 0 && outcome.refused.len() == cells {
            return Err(Fail::Use("no cell could be measured".to_owned()).into());
        }
        match against {
            Some(rows) if self.gate => super::compare::pass(rows),
            _ => Ok(()),
        }
    }
}

/// What a run has brought.
struct Measured {
    outcome: SessionOutcome,
    all: Measurements,
    /// The comparison of two executables.
    against: Option<Vec<Row>>,
    out: PathBuf,
}

/// The strategy that others are compared with.
pub(super) fn find_base(name: &str) -> anyhow::Result<&'static str> {
    Ok(find_strategy(name)?.name)
}

fn planted(text: &str) -> Result<Slowdown, String> {
    let (arm, rest) = text.split_once('=').ok_or("write ARM=SHARE")?;
    let (share, strategies) = rest.split_once(':').unwrap_or((rest, ""));
    let strategies = strategies.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Ok(Slowdown { arm: arm.to_owned(), strategies, share: super::units::fraction(share)? })
}

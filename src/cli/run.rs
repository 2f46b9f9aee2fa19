use super::select::{Cells, Directories};
use super::units::{Partition, duration, margin};
use super::{Fail, progress};
use crate::analysis::{Margin, Measurements};
use crate::measure::{
    Plan, Scope, SessionOutcome, Settings, Slowdown, Variables, begin_or_resume, clean_up_on_signals,
    closest, default_record_path, run_rounds,
};
use crate::report::{BASE, table};
use crate::strategy;
use anyhow::Context;
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    /// Time for everything: 60s, 5m [default: 20s a cell]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    budget: Option<Duration>,
    /// Exactly N rounds in each cell and process instead of a budget
    #[arg(long, value_name = "N", conflicts_with = "budget", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Processes that measure one after the other; comparing runs later takes at least 3
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    processes: u32,
    /// Seed of the generated files and of the orders
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Only the cells of part M of N: the parts are disjoint and complete
    #[arg(long, value_name = "hash:M/N", value_parser = Partition::parse)]
    partition: Option<Partition>,
    /// Run on this processor only
    #[arg(long, value_name = "N")]
    cpu: Option<usize>,
    /// Leave out the limits of the machine
    #[arg(long)]
    no_limits: bool,
    /// Print what would run, and for how long
    #[arg(long)]
    dry_run: bool,
    /// The record file [env: COPYBENCH_OUT] [default: results/runs/DATE-HOST/run.jsonl]
    #[arg(long, value_name = "F.jsonl")]
    out: Option<PathBuf>,
    /// Plant a real delay: ARM=SHARE or ARM=SHARE:STRATEGY,..
    #[arg(long, value_name = "ARM=SHARE", hide = true, value_parser = planted)]
    slowdown: Option<Slowdown>,
}

impl Run {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let base = strategy::find(&self.base).map(|base| base.name).ok_or_else(|| {
            let closest = closest(&self.base, strategy::all().map(|(_, strategy)| strategy.name));
            Fail::Use(format!(
                "no strategy is called {:?}; did you mean {}?",
                self.base,
                closest.join(" or ")
            ))
        })?;
        let selection = self.cells.selection()?;
        let (from, to) = self.directories.places()?;
        clean_up_on_signals().context("installing the signal handlers")?;
        pin(self.cpu)?;
        let mut plan = Plan::new(&selection, from, to, Scope::Small)?;
        if let Some(part) = self.partition {
            plan.entries.retain(|entry| part.has(&entry.cell.id()));
        }
        let budget = self.budget.unwrap_or(Duration::from_secs(20) * plan.entries.len() as u32);
        if self.dry_run {
            return Ok(progress::print_plan(&plan, budget, self.rounds, self.processes)?);
        }
        let settings = Settings {
            base,
            margin: self.margin,
            budget,
            rounds: self.rounds,
            processes: self.processes,
            against: None,
            this: std::env::current_exe().context("finding this executable")?,
            limits: !self.no_limits,
            slowdown: self.slowdown.clone(),
            seed: self.seed,
            source: selection.source.clone(),
        };
        let (outcome, all, out) = self.measure(&plan, &settings)?;
        self.conclude(&outcome, &all, &out, plan.entries.len())
    }

    fn measure(
        &self,
        plan: &Plan,
        settings: &Settings,
    ) -> anyhow::Result<(SessionOutcome, Measurements, PathBuf)> {
        let argv: Vec<String> =
            std::iter::once("copybench".to_owned()).chain(std::env::args().skip(1)).collect();
        let out = self
            .out
            .clone()
            .or_else(|| Variables::from_environment().out)
            .unwrap_or_else(default_record_path);
        let (mut recorder, mut all) = begin_or_resume(&out, plan.run_line(&argv, self.seed))?;
        for remark in plan.remarks() {
            eprintln!("copybench: {remark}");
        }
        let mut watcher = progress::Bar::new(plan.entries.len());
        let outcome = run_rounds(plan, settings, &mut all, &mut recorder, &mut watcher)?;
        drop(watcher);
        for entry in &plan.entries {
            all.cells.insert(entry.cell.id(), entry.cell.line());
        }
        recorder.end().with_context(|| format!("writing the record {}", out.display()))?;
        Ok((outcome, all, out))
    }

    /// The tables, and what did not work.
    fn conclude(
        &self,
        outcome: &SessionOutcome,
        all: &Measurements,
        out: &Path,
        cells: usize,
    ) -> anyhow::Result<()> {
        for cell in all.cells.values().filter(|cell| all.series.contains_key(&cell.cell)) {
            let text = table::cell(all, cell, &self.base, self.margin, table::Format::Text, usize::MAX);
            super::print(&(text + "\n"))?;
        }
        super::print(&format!(
            "{} of {} comparisons decided.\nrecord {}\n",
            outcome.decided.0,
            outcome.decided.1,
            out.display()
        ))?;
        for refused in &outcome.refused {
            eprintln!("skipped {refused}");
        }
        if !outcome.wrong.is_empty() {
            return Err(Fail::Work(format!("wrong copies: {}", outcome.wrong.join("; "))).into());
        }
        if cells > 0 && outcome.refused.len() == cells {
            return Err(Fail::Use("no cell could be measured".to_owned()).into());
        }
        Ok(())
    }
}

fn pin(cpu: Option<usize>) -> anyhow::Result<()> {
    let Some(cpu) = cpu else { return Ok(()) };
    let mut set = rustix::thread::CpuSet::new();
    if cpu >= rustix::thread::CpuSet::MAX_CPU {
        return Err(Fail::Use(format!("there is no processor {cpu}")).into());
    }
    set.set(cpu);
    rustix::thread::sched_setaffinity(None, &set).map_err(|errno| {
        Fail::Use(format!("running on processor {cpu} only: {}", crate::sys::errno::describe(errno))).into()
    })
}

fn planted(text: &str) -> Result<Slowdown, String> {
    let (arm, rest) = text.split_once('=').ok_or("write ARM=SHARE")?;
    let (share, strategies) = rest.split_once(':').unwrap_or((rest, ""));
    let strategies = strategies.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Ok(Slowdown { arm: arm.to_owned(), strategies, share: super::units::fraction(share)? })
}

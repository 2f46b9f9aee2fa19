use super::named::find_strategy;
use super::select::Directories;
use super::units::{duration, fraction, margin, size};
use super::{Fail, progress};
use crate::analysis::Margin;
use crate::host::cpu_time;
use crate::measure::{Calibrating, Plan, RecordFile, Recorder, Scope, Selection, Settings, advise};
use crate::report::BASE;
use crate::report::calibration::{Calibration, Conditions};
use anyhow::Context;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Estimate false-positive rate and power of verdicts on this machine
///
/// Races one strategy against a second copy of itself and against copies slowed by a real delay inside
/// the clock, exactly as `run` races strategies. Counts how often equals are called different, how often
/// the winner is farther off than stated, and how small a slowdown is detected. The result is stored in
/// XDG_CACHE_HOME/copybench and quoted by later runs.
#[derive(Debug, Args)]
pub(super) struct Calibrate {
    /// Slowdowns to try, separated by commas
    #[arg(long, value_name = "SHARE,..", value_delimiter = ',', value_parser = fraction,
        default_values = ["1%", "2%", "5%", "10%"])]
    slowdown: Vec<f64>,
    /// Races
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    trials: u32,
    /// Most time of a race; it ends when it is decided
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    budget: Duration,
    /// Size of the copied file
    #[arg(long, value_name = "Z", default_value = "1MiB", value_parser = size)]
    size: u64,
    /// The strategy
    #[arg(long, value_name = "S", default_value = BASE)]
    strategy: String,
    /// Equivalence margin: a race ends once the leader is this close to the best
    #[arg(long, value_name = "SHARE", default_value = "2%", value_parser = margin)]
    margin: Margin,
    /// Seed of the orders
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    directories: Directories,
    /// Keep the races: a record for each
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

impl Calibrate {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let strategy = find_strategy(&self.strategy)?;
        let base = strategy.name;
        advise(|| "the same command begins anew; fewer --trials take less time".to_owned());
        let (from, to) = self.directories.places()?;
        let selection = Selection::dense(self.size, vec![strategy]);
        let plan = Plan::new(&selection, from, to, Scope::Small)?;
        let cell = plan.entries.first().filter(|entry| !entry.strategies.is_empty());
        let Some(cell) = cell.map(|entry| entry.cell.id()) else {
            return Err(Fail::Use(format!("{base} does not work here; see copybench list")).into());
        };
        let calibrating = Calibrating {
            plan: &plan,
            settings: Settings {
                margin: self.margin,
                budget: self.budget,
                processes: None,
                order_seed: self.seed,
                ..Settings::new(base)
            },
            slowdowns: &self.slowdown,
        };
        let before = cpu_time();
        let mut watcher = progress::Bar::new(1);
        let mut trials = Vec::new();
        for number in 1..=self.trials {
            let mut recorder = self.recorder(&plan, number)?;
            trials.extend(calibrating.race(number, &mut recorder, &mut watcher)?);
            recorder.end().context("writing a record")?;
        }
        drop(watcher);
        if trials.is_empty() {
            return Err(Fail::Use(format!("{base} could not be measured; see copybench list")).into());
        }
        let run = plan.run_line(&super::published_argv(), self.seed);
        let conditions = Conditions {
            steal: cpu_time().steal_since(before),
            margin: self.margin.fraction(),
            budget_seconds: self.budget.as_secs_f64(),
            cell,
            strategy: base.to_owned(),
            host: run.host.hash,
            date: run.started.chars().take(10).collect(),
        };
        let found = Calibration::new(conditions, &trials);
        super::print(&if self.json { serde_json::to_string(&found)? + "\n" } else { found.text() })?;
        // What was found is worth as much where it cannot be kept.
        if let Err(error) = keep(&found) {
            super::tell(format_args!("copybench: {error:#}"));
        }
        Ok(())
    }

    fn recorder(&self, plan: &Plan, number: u32) -> anyhow::Result<Recorder> {
        let Some(out) = &self.out else { return Ok(Recorder::nowhere()) };
        let path = out.join(format!("race-{number}.jsonl"));
        let run = plan.run_line(&super::published_argv(), self.seed);
        let recorder = Recorder::begin(RecordFile::create(&path)?, run)
            .with_context(|| format!("writing the record {}", path.display()))?;
        Ok(recorder.hiding(plan.from.path(), plan.to.path(), None))
    }
}

/// What calibrating the machine of that hash found.
pub(super) fn known(host: &str) -> Option<Calibration> {
    serde_json::from_str(&std::fs::read_to_string(path(host)?).ok()?).ok()
}

fn keep(found: &Calibration) -> anyhow::Result<()> {
    let Some(path) = path(&found.conditions.host) else { return Ok(()) };
    let keep = || {
        std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
        std::fs::write(&path, serde_json::to_string_pretty(found)? + "\n")
    };
    keep().with_context(|| format!("keeping the calibration in {}; set XDG_CACHE_HOME", path.display()))
}

/// `$XDG_CACHE_HOME/copybench`; none without a home.
pub(super) fn cache() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
    Some(cache.join("copybench"))
}

fn path(host: &str) -> Option<PathBuf> {
    Some(cache()?.join(format!("calibration-{host}.json")))
}

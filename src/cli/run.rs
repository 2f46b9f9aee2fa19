use super::Fail;
use super::select::{Cells, Directories};
use crate::fixture::{Place, Source};
use crate::measure::{
    Block, Look, Plan, Recorder, Refused, Scope, Stage, WallClock, clean_up_on_signals, default_record_path,
    run_line, source_of,
};
use crate::strategy::Strategy;
use anyhow::Context;
use clap::Args;
use std::path::PathBuf;

/// Measure strategies and write a record
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    cells: Cells,
    #[command(flatten)]
    directories: Directories,
    /// Samples of each strategy in each cell
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    samples: u64,
    /// Seed of the generated files
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The record file; lines are appended [env: COPYBENCH_OUT] [default: results/runs/DATE-HOST/run.jsonl]
    #[arg(long, value_name = "F.jsonl")]
    out: Option<PathBuf>,
}

impl Run {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let selection = self.cells.selection()?;
        let (from, to) = self.directories.places()?;
        clean_up_on_signals().context("installing the signal handlers")?;
        let plan = Plan::new(&selection, from, to, Scope::Small)?;
        let argv: Vec<String> =
            std::iter::once("copybench".to_owned()).chain(std::env::args().skip(1)).collect();
        let out = self.out.clone().or_else(|| crate::measure::Variables::from_environment().out);
        let out = out.unwrap_or_else(default_record_path);
        let writing = || format!("writing the record {}", out.display());
        let line = run_line(&argv, plan.from.path(), plan.to.path(), self.seed);
        let mut recorder = Recorder::begin(&out, line).with_context(writing)?;
        let mut wrong = Vec::new();
        let mut refused_cells = Vec::new();
        for entry in &plan.entries {
            for refusal in &entry.refusals {
                recorder.skip(&entry.cell, refusal.line(&entry.cell)).with_context(writing)?;
            }
            let own = selection.source.as_deref();
            let source = match source_of(entry, own, &plan.from, &plan.to, self.seed) {
                Ok(source) => source,
                Err(error) => {
                    let refused = Refused { reason: error.to_string(), call: None, errno: None };
                    recorder.skip(&entry.cell, refused.line(&entry.cell, "*")).with_context(writing)?;
                    refused_cells.push(format!("{}: {error}", entry.cell.id()));
                    continue;
                }
            };
            let stage = Stage::new(&source, &plan.to);
            for strategy in &entry.strategies {
                match self.measure(&stage, entry, strategy) {
                    Ok(lines) => {
                        for line in lines {
                            recorder.sample(&entry.cell, line).with_context(writing)?;
                        }
                    }
                    Err(error) => {
                        if error.is_wrong_copy() {
                            wrong.push(format!("{} {}: {error}", entry.cell.id(), strategy.name));
                        }
                        let skip = Refused::from_error(&error).line(&entry.cell, strategy.name);
                        recorder.skip(&entry.cell, skip).with_context(writing)?;
                    }
                }
            }
        }
        if let Some(path) = recorder.end().with_context(writing)? {
            println!("record {}", path.display());
        }
        for refused in &refused_cells {
            eprintln!("skipped {refused}");
        }
        if !wrong.is_empty() {
            return Err(Fail::Work(wrong.join("\n")).into());
        }
        if refused_cells.len() == plan.entries.len() {
            return Err(Fail::Use("no cell could be measured".to_owned()).into());
        }
        Ok(())
    }

    /// One trial that is verified and thrown away, then the samples.
    fn measure(
        &self,
        stage: &Stage<&Source, &Place>,
        entry: &crate::measure::Entry,
        strategy: &'static Strategy,
    ) -> Result<Vec<crate::record::SampleLine>, crate::measure::TrialError> {
        let clock = WallClock::new();
        stage.trial(strategy, &entry.cell, &clock, Look::Verify)?;
        (0..self.samples)
            .map(|_| {
                Ok(Block::run(stage, strategy, &entry.cell, &clock, 1)?.line(&entry.cell, strategy, true))
            })
            .collect()
    }
}

use super::report::records_below;
use super::select::Directories;
use super::units::size;
use super::{Fail, progress};
use crate::analysis::{Kind, Margin, Measurements, answer, summarise};
use crate::measure::{
    OWN_RECORDS, Plan, Recorder, Scope, Selection, Settings, clean_up_on_signals, run_rounds,
};
use crate::record::{Clock, Line};
use crate::report::{BASE, table};
use crate::strategy;
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where records are looked for: the user's own, and those that came with the repository.
const RECORDS: [&str; 2] = [OWN_RECORDS, "results/runs"];

/// Time for measuring where no record fits.
const BUDGET: Duration = Duration::from_secs(10);

/// Say in one line what to copy with here, and why
///
/// By the newest record of this machine below results/local or results/runs with such a cell: dense,
/// warm, a new target. Where there is none, the first strategy of each family is measured for ten seconds.
#[derive(Debug, Args)]
pub(super) struct Recommend {
    /// Size of the file
    #[arg(long, value_name = "Z", default_value = "1MiB", value_parser = size)]
    size: u64,
    #[command(flatten)]
    directories: Directories,
}

impl Recommend {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        super::go_on_without(clean_up_on_signals());
        let (from, to) = self.directories.places()?;
        let selection = Selection::dense(self.size, strategy::representatives(usize::MAX).collect());
        let plan = Plan::new(&selection, from, to, Scope::Small)?;
        let Some(entry) = plan.entries.first() else {
            return Err(Fail::Use("nothing can be measured here".to_owned()).into());
        };
        let cell = entry.cell.id();
        let host = plan.run_line(&[], 0).host.hash;
        let (all, from_where) = match recorded(&cell, &host) {
            Some(all) => {
                let day: String =
                    all.runs.first().map(|run| run.started.chars().take(10).collect()).unwrap_or_default();
                (all, format!("by a record of {day}"))
            }
            None => (measure(&plan)?, "measured just now".to_owned()),
        };
        let sentence = answer(&all, &cell, "this", BASE, Margin::default());
        let summaries = summarise(&all, &cell, "this", BASE, Margin::default());
        let winner = summaries.iter().find(|summary| summary.kind == Kind::Copied);
        let (Some(sentence), Some(winner)) = (sentence, winner) else {
            return Err(Fail::Use("nothing that copies could be measured here".to_owned()).into());
        };
        let line = entry.cell.line();
        super::print(&format!(
            "Use {}: {sentence} ({}; {from_where})\n",
            winner.strategy,
            table::heading(&line)
        ))?;
        Ok(())
    }
}

/// The newest record with that cell of that machine.
fn recorded(cell: &str, host: &str) -> Option<Measurements> {
    let mut newest: Option<Measurements> = None;
    // A folder that is not there holds none.
    let below = |folder| records_below(&[PathBuf::from(folder)]).unwrap_or_default();
    for path in RECORDS.into_iter().filter(|folder| Path::new(folder).is_dir()).flat_map(below) {
        // What is no record of this version is none that fits.
        let Ok(all) = Measurements::read_files(&[path]) else { continue };
        let [run] = &all.runs[..] else { continue };
        let fits = run.host.hash == host && run.clock == Clock::Wall && all.series.contains_key(cell);
        let is_newer = newest.as_ref().is_none_or(|known| known.runs[0].started < run.started);
        if fits && is_newer {
            newest = Some(all);
        }
    }
    newest
}

fn measure(plan: &Plan) -> anyhow::Result<Measurements> {
    let settings = Settings { budget: BUDGET, ..Settings::new(BASE) };
    let mut all = Measurements::default();
    all.take(&Line::Run(plan.run_line(&[], 1)));
    run_rounds(plan, &settings, &mut all, &mut Recorder::nowhere(), &mut progress::Bar::new(1))?;
    Ok(all)
}

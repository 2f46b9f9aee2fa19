use super::report::records_below;
use super::select::Directories;
use super::units::size;
use super::{Fail, progress};
use crate::analysis::{Kind, Measurements};
use crate::measure::{
    OWN_RECORDS, Plan, Recorder, Scope, Selection, Settings, advise, new_order_seed, run_rounds,
};
use crate::record::{Clock, Line};
use crate::report::{BASE, conditions, race};
use crate::strategy;
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where records are looked for: the user's own, and those that came with the repository.
const RECORDS: [&str; 2] = [OWN_RECORDS, "results/runs"];

/// Time for measuring where no record fits.
const BUDGET: Duration = Duration::from_secs(20);

/// Say in one line what to copy with here, and why
///
/// By the newest race of such a cell (dense, warm, a new target) on this machine below results/local or
/// results/runs; where there is none, by a race of twenty seconds.
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
        advise(|| {
            "the same command measures anew; what `copybench run` measures is kept, and found by this command"
                .to_owned()
        });
        let (from, to) = self.directories.places()?;
        let strategies = strategy::all().map(|(_, strategy)| strategy).collect();
        let plan = Plan::new(&Selection::dense(self.size, strategies), from, to, Scope::Small)?;
        let Some(entry) = plan.entries.first() else {
            return Err(Fail::Use("nothing can be measured here".to_owned()).into());
        };
        let cell = entry.cell.id();
        let host = plan.run_line(&[], 0).host.hash;
        let kind = Kind::Copied.name().to_owned();
        let (all, from_where) = match recorded(&(cell.clone(), kind.clone()), &host) {
            Some(all) => {
                let day: String =
                    all.runs.first().map(|run| run.started.chars().take(10).collect()).unwrap_or_default();
                (all, format!("by a record of {day}"))
            }
            None => (measure(&plan)?, "measured just now".to_owned()),
        };
        let Some(answer) = all.answers.get(&(cell, kind)) else {
            return Err(Fail::Use("nothing that copies could be measured here".to_owned()).into());
        };
        let use_it = match (&answer.best, answer.within) {
            (Some(best), Some(_)) => format!("Use {best}: "),
            _ => String::new(),
        };
        let sentence = race::sentence(answer);
        super::print(&format!(
            "{use_it}{sentence} ({}; {from_where})\n",
            conditions::heading(&entry.cell.line())
        ))?;
        Ok(())
    }
}

/// The newest record with a race of that cell and kind on that machine.
fn recorded(of: &(String, String), host: &str) -> Option<Measurements> {
    let mut newest: Option<Measurements> = None;
    // A folder that is not there holds none.
    let below = |folder| records_below(&[PathBuf::from(folder)]).unwrap_or_default();
    for path in RECORDS.into_iter().filter(|folder| Path::new(folder).is_dir()).flat_map(below) {
        // What is no record of this version is none that fits.
        let Ok(all) = Measurements::read_files(&[path]) else { continue };
        let [run] = &all.runs[..] else { continue };
        let fits = run.host.hash == host && run.clock == Clock::Wall && all.answers.contains_key(of);
        let is_newer = newest.as_ref().is_none_or(|known| known.runs[0].started < run.started);
        if fits && is_newer {
            newest = Some(all);
        }
    }
    newest
}

fn measure(plan: &Plan) -> anyhow::Result<Measurements> {
    let settings = Settings {
        budget: BUDGET,
        full: false,
        processes: None,
        order_seed: new_order_seed(),
        ..Settings::new(BASE)
    };
    let mut all = Measurements::default();
    all.take(&Line::Run(plan.run_line(&[], settings.order_seed)));
    run_rounds(plan, &settings, &mut all, &mut Recorder::nowhere(), &mut progress::Bar::new(1))?;
    Ok(all)
}

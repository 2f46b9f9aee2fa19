use super::RoundsError;
use super::session::{Against, Settings, Watcher, run_rounds};
use crate::analysis::comparison::confirmed_by;
use crate::analysis::{Measurements, Options, Row, compare_arms, compare_strategies};
use crate::measure::plan::Plan;
use crate::measure::recorder::Recorder;

/// Most of a budget that measuring again may take.
const SHARE: f64 = 1.0 / 3.0;

/// The comparison of two executables after a run, or of all strategies with the base where there is one
/// executable. Where it confirms slowdowns, their cells and strategies are measured once more in fresh
/// processes, whose samples follow in the record, and only what is confirmed there too stays confirmed.
pub fn measure_again(
    plan: &Plan,
    settings: &Settings,
    all: &Measurements,
    recorder: &mut Recorder,
    watcher: &mut dyn Watcher,
) -> Result<Vec<Row>, RoundsError> {
    let options = Options { margin: settings.margin, ..Options::new(settings.base) };
    let compare = if settings.against == Against::Nothing { compare_strategies } else { compare_arms };
    let rows = compare(all, &options);
    let suspect = |cell: &str, strategy: &str| {
        rows.iter().any(|row| row.confirmed && row.cell == cell && row.strategy == strategy)
    };
    let plan = plan.only(suspect);
    if plan.entries.is_empty() {
        return Ok(rows);
    }
    let settings = Settings {
        first_process: all.processes() + 1,
        budget: settings.budget.mul_f64(SHARE),
        ..settings.clone()
    };
    let mut again = Measurements::default();
    again.runs.clone_from(&all.runs);
    run_rounds(&plan, &settings, &mut again, recorder, watcher)?;
    Ok(confirmed_by(rows, &compare(&again, &options)))
}

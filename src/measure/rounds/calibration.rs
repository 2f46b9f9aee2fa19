use super::session::{Against, Settings, Watcher, run_rounds};
use super::{RoundsError, Slowdown};
use crate::analysis::autocorrelation::lag_one;
use crate::analysis::calibration::Trial;
use crate::analysis::pairing::ln_ratios;
use crate::analysis::summary::relative;
use crate::analysis::{Measurements, Verdict, median};
use crate::measure::plan::Plan;
use crate::measure::recorder::Recorder;
use rand::seq::SliceRandom;
use rand::{SeedableRng, rngs::ChaCha8Rng};
use std::collections::BTreeMap;

/// Trials of a strategy against itself, some of them with one side really slowed.
pub struct Calibrating<'a> {
    /// One cell with the strategy of `settings`.
    pub plan: &'a Plan,
    /// As a run would have; the budget is that of one trial.
    pub settings: Settings,
    /// Slowdowns as fractions; 0 for none.
    pub slowdowns: &'a [f64],
    /// Trials of each.
    pub trials: u32,
}

/// Makes the trials in random order. Both sides are this process, which measures the strategy twice
/// in every round: what is tried is the judgement, and not how processes differ. `recorders` are by
/// the percentage of the slowdown; each trial is a process there. Also returns the median lag-1
/// autocorrelation of rounds without a slowdown.
pub fn calibrate(
    calibrating: &Calibrating<'_>,
    recorders: &mut BTreeMap<String, Recorder>,
    watcher: &mut dyn Watcher,
) -> Result<(Vec<Trial>, Option<f64>), RoundsError> {
    let Calibrating { plan, settings, slowdowns, trials } = calibrating;
    let mut order: Vec<(f64, u32)> =
        slowdowns.iter().flat_map(|slowdown| (1..=*trials).map(move |number| (*slowdown, number))).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(settings.order_seed));
    let mut nowhere = Recorder::nowhere();
    let mut found = Vec::new();
    let mut lags = Vec::new();
    for (index, (slowdown, number)) in order.into_iter().enumerate() {
        let planted = Slowdown { arm: "this".to_owned(), strategies: Vec::new(), share: slowdown };
        let settings = Settings {
            against: Against::Itself,
            slowdown: Some(planted).filter(|_| slowdown > 0.0),
            first_process: number,
            processes: Some(1),
            // Orders of its own for each trial.
            order_seed: settings.order_seed + index as u64,
            ..settings.clone()
        };
        let mut all = Measurements::default();
        let recorder = recorders.get_mut(&percent(slowdown)).unwrap_or(&mut nowhere);
        run_rounds(plan, &settings, &mut all, recorder, watcher)?;
        let cell = plan.entries.first().map(|entry| entry.cell.id()).unwrap_or_default();
        let sides = all.get(&cell, settings.base, "old").zip(all.get(&cell, settings.base, "this"));
        let judged = sides.and_then(|(old, this)| relative(old, this, 1, settings.margin));
        found.push(Trial { slowdown, verdict: judged.map_or(Verdict::Unclear, |judged| judged.verdict) });
        if let Some((old, this)) = sides.filter(|_| slowdown == 0.0) {
            let ratios: Vec<f64> = ln_ratios(old, this).iter().map(|pair| pair.value).collect();
            lags.extend(lag_one(&ratios));
        }
    }
    Ok((found, median(&lags)))
}

/// A share in per cent, as file names have it.
pub fn percent(share: f64) -> String {
    format!("{}", (share * 1e4).round() / 100.0)
}

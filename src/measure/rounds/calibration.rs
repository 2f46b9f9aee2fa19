use super::session::{Settings, Watcher, run_rounds};
use super::{Contestant, Entrant, RoundsError};
use crate::analysis::Measurements;
use crate::analysis::calibration::{Called, Trial};
use crate::measure::plan::Plan;
use crate::measure::recorder::Recorder;
use crate::record::AnswerLine;

/// Races of a strategy with copies of itself, some of them really slowed.
pub struct Calibrating<'a> {
    /// One cell with the strategy of `settings`.
    pub plan: &'a Plan,
    /// As a race would have; the budget is that of one race.
    pub settings: Settings,
    /// Slowdowns as fractions.
    pub slowdowns: &'a [f64],
}

impl Calibrating<'_> {
    /// The race that `run` makes, with a second copy of the strategy as the control and one more for
    /// each slowdown. None where the strategy could not be measured.
    ///
    /// # Errors
    /// See [`RoundsError`].
    pub fn race(
        &self,
        number: u32,
        recorder: &mut Recorder,
        watcher: &mut dyn Watcher,
    ) -> Result<Option<Trial>, RoundsError> {
        let slowed = self.slowdowns.iter().map(|share| Entrant::Slowed((share * 1e4).round() as u32));
        let entrants: Vec<Entrant> = [Entrant::Twin].into_iter().chain(slowed).collect();
        let settings = Settings {
            full: false,
            entrants: entrants.clone(),
            // Orders of its own for each race.
            order_seed: self.settings.order_seed + u64::from(number),
            ..self.settings.clone()
        };
        let outcome = run_rounds(self.plan, &settings, &mut Measurements::default(), recorder, watcher)?;
        Ok(outcome.answers.first().map(|answer| trial(answer, settings.base, &entrants)))
    }
}

/// What a race said of each copy, beside the truth.
fn trial(answer: &AnswerLine, strategy: &'static str, entrants: &[Entrant]) -> Trial {
    let differs = answer.twin.is_some() && answer.within.is_none();
    let everyone = [Entrant::First].into_iter().chain(entrants.iter().copied());
    let everyone: Vec<(Entrant, String)> =
        everyone.map(|entry| (entry, Contestant { strategy, entry }.label())).collect();
    let called = everyone.iter().map(|(entry, label)| {
        let slower = answer.slower.iter().any(|slower| slower.strategy == *label);
        Called { slowdown: entry.slowdown(), slower: slower || (*entry == Entrant::Twin && differs) }
    });
    let winner = everyone.iter().find(|(_, label)| answer.best.as_ref() == Some(label));
    let winner = winner.map(|(entry, _)| entry.slowdown());
    Trial { called: called.collect(), within: answer.within, winner, seconds: answer.seconds }
}

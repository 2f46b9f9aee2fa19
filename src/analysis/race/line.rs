//! An answer as it stands in a record.

use super::{Answer, Config, Race, Twin};
use crate::analysis::pairs::rounds;
use crate::analysis::{Kind, Margin, Measurements};
use crate::record::{AnswerLine, Behind, Slower};
use std::collections::BTreeMap;

impl Answer {
    /// `why` is said of a leader, and other reasons where nothing can be said.
    fn line(&self, cell: &str, kind: Kind, margin: Margin, seconds: f64, why: String) -> AnswerLine {
        let (twin, different) = match self.twin {
            Twin::Absent | Twin::Unknown => (None, false),
            Twin::Alike { low, high } => (Some(behind(low, high)), false),
            Twin::Different { low, high } => (Some(behind(low, high)), true),
        };
        let slower = (self.slower.iter())
            .map(|slower| Slower { strategy: slower.strategy.clone(), behind: slower.behind() });
        AnswerLine {
            cell: cell.to_owned(),
            kind: kind.name().to_owned(),
            best: self.best.clone(),
            within: self.within.map(rounded),
            of: self.of,
            shares: self.shares.clone(),
            apart: Vec::new(),
            slower: slower.collect(),
            twin,
            margin: margin.fraction(),
            seconds: (seconds * 1000.0).round() / 1000.0,
            processes: 0,
            more_seconds: None,
            why: if different {
                "the base and its second copy differ, so that nothing can be said here: is the machine quiet?"
                    .to_owned()
            } else if self.within.is_none() {
                "those that are left were not compared in two processes".to_owned()
            } else {
                why
            },
        }
    }
}

impl Race {
    /// The line of a record with the answer by now.
    #[must_use]
    pub fn line(&self, cell: &str, kind: Kind, seconds: f64, why: String) -> AnswerLine {
        let leader = self.leader();
        let apart = self.alive().into_iter().filter(|index| Some(*index) != leader).filter_map(|index| {
            let bound = |pair| self.ahead.get(&pair).map(|ahead| ahead.bound);
            let (ahead, behind_it) = (bound((index, leader?))?, bound((leader?, index))?);
            let strategy = self.arms.get(index)?.name.clone();
            Some(Slower { strategy, behind: behind((-ahead).exp_m1(), behind_it.exp_m1()) })
        });
        AnswerLine {
            apart: apart.collect(),
            ..self.answer().line(cell, kind, self.config.margin, seconds, why)
        }
    }
}

impl super::Slower {
    #[must_use]
    pub fn behind(&self) -> Behind {
        behind(self.low, self.high)
    }
}

/// Answers from a record in which every strategy was measured in every round.
#[must_use]
pub fn of_full_rounds(all: &Measurements, cell: &str, base: &str, margin: Margin) -> Vec<AnswerLine> {
    let mut fields: BTreeMap<Kind, Vec<(&str, &str)>> = BTreeMap::new();
    for (strategy, arms) in all.series.get(cell).into_iter().flatten() {
        let Some(series) = arms.get("this") else { continue };
        let field = fields.entry(series.kind(strategy)).or_default();
        field.extend(arms.keys().filter(|arm| *arm != "old").map(|arm| (strategy.as_str(), arm.as_str())));
    }
    fields.remove(&Kind::Limit);
    let line = |(kind, field): (Kind, Vec<(&str, &str)>)| {
        let label = |(strategy, arm): &(&str, &str)| match *arm {
            "this" => (*strategy).to_owned(),
            arm => format!("{strategy}|{arm}"),
        };
        let control = field.contains(&(base, "twin")).then(|| [base.to_owned(), format!("{base}|twin")]);
        // One look at everything.
        let config = Config { margin, control, keep: usize::MAX, first_look: u32::MAX, ..Config::default() };
        let mut race = Race::new(field.iter().map(label), config);
        let mut times: BTreeMap<(u32, u32), Vec<(usize, f64)>> = BTreeMap::new();
        for (index, (strategy, arm)) in field.iter().enumerate() {
            for (at, time) in all.get(cell, strategy, arm).map(rounds).into_iter().flatten() {
                times.entry(at).or_default().push((index, time));
            }
        }
        for ((process, round), times) in &times {
            race.feed(*process, *round, times);
        }
        race.finish();
        let processes = times.keys().map(|(process, _)| process + 1).max().unwrap_or(0);
        let why = "every strategy was measured in every round".to_owned();
        AnswerLine { processes, ..race.line(cell, kind, all.seconds, why) }
    };
    fields.into_iter().map(line).collect()
}

fn behind(low: f64, high: f64) -> Behind {
    Behind { low: rounded(low), high: Some(rounded(high)).filter(|high| high.is_finite()) }
}

/// Four places, which is more than anybody can measure.
fn rounded(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

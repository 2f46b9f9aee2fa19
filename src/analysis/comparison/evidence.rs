//! What two sides say about one strategy, and the verdicts once all of a table are known.

use crate::analysis::pairs::{by_process, differences, neighbours};
use crate::analysis::ratio::{Difference, Prior, estimates, process_spread};
use crate::analysis::series::{Measurements, Series};
use crate::analysis::table::verdicts;
use crate::analysis::{Margin, Verdict, median, ratio};
use serde::Serialize;

/// What to compare by.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the base strategy; in a cell without it, the first common strategy by name
    /// that is no limit of the machine.
    pub base: String,
    /// Differences inside it do not matter.
    pub margin: Margin,
    /// Share of false ones among the differences called (Benjamini-Hochberg), and chance of any
    /// false one among those confirmed (Bonferroni).
    pub alpha: f64,
}

impl Options {
    /// The default margin and alpha with a base strategy.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self { base: base.to_owned(), margin: Margin::default(), alpha: 0.05 }
    }
}

/// A ratio of base time to new time, more than 1 where new is faster.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Point estimate; none where nothing can be paired.
    pub ratio: Option<f64>,
    /// Lower end of its interval; none where the data carry no interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// What the interval says against the margin.
    pub verdict: Verdict,
}

impl Estimate {
    /// No statement.
    pub(super) const NOTHING: Self = Self { ratio: None, low: None, high: None, verdict: Verdict::Unclear };
}

/// Processes a side from which a side's own spread of times, with nothing beside them in the same
/// round, can be told at all.
pub const ENOUGH_PROCESSES: usize = 3;

/// What times that were not taken in turn may be off by, as a logarithm: the machine's drift from
/// one run to the next is in none of their spreads.
const DRIFT: f64 = 0.03;

/// Where the two sides of a comparison are.
pub(super) struct Sides<'a> {
    pub(super) base: &'a Measurements,
    pub(super) new: &'a Measurements,
    pub(super) arms: [&'a str; 2],
}

/// The series of both sides, base first.
pub(super) type Pair<'a> = [&'a Series; 2];

/// What is known about one strategy before correction over the table.
pub(super) struct Evidence {
    /// ln(base time / new time), of medians where there is nothing better.
    point: Option<f64>,
    difference: Option<Difference>,
    mostly_slower: bool,
    processes: [usize; 2],
    spread: Option<f64>,
}

/// What is said about one strategy.
pub(super) struct Judged {
    pub(super) estimate: Estimate,
    pub(super) confirmed: bool,
    pub(super) processes: [usize; 2],
    pub(super) spread: Option<f64>,
}

impl Sides<'_> {
    /// Strategies that both sides measured in a cell, by name.
    pub(super) fn common<'a>(&'a self, cell: &str) -> Vec<(&'a str, Pair<'a>)> {
        let Some(strategies) = self.new.series.get(cell) else { return Vec::new() };
        let pair = |name: &str| {
            Some([self.base.get(cell, name, self.arms[0])?, self.new.get(cell, name, self.arms[1])?])
        };
        strategies.keys().filter_map(|name| Some((name.as_str(), pair(name)?))).collect()
    }

    pub(super) fn in_turn(&self) -> bool {
        self.arms[0] != self.arms[1]
    }

    /// What the arms of a cell tell of how far processes differ: those of a strategy in turn, else
    /// those next to each other, on both sides.
    pub(super) fn prior(&self, common: &[(&str, Pair<'_>)]) -> Prior {
        let pairs: Vec<_> = if self.in_turn() {
            common.iter().map(|(_, [old, new])| differences(old, new)).collect()
        } else {
            let side = |side: usize| common.iter().map(|(_, pair)| pair[side]).collect::<Vec<_>>();
            [0, 1].map(side).iter().flat_map(|arms| neighbours(arms)).collect()
        };
        Prior::fit(pairs.iter().map(Vec::as_slice))
    }

    /// A strategy's own time.
    pub(super) fn raw(&self, [old, new]: Pair<'_>, prior: &Prior) -> Evidence {
        let evidence = if self.in_turn() {
            Evidence::in_pairs(&differences(old, new), prior)
        } else {
            let [old, new] = [old, new].map(|side| by_process(side).into_values().collect::<Vec<_>>());
            let enough = old.len().min(new.len()) >= ENOUGH_PROCESSES;
            Evidence::apart(&old, &new, &Prior::default()).biased(DRIFT).only_if(enough)
        };
        let sound = old.broken + new.broken == 0;
        Evidence { point: evidence.point.or_else(|| ln_ratio(old, new)), ..evidence }.only_if(sound)
    }

    /// A strategy's time relative to that of another in the same round.
    pub(super) fn relative(&self, to: Pair<'_>, strategy: Pair<'_>, prior: &Prior) -> Evidence {
        let [old, new] = [0, 1].map(|side| differences(to[side], strategy[side]));
        let evidence = Evidence::apart(&old, &new, prior);
        let rough = || Some(ln_ratio(to[1], strategy[1])? - ln_ratio(to[0], strategy[0])?);
        let sound = to.iter().chain(&strategy).all(|series| series.broken == 0);
        Evidence { point: evidence.point.or_else(rough), ..evidence }.only_if(sound)
    }
}

impl Evidence {
    fn apart(old: &[Vec<f64>], new: &[Vec<f64>], prior: &Prior) -> Self {
        let centre = Difference::typical(old);
        let difference = Difference::of(new, prior).zip(Difference::of(old, prior));
        Self {
            point: Difference::typical(new).zip(centre).map(|(new, old)| old - new),
            difference: difference.map(|(new, old)| new.beyond(&old)),
            mostly_slower: mostly_slower(new, centre.unwrap_or(f64::NAN)),
            processes: [old.len(), new.len()],
            spread: [old, new].into_iter().filter_map(process_spread).reduce(f64::max),
        }
    }

    fn in_pairs(pairs: &[Vec<f64>], prior: &Prior) -> Self {
        Self {
            point: Difference::typical(pairs).map(|typical| -typical),
            difference: Difference::of(pairs, prior),
            mostly_slower: mostly_slower(pairs, 0.0),
            processes: [pairs.len(); 2],
            spread: process_spread(pairs),
        }
    }

    fn biased(self, bias: f64) -> Self {
        Self { difference: self.difference.map(|difference| difference.biased(bias)), ..self }
    }

    fn only_if(self, sound: bool) -> Self {
        Self { difference: self.difference.filter(|_| sound), ..self }
    }
}

/// Verdicts on a table's evidence, corrected for how much of it there is.
pub(super) fn judge(table: &[Option<Evidence>], options: &Options) -> Vec<Option<Judged>> {
    let differences: Vec<Option<Difference>> =
        table.iter().map(|evidence| evidence.as_ref().and_then(|evidence| evidence.difference)).collect();
    let each = options.alpha / differences.iter().flatten().count().max(1) as f64;
    let judge = |(evidence, judged): (&Option<Evidence>, Option<(ratio::Estimate, Verdict)>)| {
        let evidence = evidence.as_ref()?;
        let verdict = judged.map_or(Verdict::Unclear, |(_, verdict)| verdict);
        let p = evidence.difference.map_or(1.0, |difference| difference.p_beyond(options.margin));
        Some(Judged {
            estimate: Estimate {
                ratio: evidence.point.map(f64::exp).filter(|ratio| ratio.is_finite()),
                low: judged.map(|(estimate, _)| estimate.low),
                high: judged.map(|(estimate, _)| estimate.high),
                verdict,
            },
            confirmed: verdict == Verdict::Slower && p <= each && evidence.mostly_slower,
            processes: evidence.processes,
            spread: evidence.spread,
        })
    };
    table.iter().zip(verdicts(&differences, options.margin, options.alpha)).map(judge).collect()
}

/// Whether most processes took longer than `centre`.
fn mostly_slower(processes: &[Vec<f64>], centre: f64) -> bool {
    let slower = estimates(processes).filter(|estimate| *estimate > centre).count();
    2 * slower > processes.len()
}

/// ln(base time / other time) from medians of all samples, however few.
fn ln_ratio(base: &Series, other: &Series) -> Option<f64> {
    let middle =
        |series: &Series| median(&series.observations.iter().map(|value| value.time).collect::<Vec<_>>());
    Some((middle(base)? / middle(other)?).ln())
}

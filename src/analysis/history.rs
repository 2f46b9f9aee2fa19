//! Runs of different times as series: one of each cell, strategy and kind of machine.

use super::change_point::{ChangePoint, change_points};
use super::{Margin, Measurements, summarise};
use serde::Serialize;
use std::collections::BTreeMap;

/// One strategy in one cell on machines of one hash, oldest run first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct History {
    /// Id of the cell.
    pub cell: String,
    /// Name of the strategy.
    pub strategy: String,
    /// Hash of the machines. Unlike machines are series of their own.
    pub host: String,
    /// A point a run.
    pub points: Vec<Point>,
    /// Lasting changes of the ratio; of the base strategy, of its time.
    pub changes: Vec<ChangePoint>,
}

/// What one run says of a strategy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Id of the run.
    pub run: String,
    /// Its start.
    pub started: String,
    /// Commit of its executable.
    pub sha: String,
    /// Median time, in the unit of the run's clock.
    pub time: f64,
    /// Base time over its time in the same rounds: more than 1 is faster; none for the base itself.
    pub ratio: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

impl Point {
    /// Start, commit and id of its run, by which runs are in order.
    #[must_use]
    pub fn run(&self) -> (&str, &str, &str) {
        (&self.started, &self.sha, &self.run)
    }
}

impl History {
    /// The point at which `change` is first seen.
    #[must_use]
    pub fn point(&self, change: ChangePoint) -> Option<&Point> {
        self.points.get(change.at)
    }

    /// Whether it is slower since a change.
    #[must_use]
    pub fn is_worse(&self, change: &ChangePoint) -> bool {
        if self.is_time() { change.after > change.before } else { change.after < change.before }
    }

    /// Whether its values are times, as those of the base strategy are, and less is better.
    #[must_use]
    pub fn is_time(&self) -> bool {
        is_time(&self.points)
    }
}

/// Series of runs, by cell, strategy and machine.
#[derive(Debug, Default)]
pub struct Histories {
    series: BTreeMap<(String, String, String), Vec<Point>>,
}

impl Histories {
    /// Adds what was measured in a run, or in several, which stand under the first line then.
    pub fn add(&mut self, all: &Measurements, base: &str) {
        let Some(run) = all.runs.first() else { return };
        for cell in all.series.keys() {
            // A history judges by the points themselves.
            for summary in summarise(all, cell, "this", base, Margin::default()) {
                let interval = summary.relative.and_then(|relative| relative.interval);
                let key = (cell.clone(), summary.strategy, run.host.hash.clone());
                self.series.entry(key).or_default().push(Point {
                    run: run.id.clone(),
                    started: run.started.clone(),
                    sha: run.commit.sha.clone(),
                    time: summary.median,
                    ratio: summary.relative.map(|relative| relative.ratio),
                    low: interval.map(|interval| interval.low),
                    high: interval.map(|interval| interval.high),
                });
            }
        }
    }

    /// Each series in the order of its runs, with its lasting changes.
    #[must_use]
    pub fn changes(self, margin: Margin) -> Vec<History> {
        let history = |((cell, strategy, host), mut points): (_, Vec<Point>)| {
            points.sort_by(|left, right| (&left.started, &left.run).cmp(&(&right.started, &right.run)));
            let changes = changes(&points, margin);
            History { cell, strategy, host, points, changes }
        };
        self.series.into_iter().map(history).collect()
    }
}

fn is_time(points: &[Point]) -> bool {
    points.iter().all(|point| point.ratio.is_none())
}

/// A ratio and a time are no series together: a run without the base strategy, among others with
/// it, is passed over.
fn changes(points: &[Point], margin: Margin) -> Vec<ChangePoint> {
    let times = is_time(points);
    let value = |point: &Point| if times { Some(point.time) } else { point.ratio };
    let (places, values): (Vec<usize>, Vec<f64>) =
        points.iter().enumerate().filter_map(|(place, point)| Some((place, value(point)?))).unzip();
    let found = change_points(&values, margin).into_iter();
    found.map(|change| ChangePoint { at: places[change.at], ..change }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::example::{Example, Noise};

    /// Nights of one cell; from night 12 on `sendfile` takes a tenth longer.
    fn nights() -> Vec<Measurements> {
        let noise = Noise { round: 0.05, sample: 0.005, process: 0.003 };
        (0..24)
            .map(|night| {
                let slower = if night < 12 { 0.0 } else { 0.1 };
                let strategies = [("base", 0.0), ("sendfile", slower)];
                let mut run =
                    Example::default().measured(("c", "this"), &strategies, (1, 12), noise, night).run();
                run.run.started = format!("2026-01-{:02}T00:00:00Z", night + 1);
                run.run.host.hash = if night == 3 { "other".to_owned() } else { "0".to_owned() };
                Measurements::from_runs(&[run])
            })
            .rev()
            .collect()
    }

    fn histories(nights: &[Measurements]) -> Vec<History> {
        let mut all = Histories::default();
        nights.iter().for_each(|night| all.add(night, "base"));
        all.changes(Margin::default())
    }

    #[test]
    fn a_change_is_found_where_it_was_and_other_machines_stay_apart() {
        let histories = histories(&nights());
        let of = |strategy: &str, host: &str| {
            histories.iter().find(|history| history.strategy == strategy && history.host == host).unwrap()
        };
        assert_eq!(histories.len(), 4);
        assert_eq!(of("sendfile", "other").points.len(), 1);
        let sendfile = of("sendfile", "0");
        assert_eq!(sendfile.points.len(), 23);
        let [change] = sendfile.changes[..] else { panic!("{:?}", sendfile.changes) };
        assert_eq!(sendfile.point(change).unwrap().started, "2026-01-13T00:00:00Z");
        assert!((change.after / change.before - (-0.1_f64).exp()).abs() < 0.01, "{change:?}");
        assert!(of("base", "0").is_time() && of("base", "0").changes.is_empty());
    }

    #[test]
    fn a_night_without_the_base_is_passed_over() {
        let mut nights = nights();
        let night = nights.iter_mut().find(|night| night.runs[0].started.contains("-01-08")).unwrap();
        night.series.get_mut("c").unwrap().remove("base");
        let histories = histories(&nights);
        let of = |history: &&History| history.strategy == "sendfile" && history.host == "0";
        let sendfile = histories.iter().find(of).unwrap();
        assert!(!sendfile.is_time());
        let [change] = sendfile.changes[..] else { panic!("{:?}", sendfile.changes) };
        assert_eq!(sendfile.point(change).unwrap().started, "2026-01-13T00:00:00Z");
    }
}

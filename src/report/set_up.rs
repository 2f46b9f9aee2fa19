//! What set-up costs: each strategy with a kept workspace beside the same with a fresh one.

use super::conditions::heading;
use super::grid::Format;
use super::grid::lay_out;
use crate::analysis::{Measurements, median};
use crate::record::CellLine;
use crate::units::duration;

/// A table for each cell that was measured both ways, the strategies with the costliest set-up first.
#[must_use]
pub fn tables(all: &Measurements, format: Format) -> Vec<String> {
    all.cells.values().filter_map(|kept| table(all, kept, fresh_of(all, kept)?, format)).collect()
}

fn fresh_of<'a>(all: &'a Measurements, kept: &CellLine) -> Option<&'a CellLine> {
    let other = CellLine { cell: String::new(), setup: Some("fresh".to_owned()), ..kept.clone() };
    let is_other = |cell: &&CellLine| CellLine { cell: String::new(), ..(*cell).clone() } == other;
    all.cells.values().find(is_other).filter(|_| kept.setup.as_deref() == Some("kept"))
}

fn table(all: &Measurements, kept: &CellLine, fresh: &CellLine, format: Format) -> Option<String> {
    let time = |cell: &str, strategy: &str| {
        let series = all.get(cell, strategy, "this")?;
        median(&series.observations.iter().map(|value| value.time).collect::<Vec<_>>())
    };
    let strategies = all.series.get(&kept.cell)?.keys();
    let mut rows: Vec<(&str, f64, f64)> = strategies
        .filter_map(|strategy| {
            Some((strategy.as_str(), time(&kept.cell, strategy)?, time(&fresh.cell, strategy)?))
        })
        .collect();
    rows.sort_by(|left, right| (right.2 - right.1).total_cmp(&(left.2 - left.1)));
    let header = ["", "kept", "fresh", "set-up", "of the copy"].map(str::to_owned).to_vec();
    let lines = rows.into_iter().map(|(strategy, kept, fresh)| {
        let set_up = fresh - kept;
        vec![
            strategy.to_owned(),
            duration(kept),
            duration(fresh),
            if set_up < 0.0 { "none".to_owned() } else { duration(set_up) },
            format!("{:.0} %", set_up.max(0.0) / kept * 100.0),
        ]
    });
    let rows: Vec<Vec<String>> = std::iter::once(header).chain(lines).collect();
    let title = format.title(&heading(kept)) + "\n\n";
    (rows.len() > 1).then(|| title + &lay_out(&rows, |column| column > 0, format) + "\n")
}

//! W15 and W16: the two exercises, run in turn on the file of W13.

use super::EXERCISE_LENGTH;
use crate::analysis::{Measurements, median};
use crate::fixture::{Place, Source};
use crate::measure::{Arm, Cell, Rounds, Seen};
use crate::record::{Copies, FileSystems};
use anyhow::Context;
use std::path::Path;
use std::time::{Duration, Instant};

/// No round but the first is begun later than this, or the lab would take too long.
const BUDGET: Duration = Duration::from_secs(4);
/// What must stay free beside the copy.
const RESERVE: u64 = 64 << 20;
const EXERCISES: [(&str, &str); 2] = [("W15", "mmap-mmap"), ("W16", "mmap-write")];

/// Copies the file at `exercise` by both strategies, and says what it took. Errors: where a copy fails or
/// is wrong. That there is no room for one is told, not an error.
pub fn race(exercise: &Path) -> anyhow::Result<String> {
    let place = Place::new(exercise.parent().context("the file is in a directory")?)?;
    let free = place.free_space()?;
    if free < EXERCISE_LENGTH + RESERVE {
        return Ok(format!("not run: a copy takes 1 GiB, {} MiB are free here", free >> 20));
    }
    let name = place.file_system().to_owned();
    let cell = Cell::usual(FileSystems { source: name.clone(), target: name }, "own", EXERCISE_LENGTH);
    let source = Source::open(exercise)?;
    let names = EXERCISES.map(|(_, name)| name).to_vec();
    let until = Instant::now() + BUDGET;
    let rounds = Rounds { until, ..Rounds::new(&cell, &source, place.path(), names) };
    let mut seen = Seen::default();
    rounds.run(&mut [("this", Arm::here())], &mut Measurements::default(), &mut seen)?;
    if let Some(skip) = seen.skips.first() {
        anyhow::bail!("{}: {}", skip.strategy, skip.refused.reason);
    }
    let mut lines =
        vec!["lmfile, 1 GiB, in the page cache, to a new file; each copy was verified once".to_owned()];
    for (id, name) in EXERCISES {
        let of = seen.samples.iter().filter(|sample| sample.strategy == name && sample.round.is_some());
        lines.push(line(id, name, &of.map(|sample| &sample.copies).collect::<Vec<_>>())?);
    }
    lines.push(
        "(a few copies are no measurement: copybench run has rounds, intervals and a verdict)".to_owned(),
    );
    Ok(lines.join("\n"))
}

fn line(id: &str, name: &str, copies: &[&Copies]) -> anyhow::Result<String> {
    let times: Vec<f64> = copies.iter().flat_map(|copies| &copies.elapsed).map(|time| *time as f64).collect();
    let seconds = median(&times).context("no copy was timed")? / 1e9;
    let faults = copies.last().and_then(|copies| copies.counter("minor_faults")).unwrap_or(0);
    Ok(format!(
        "{id} {name:<11}{seconds:.3} s, {:.2} GiB/s (median of {}), {faults} page faults",
        1.0 / seconds,
        times.len()
    ))
}

//! W15 and W16: the two exercises, run in turn on the file of W13.

use super::EXERCISE_LENGTH;
use crate::fixture::{Place, Source};
use crate::measure::{Cell, Look, Stage, WallClock};
use crate::record::FileSystems;
use crate::strategy;
use anyhow::Context;
use std::path::Path;
use std::time::{Duration, Instant};

/// Both copies in each round. The first round is verified, and its times count only where it is
/// the only one: memory that a guest has never used before is slow to get.
const ROUNDS: usize = 3;
/// No round is begun later than this after the first, or the lab would take too long.
const BUDGET: Duration = Duration::from_secs(8);
/// What must stay free beside the copy.
const RESERVE: u64 = 64 << 20;
/// Strategies of the exercises.
const EXERCISES: [(&str, &str); 2] = [("W15", "mmap-mmap"), ("W16", "mmap-write")];

/// Copies the file at `exercise` by both strategies, and says what it took.
///
/// # Errors
/// Where a copy fails or is wrong. That there is no room for one is told, not an error.
pub fn race(exercise: &Path) -> anyhow::Result<String> {
    let place = Place::new(exercise.parent().context("the file is in a directory")?)?;
    let free = place.free_space()?;
    if free < EXERCISE_LENGTH + RESERVE {
        return Ok(format!("not run: a copy takes 1 GiB, {} MiB are free here", free >> 20));
    }
    let source = Source::open(exercise)?;
    let stage = Stage::new(&source, &place);
    let cell = cell(&place);
    let clock = WallClock::new();
    let started = Instant::now();
    let mut times: [Vec<u64>; 2] = [Vec::new(), Vec::new()];
    let mut faults = [0; 2];
    let mut rounds = 0;
    for round in 0..ROUNDS {
        if round > 0 && started.elapsed() > BUDGET {
            break;
        }
        for (index, (id, name)) in EXERCISES.iter().enumerate() {
            let strategy = strategy::find(name).with_context(|| format!("no strategy {name}"))?;
            let look = if round == 0 { Look::Verify } else { Look::Count };
            let outcome =
                stage.trial(strategy, &cell, &clock, look).with_context(|| format!("{id}, {name}"))?;
            if round == 1 {
                times[index].clear();
            }
            times[index].push(outcome.elapsed);
            faults[index] = outcome.count("minor_faults").unwrap_or(0);
        }
        rounds += 1;
    }
    let mut lines =
        vec!["lmfile, 1 GiB, in the page cache, to a new file; each copy was verified once".to_owned()];
    for (index, (id, name)) in EXERCISES.iter().enumerate() {
        lines.push(line(id, name, &mut times[index], faults[index]));
    }
    if rounds == 1 {
        lines.push("(the first got memory that may never have been in use before, which is slow)".to_owned());
    }
    lines.push(
        "(a few copies are no measurement: copybench run has rounds, intervals and a verdict)".to_owned(),
    );
    Ok(lines.join("\n"))
}

fn line(id: &str, name: &str, times: &mut [u64], faults: u64) -> String {
    times.sort_unstable();
    let median = times.get(times.len() / 2).map_or(0.0, |&nanoseconds| nanoseconds as f64 / 1e9);
    format!(
        "{id} {name:<11}{median:.3} s, {:.2} GiB/s (median of {}), {faults} page faults",
        1.0 / median,
        times.len()
    )
}

fn cell(place: &Place) -> Cell {
    let name = place.file_system().to_owned();
    Cell::usual(FileSystems { source: name.clone(), target: name }, "own", EXERCISE_LENGTH)
}

//! What the harness itself costs: the empty trial, against the fastest dense 64 KiB copy that
//! moves data.
//!
//! The clock region holds two readings of the clock and the call through the registry. This bench times
//! that region around a strategy that does nothing and says which share it is of the fastest real copy in
//! the same directory.

use copybench::fixture::{Layout, Place, Source};
use copybench::measure::{Cell, Inspection, Stage, WallClock, availability};
use copybench::record::FileSystems;
use copybench::strategy::{DstMode, Method, Strategy};
use std::path::PathBuf;
use std::process::ExitCode;

const SIZE: u64 = 64 << 10;
const COPIES: usize = 51;
const MOST: f64 = 0.01;

fn main() -> ExitCode {
    match overhead() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("copybench: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// True where the clock region costs less than a hundredth of the fastest copy.
fn overhead() -> anyhow::Result<bool> {
    let directory = std::env::var_os("COPYBENCH_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let place = Place::new(&directory)?;
    let layout = Layout::find("dense").ok_or_else(|| anyhow::anyhow!("the layout dense is gone"))?;
    let source = Source::generate(&place, layout, SIZE, 1)?;
    let stage = Stage::new(&source, &place);
    let clock = WallClock::new();
    let fs = FileSystems { source: place.file_system().to_owned(), target: place.file_system().to_owned() };
    let cell = |dst| Cell { dst, ..Cell::usual(fs.clone(), layout.name, SIZE) };
    let empty = median(empty_trials(&place, layout, &clock, &cell(DstMode::New))?);
    let mut fastest: Option<(u64, &Strategy)> = None;
    for tried in availability(&place, &place)?.into_iter().filter(|tried| tried.refusal.is_none()) {
        let strategy = tried.strategy;
        for &dst in strategy.dst.iter().filter(|dst| **dst != DstMode::Preallocated) {
            let outcome = stage.trial(strategy, &cell(dst), &clock, Inspection::Verify)?;
            // Shared extents and holes are no moved data.
            if outcome.shared_bytes > Some(0) || outcome.allocated_bytes < Some(SIZE) {
                continue;
            }
            let times: Result<Vec<u64>, _> = (0..COPIES)
                .map(|_| {
                    Ok::<_, anyhow::Error>(
                        stage.trial(strategy, &cell(dst), &clock, Inspection::Count)?.elapsed,
                    )
                })
                .collect();
            let time = median(times?);
            if fastest.is_none_or(|(best, _)| time < best) {
                fastest = Some((time, strategy));
            }
        }
    }
    let (time, strategy) =
        fastest.ok_or_else(|| anyhow::anyhow!("no strategy works in {}", directory.display()))?;
    let share = empty as f64 / time as f64;
    println!(
        "the clock region around nothing takes {empty} ns, {:.3} % of the fastest dense 64 KiB copy that moves data \
         ({} on {}: {time} ns); at most {} % is allowed",
        share * 100.0,
        strategy.name,
        place.file_system(),
        MOST * 100.0
    );
    Ok(share < MOST)
}

/// Times of trials in which nothing is copied from an empty file.
fn empty_trials(
    place: &Place,
    layout: &'static Layout,
    clock: &WallClock,
    cell: &Cell,
) -> anyhow::Result<Vec<u64>> {
    let source = Source::generate(place, layout, 0, 1)?;
    let stage = Stage::new(&source, place);
    (0..1001).map(|_| Ok(stage.trial(&NOTHING, cell, clock, Inspection::Count)?.elapsed)).collect()
}

/// Nothing is copied, so that only the harness is left in the clock.
static NOTHING: Strategy = Strategy {
    name: "nothing",
    summary: "copies nothing",
    holes: copybench::strategy::Holes::ByFileSystem,
    method: Method::Handles(|_| Ok(0)),
    ..Strategy::BASE
};

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values[values.len() / 2]
}

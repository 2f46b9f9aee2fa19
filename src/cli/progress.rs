use crate::analysis::race::Stage;
use crate::measure::{Plan, Progress, Watcher};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// A line on standard error; indicatif draws nothing where that is no terminal. It has no clock of
/// its own, which would run beside what is timed.
fn line() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg}");
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(4))
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

/// How far a run is, on standard error where that is a terminal.
pub(super) struct Bar {
    bar: ProgressBar,
    cells: usize,
    seen: Vec<String>,
}

impl Bar {
    pub(super) fn new(cells: usize) -> Self {
        Self { bar: line(), cells, seen: Vec::new() }
    }
}

impl Watcher for Bar {
    fn progress(&mut self, cell: &str, process: u32, progress: Progress, left: Duration) {
        if !self.seen.iter().any(|seen| seen == cell) {
            self.seen.push(cell.to_owned());
        }
        let state = match progress {
            Progress::Full { rounds } => format!("process {process}, round {rounds}"),
            Progress::Race { stage: Stage::Screen, alive, of } => format!("screen, {alive} of {of} left"),
            Progress::Race { stage: Stage::Race, alive, of } => format!("race, {alive} of {of} left"),
        };
        self.bar.set_message(format!(
            "cell {} of {} {cell}: {state}, at most {} s left",
            self.seen.len(),
            self.cells,
            left.as_secs()
        ));
        self.bar.tick();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// What is under way, on standard error where that is a terminal.
pub(super) struct Spinner(ProgressBar);

impl Spinner {
    pub(super) fn new() -> Self {
        Self(line())
    }

    pub(super) fn tell(&self, text: &str) {
        self.0.set_message(text.to_owned());
        self.0.tick();
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Tells nothing.
pub(super) struct Silent;

impl Watcher for Silent {
    fn progress(&mut self, _: &str, _: u32, _: Progress, _: Duration) {}
}

/// Prints what would run: cells, strategies, what is left out, and for how long at most.
pub(super) fn print_plan(
    plan: &Plan,
    budget: Duration,
    rounds: Option<u32>,
    processes: u32,
) -> std::io::Result<()> {
    let each = budget.as_secs_f64() / plan.entries.len().max(1) as f64;
    for entry in &plan.entries {
        let round = round_seconds(entry.cell.size, entry.strategies.len()) * f64::from(processes);
        let estimate = match rounds {
            Some(rounds) => format!("about {:.1} s", round * f64::from(rounds)),
            None => format!("{each:.1} s at most"),
        };
        super::print(&format!("{}: {} strategies, {estimate}\n", entry.cell.id(), entry.strategies.len()))?;
        for refusal in &entry.refusals {
            super::print(&format!("  without {}: {}\n", refusal.strategy.name, refusal.refused.reason))?;
        }
    }
    let total = rounds.map_or_else(
        || format!("{:.0} s at most", budget.as_secs_f64()),
        |rounds| format!("{rounds} rounds a cell and process"),
    );
    super::print(&format!("{} cells, {total}\n", plan.entries.len()))
}

/// Seconds that a round takes, by speeds of an ordinary machine: 1 GiB/s and 0.1 ms of preparation a
/// copy.
fn round_seconds(size: u64, strategies: usize) -> f64 {
    let copy = size as f64 / f64::from(1 << 30) + 1e-4;
    let copies = (2e-3 / copy).clamp(1.0, 10.0);
    copy * copies * 2.0 * strategies as f64
}

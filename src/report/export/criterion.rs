//! The lines that `cargo bench` prints with criterion's `--output-format bencher`.

use super::exported::Exported;
use crate::analysis::Interval;
use crate::record::Clock;
use std::fmt::Write;

/// `test NAME ... bench: TIME ns/iter (+/- HALF)`, where HALF is half the interval's width; relative
/// times in thousandths of the base's, as readers take whole numbers of something per something.
/// What has too few samples for an interval is left out: the format has no word for that.
pub(super) fn write(exported: Exported<'_>) -> String {
    let unit = match exported.clock() {
        Clock::Wall => "ns/iter",
        Clock::Instructions => "instructions/iter",
    };
    let mut text = String::new();
    let mut line = |name: &str, value: f64, unit: &str, interval: Option<Interval>| {
        let Some(Interval { low, high }) = interval else { return };
        let half = (high - low) / 2.0;
        let _ = writeln!(text, "test {} ... bench: {value:.0} {unit} (+/- {half:.0})", one_line(name));
    };
    for entry in exported.entries() {
        line(&entry.name(), entry.summary.median, unit, entry.summary.interval);
        if let Some(relative) = entry.relative {
            let thousandths = |value: f64| value * 1000.0;
            let interval = relative.interval.map(|interval| interval.map(thousandths));
            line(&entry.relative_name(), thousandths(relative.ratio), "thousandths/base", interval);
        }
    }
    text
}

/// A name that cannot end its line.
fn one_line(name: &str) -> String {
    name.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

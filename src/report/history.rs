//! What changed over runs, in words.

use crate::analysis::change_point::ChangePoint;
use crate::analysis::history::{History, Point};
use crate::units::duration;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The changes, a line each, and how much was looked at.
#[must_use]
pub fn text(histories: &[History]) -> String {
    let mut text = String::new();
    let hosts: BTreeSet<&str> = histories.iter().map(|history| history.host.as_str()).collect();
    for host in &hosts {
        if hosts.len() > 1 {
            let _ = writeln!(text, "machine {host}");
        }
        for history in histories.iter().filter(|history| history.host == *host) {
            for change in &history.changes {
                let _ = writeln!(text, "{}", line(history, *change));
            }
        }
    }
    let changes: usize = histories.iter().map(|history| history.changes.len()).sum();
    let runs: BTreeSet<_> = histories.iter().flat_map(|history| &history.points).map(Point::run).collect();
    let _ = write!(text, "{changes} changes in {} series of {} runs", histories.len(), runs.len());
    if hosts.len() > 1 {
        let _ = write!(text, " on {} kinds of machine, which are series of their own", hosts.len());
    }
    text.push('\n');
    text
}

fn line(history: &History, change: ChangePoint) -> String {
    let (before, after) = (change.before, change.after);
    let values = if history.is_time() {
        format!("from {} to {}", duration(before), duration(after))
    } else {
        format!("from {before:.3} to {after:.3} times as fast as the base")
    };
    let word = if history.is_worse(&change) { "slower" } else { "faster" };
    let (day, commit) = history.point(change).map_or_else(Default::default, |point| {
        (point.started.clone(), point.sha.chars().take(12).collect::<String>())
    });
    format!("{}: {} {word} since {day} (commit {commit}), {values}", history.cell, history.strategy)
}

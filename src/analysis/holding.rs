//! What record files hold: those that hold nothing, and runs that did not come to their end, are named.

use crate::record::{Clock, Line, Part, ReadError, TimedSample, Visitor, is_limit, visit_files};
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// As [`visit_files`], with more remarks: on each file in which nothing was measured, and on each with a run that
/// has no end; and on parts of plans that are missing.
pub(super) fn visit_and_remark(
    clock: &mut Option<Clock>,
    paths: &[PathBuf],
    take: &mut impl Visitor,
) -> Result<Vec<String>, ReadError> {
    let mut remarks = Vec::new();
    let mut parts = Parts::default();
    for path in paths {
        let mut file =
            Held { take, parts: &mut parts, runs: 0, ended: 0, has_time: false, skips: 0, first: None };
        let told = visit_files(clock, std::slice::from_ref(path), &mut file)?;
        let is_cut = !told.is_empty();
        remarks.extend(told);
        remarks.extend(file.remark(is_cut).map(|what| format!("{}: {what}", path.display())));
    }
    remarks.extend(missing(&parts));
    Ok(remarks)
}

/// The parts of plans that there are, by how many a plan has.
type Parts = BTreeMap<u64, BTreeSet<u64>>;

/// Most missing parts that are named.
const NAMED: usize = 10;

/// What is missing of plans of which several parts are there; a part by itself is looked at for its own sake.
fn missing(parts: &Parts) -> impl Iterator<Item = String> {
    let several = parts.iter().filter(|(_, there)| there.len() > 1);
    several.filter_map(|(of, there)| {
        let missing = (1..=*of).filter(|part| !there.contains(part)).take(NAMED + 1);
        let mut missing: Vec<String> = missing.map(|part| part.to_string()).collect();
        if missing.len() > NAMED {
            missing[NAMED] = "and more".to_owned();
        }
        (!missing.is_empty()).then(|| format!("of {of} parts, these are missing: {}", missing.join(", ")))
    })
}

/// What was seen of one file on its way to who takes it.
struct Held<'a, T> {
    take: &'a mut T,
    parts: &'a mut Parts,
    runs: usize,
    ended: usize,
    /// Whether a strategy has a time.
    has_time: bool,
    skips: usize,
    /// Why the first of them was skipped.
    first: Option<String>,
}

impl<T: Visitor> Visitor for Held<'_, T> {
    fn sample(&mut self, text: &[u8]) -> serde_json::Result<()> {
        if !self.has_time {
            self.look(&TimedSample::<IgnoredAny>::parse(text)?);
        }
        self.take.sample(text)
    }

    fn line(&mut self, path: &Path, line: Line) {
        match &line {
            Line::Run(run) => {
                self.runs += 1;
                if let Some(Part { part, of }) = run.part {
                    self.parts.entry(of).or_default().insert(part);
                }
            }
            Line::End(_) => self.ended += 1,
            Line::Sample(sample) => self.look(&TimedSample::from(sample)),
            Line::Skip(skip) => {
                self.skips += 1;
                let why = || format!("{} in {}: {}", skip.strategy, skip.cell, skip.refused.reason);
                self.first.get_or_insert_with(why);
            }
            Line::Cell(_) | Line::Out(_) | Line::Answer(_) => {}
        }
        self.take.line(path, line);
    }
}

impl<T> Held<'_, T> {
    fn look<C>(&mut self, sample: &TimedSample<'_, C>) {
        self.has_time |= !sample.elapsed.is_empty() && !is_limit(&sample.strategy);
    }

    fn remark(&self, is_cut: bool) -> Option<String> {
        if self.runs == 0 {
            return Some("it is empty: no run is in it".to_owned());
        }
        let open = self.runs.saturating_sub(self.ended);
        let end = match open {
            0 => None,
            // That it is cut short was told.
            1 if is_cut => None,
            1 => Some("a run in it has no end: it was ended early, or still goes on".to_owned()),
            many => Some(format!("{many} runs in it have no end: they were ended early")),
        };
        if self.has_time {
            return end;
        }
        let skipped = self.first.as_ref().map(|first| match self.skips {
            1 => format!(" (skipped {first})"),
            skips => format!(" ({skips} skips, the first {first})"),
        });
        let nothing = format!("nothing was measured in it{}", skipped.unwrap_or_default());
        Some(match end {
            Some(end) => format!("{nothing}; {end}"),
            None => nothing,
        })
    }
}

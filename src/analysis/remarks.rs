//! What a reader of a comparison must know beside its rows: what has none, and what is not alike.

use super::series::{Measurements, Series};
use std::collections::BTreeSet;

/// Cells that a sentence lists before it only counts the rest.
const LISTED: usize = 5;

/// Sentences on cells and strategies that only one side has, and on series that no verdict can
/// rest on. `arms` are those that are compared, base first.
#[must_use]
pub fn remarks(base: &Measurements, new: &Measurements, arms: [&str; 2]) -> Vec<String> {
    let sides = [(base, arms[0], "base"), (new, arms[1], "new")];
    let [in_base, in_new] = [cells(base, arms[0]), cells(new, arms[1])];
    let mut remarks = Vec::new();
    for (own, other, side) in [(&in_base, &in_new, "base"), (&in_new, &in_base, "new")] {
        let only: Vec<&str> = own.difference(other).copied().collect();
        if !only.is_empty() {
            remarks.push(format!("only the {side} side has the cells {}", list(&only)));
        }
    }
    for cell in in_base.intersection(&in_new) {
        let [base_names, new_names] = sides.map(|(all, arm, _)| strategies(all, cell, arm));
        for (own, other, side) in [(&base_names, &new_names, "base"), (&new_names, &base_names, "new")] {
            let only: Vec<&str> = own.difference(other).copied().collect();
            if !only.is_empty() {
                remarks.push(format!("{cell}: only the {side} side has {}", only.join(", ")));
            }
        }
        for name in base_names.intersection(&new_names) {
            let pair = sides.map(|(all, arm, _)| all.get(cell, name, arm));
            if let [Some(base), Some(new)] = pair {
                remarks.extend(unlike(base, new).map(|what| format!("{cell}: {name} {what}")));
            }
        }
    }
    remarks
}

fn unlike(base: &Series, new: &Series) -> impl Iterator<Item = String> {
    let broken = [(base.broken, "base"), (new.broken, "new")].map(|(broken, side)| {
        (broken > 0)
            .then(|| format!("took no time in {broken} samples of the {side} side, so it stays unclear"))
    });
    let shared = [(base, new, "base"), (new, base, "new")].map(|(one, other, side)| {
        (one.shares && !other.shares).then(|| format!("shared extents on the {side} side only"))
    });
    broken.into_iter().chain(shared).flatten()
}

fn cells<'a>(all: &'a Measurements, arm: &str) -> BTreeSet<&'a str> {
    let has = |cell: &&str| !strategies(all, cell, arm).is_empty();
    all.series.keys().map(String::as_str).filter(has).collect()
}

fn strategies<'a>(all: &'a Measurements, cell: &str, arm: &str) -> BTreeSet<&'a str> {
    let arms = all.series.get(cell).into_iter().flatten();
    arms.filter(|(_, arms)| arms.contains_key(arm)).map(|(name, _)| name.as_str()).collect()
}

fn list(names: &[&str]) -> String {
    let shown = names.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::example::{Example, sample};

    #[test]
    fn what_only_one_side_has_is_named() {
        let base = Example::default().with(sample("c1", "a", 1, 0.0)).with(sample("c2", "a", 1, 0.0));
        let new = Example::default().with(sample("c1", "a", 1, 0.0)).with(sample("c1", "b", 1, 0.0));
        let found = remarks(&base.measurements(), &new.measurements(), ["this", "this"]);
        assert_eq!(found, ["only the base side has the cells c2", "c1: only the new side has b"]);
    }

    #[test]
    fn zero_times_and_shared_extents_are_named() {
        let mut zero = sample("c", "a", 1, 0.0);
        zero.copies.elapsed = vec![0];
        let mut shared = sample("c", "b", 1, 0.0);
        shared.copies.shared_bytes = Some(4096);
        let base = Example::default().with(zero).with(sample("c", "b", 1, 0.0));
        let new = Example::default().with(sample("c", "a", 1, 0.0)).with(shared);
        let found = remarks(&base.measurements(), &new.measurements(), ["this", "this"]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("a took no time in 1 samples of the base side"), "{found:?}");
        assert!(found[1].contains("b shared extents on the new side only"), "{found:?}");
    }

    #[test]
    fn arms_of_one_record_are_two_sides() {
        let mut old = sample("c", "a", 1, 0.0);
        old.arm = "old".to_owned();
        let both = Example::default().with(old).with(sample("c", "b", 1, 0.0)).measurements();
        let found = remarks(&both, &both, ["old", "this"]);
        assert_eq!(found, ["c: only the base side has a", "c: only the new side has b"]);
    }
}

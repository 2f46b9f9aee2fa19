use crate::analysis::Margin;
use crate::record::Part;
use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// `2%` or `0.02` as a fraction.
pub(super) fn fraction(text: &str) -> Result<f64, String> {
    let (number, scale) = text.strip_suffix('%').map_or((text, 1.0), |number| (number, 100.0));
    match number.trim().parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value / scale),
        _ => Err(format!("{text:?} is not a share; write 2% or 0.02")),
    }
}

/// `4KiB`, `16MiB`, `1GiB` or a plain number of bytes.
pub(super) fn size(text: &str) -> Result<u64, String> {
    crate::units::parse_size(text).ok_or_else(|| format!("{text:?} is not a size; write 4KiB, 16MiB or 1GiB"))
}

/// A share as a margin.
pub(super) fn margin(text: &str) -> Result<Margin, String> {
    Margin::from_fraction(fraction(text)?).ok_or_else(|| format!("{text:?} is no margin; write 2% or 0.02"))
}

/// The longest time that can be asked for.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// `60s`, `5m`, `1h 30m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<u64>().map(Duration::from_secs);
    let duration = seconds
        .or_else(|_| humantime::parse_duration(text))
        .map_err(|_| format!("{text:?} is not a duration; write 60s or 5m"))?;
    // What is added to the clock must not run over.
    if duration > LONGEST { Err(format!("{text:?} is longer than a year")) } else { Ok(duration) }
}

/// The part `hash:M/N` of a plan: a cell belongs to exactly one of the N parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Partition {
    part: u64,
    parts: u64,
}

/// What a cell costs beside its bytes: it gets a share of the budget whatever its size, which is as much as copies
/// of so large a file take.
const CELL: u64 = 512 << 20;

impl Partition {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let numbers = text.strip_prefix("hash:").and_then(|numbers| numbers.split_once('/'));
        let parsed = numbers.and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
        match parsed {
            Some((part, parts)) if part >= 1 && part <= parts => Ok(Self { part, parts }),
            _ => Err(format!("{text:?} is not a partition; write hash:1/4 to hash:4/4")),
        }
    }

    /// Which of the cells, each an id with its size, are in this part. The largest go first, each to the part
    /// that has the least to do by then; which goes first of those of one size is decided by the hash of their ids.
    pub(super) fn of(self, cells: &[(String, u64)]) -> BTreeSet<usize> {
        let mut order: Vec<usize> = (0..cells.len()).collect();
        order.sort_by_cached_key(|index| {
            let (id, size) = &cells[*index];
            (Reverse(*size), Sha256::digest(id.as_bytes()).to_vec())
        });
        let mut loads = BTreeMap::new();
        let is_in = |index: &usize| {
            // Parts that have nothing yet need no entry: there may be more of them than cells.
            let unused = (1..=self.parts).find(|part| !loads.contains_key(part));
            let least = loads.iter().min_by_key(|(_, load)| **load).map(|(part, _)| *part);
            let part = unused.or(least).unwrap_or(1);
            *loads.entry(part).or_insert(0) += CELL + cells[*index].1;
            part == self.part
        };
        order.into_iter().filter(is_in).collect()
    }

    /// As records keep it.
    pub(super) fn line(self) -> Part {
        Part { part: self.part, of: self.parts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_durations_are_read_as_people_write_them() {
        assert_eq!(fraction("2%"), Ok(0.02));
        assert_eq!(fraction("0.5"), Ok(0.5));
        assert!(fraction("-1%").is_err() && fraction("nan").is_err() && fraction("%").is_err());
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert!(duration("soon").is_err() && duration(&u64::MAX.to_string()).is_err());
    }

    #[test]
    fn every_cell_is_in_exactly_one_part() {
        let sizes = [1 << 20, 1 << 20, 32 << 20, 1 << 30, 64 << 10, 1 << 20, 32 << 20, 32 << 20, 64 << 10];
        let cells: Vec<_> = (0..).zip(sizes).map(|(number, size)| (format!("cell {number}"), size)).collect();
        for parts in [1, 3, 4, 20] {
            let each: Vec<_> = (1..=parts).map(|part| Partition { part, parts }.of(&cells)).collect();
            let mut all: Vec<usize> = each.iter().flatten().copied().collect();
            all.sort_unstable();
            assert_eq!(all, (0..cells.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn parts_have_as_much_to_do() {
        let counts = |sizes: &[u64]| {
            let cells: Vec<_> = (0..).zip(sizes).map(|(number, size)| (format!("{number}"), *size)).collect();
            let mut counts: Vec<_> =
                (1..=3).map(|part| Partition { part, parts: 3 }.of(&cells).len()).collect();
            counts.sort_unstable();
            counts
        };
        assert_eq!(counts(&[1 << 20; 9]), [3, 3, 3]);
        assert_eq!(counts(&[1 << 30, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20]), [1, 3, 3]);
        assert_eq!(counts(&[1 << 20]), [0, 0, 1]);
    }

    #[test]
    fn what_is_no_partition_is_refused() {
        for wrong in ["hash:0/4", "hash:5/4", "hash:1", "1/4", "hash:a/b"] {
            assert!(Partition::parse(wrong).is_err(), "{wrong}");
        }
    }
}

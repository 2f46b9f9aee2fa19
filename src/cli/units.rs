use crate::analysis::Margin;
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

/// The part `hash:M/N` of a plan: a cell belongs to exactly one of the N parts, whatever else is
/// planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Partition {
    part: u64,
    parts: u64,
}

impl Partition {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let numbers = text.strip_prefix("hash:").and_then(|numbers| numbers.split_once('/'));
        let parsed = numbers.and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
        match parsed {
            Some((part, parts)) if part >= 1 && part <= parts => Ok(Self { part, parts }),
            _ => Err(format!("{text:?} is not a partition; write hash:1/4 to hash:4/4")),
        }
    }

    /// Whether the cell of that id is in this part.
    pub(super) fn has(self, cell: &str) -> bool {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(cell.as_bytes());
        let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        number % self.parts == self.part - 1
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
        for cell in ["ext4|dense|1MiB|warm|new|none", "xfs|sparse|1GiB|cold|overwrite|fdatasync", ""] {
            let parts = (1..=5).filter(|part| Partition { part: *part, parts: 5 }.has(cell));
            assert_eq!(parts.count(), 1);
        }
        for wrong in ["hash:0/4", "hash:5/4", "hash:1", "1/4", "hash:a/b"] {
            assert!(Partition::parse(wrong).is_err(), "{wrong}");
        }
    }
}

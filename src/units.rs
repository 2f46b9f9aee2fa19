//! Sizes and times as people write them.

/// `4KiB`, `16MiB`, `1GiB` or a plain number of bytes, in bytes.
pub fn parse_size(text: &str) -> Option<u64> {
    const UNITS: [(&str, u32); 4] = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("B", 0)];
    let (number, shift) = UNITS
        .iter()
        .find_map(|(unit, shift)| text.strip_suffix(unit).map(|number| (number, *shift)))
        .unwrap_or((text, 0));
    let number: u64 = number.trim_end().parse().ok()?;
    number.checked_mul(1 << shift).filter(|size| *size <= i64::MAX as u64)
}

/// The size in the largest unit that divides it, as in cell ids: `1MiB`, `3073KiB`, `4097B`.
pub fn format_size(size: u64) -> String {
    for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        if size > 0 && size.trailing_zeros() >= shift {
            return format!("{}{unit}", size >> shift);
        }
    }
    format!("{size}B")
}

/// A time in nanoseconds, with three figures or so.
pub fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e6 => format!("{:.1} µs", ns / 1e3),
        ns if ns < 1e9 => format!("{:.2} ms", ns / 1e6),
        ns => format!("{:.2} s", ns / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_formatted_is_parsed_back() {
        for size in [0, 1, 511, 4096, 4097, 1 << 20, (3 << 20) + 1, 1 << 30, 5 << 30] {
            assert_eq!(parse_size(&format_size(size)), Some(size));
        }
        assert_eq!(format_size(1 << 20), "1MiB");
        assert_eq!(parse_size("4 KiB"), Some(4096));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "MiB", "1.5MiB", "-1", "1XiB", "99999999999GiB", "1mib"] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }
}

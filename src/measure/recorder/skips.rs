//! Skips as a reader wants them: once a reason, however many strategies and cells it concerns.

use crate::record::SkipLine;
use std::collections::BTreeSet;

/// Most names that a sentence lists.
const MOST_NAMES: usize = 4;

/// A sentence for each reason, in the order in which they came up. Reasons that differ in figures only are
/// one.
pub(crate) fn by_reason(skips: &[SkipLine]) -> Vec<String> {
    let mut groups: Vec<(String, Vec<&SkipLine>)> = Vec::new();
    for skip in skips {
        let reason = skip.refused.reason.trim_end();
        let key = without_figures(reason);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(skip),
            None => groups.push((key, vec![skip])),
        }
    }
    groups.iter().map(|(_, group)| sentence(group)).collect()
}

fn sentence(group: &[&SkipLine]) -> String {
    let cells: BTreeSet<&str> = group.iter().map(|skip| skip.cell.as_str()).collect();
    let cells = match cells.len() {
        1 => group[0].cell.clone(),
        cells => format!("{cells} cells"),
    };
    format!("skipped {} in {cells}: {}", names(group), group[0].refused.reason.trim_end())
}

fn names(group: &[&SkipLine]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for skip in group {
        if !names.contains(&skip.strategy.as_str()) {
            names.push(&skip.strategy);
        }
    }
    if names.contains(&"*") {
        return "every strategy".to_owned();
    }
    match names.len() {
        0..=MOST_NAMES => names.join(", "),
        more => format!("{more} strategies ({}, ..)", names[..MOST_NAMES - 1].join(", ")),
    }
}

fn without_figures(reason: &str) -> String {
    let mut key = String::new();
    for character in reason.chars() {
        let character = if character.is_ascii_digit() { '0' } else { character };
        if character != '0' || !key.ends_with('0') {
            key.push(character);
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Refused;

    fn skip(cell: &str, strategy: &str, reason: &str) -> SkipLine {
        Refused::because(&reason).line(cell.to_owned(), strategy)
    }

    #[test]
    fn a_reason_is_said_once() {
        let mut skips: Vec<SkipLine> = (0..97)
            .map(|number| skip("c", &format!("s{number}"), &format!("{number} bytes are free")))
            .collect();
        skips.push(skip("c", "ficlone", "EOPNOTSUPP"));
        skips.push(skip("d", "ficlone", "EOPNOTSUPP"));
        skips.push(skip("d", "*", "no space"));
        assert_eq!(
            by_reason(&skips),
            [
                "skipped 97 strategies (s0, s1, s2, ..) in c: 0 bytes are free",
                "skipped ficlone in 2 cells: EOPNOTSUPP",
                "skipped every strategy in d: no space",
            ]
        );
    }
}

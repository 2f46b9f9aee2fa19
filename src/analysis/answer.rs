//! The answer of a cell in one sentence.

use super::series::Measurements;
use super::summary::{Relative, Summary, relative, summarise};
use super::{Kind, Margin, Verdict};

/// Which strategy is fastest in a cell, by how much over the next and over the base strategy,
/// and how sure that is; none for a cell where nothing copied was measured.
///
/// Only strategies that copied all data compete; where extents were shared or holes kept, the
/// sentence says what the fastest of those takes.
#[must_use]
pub fn answer(all: &Measurements, cell: &str, arm: &str, base: &str, margin: Margin) -> Option<String> {
    answer_from(&summarise(all, cell, arm, base, margin), all, cell, arm, base, margin)
}

/// [`answer`] from summaries of the cell that are there already.
#[must_use]
pub fn answer_from(
    summaries: &[Summary],
    all: &Measurements,
    cell: &str,
    arm: &str,
    base: &str,
    margin: Margin,
) -> Option<String> {
    let of_kind = |kind: Kind| summaries.iter().filter(move |summary| summary.kind == kind);
    let mut copied = of_kind(Kind::Copied);
    let winner = copied.next()?;
    let mut parts = Vec::new();
    let runner_up = copied.next();
    let contenders = of_kind(Kind::Copied).count();
    let against = |other: &Summary| {
        let (other, best) = (all.get(cell, &other.strategy, arm)?, all.get(cell, &winner.strategy, arm)?);
        relative(other, best, contenders.saturating_sub(1), margin)
    };
    let lead = runner_up.and_then(against).map(|relative| relative.verdict);
    parts.push(match lead {
        None => format!("{} is the only strategy that copied", winner.strategy),
        Some(Verdict::Faster) => format!("{} is fastest", winner.strategy),
        Some(Verdict::Same) => format!("{} shares the first place", winner.strategy),
        Some(_) => format!("{} has the lowest median, but the lead is not sure", winner.strategy),
    });
    for other in [runner_up, summaries.iter().find(|summary| summary.strategy == base)].into_iter().flatten()
    {
        let named = parts.iter().any(|part| part.ends_with(&format!(" {}", other.strategy)));
        if other.strategy != winner.strategy && !named {
            parts.extend(against(other).map(|relative| clause(relative, &other.strategy)));
        }
    }
    for (kind, words) in [(Kind::Reflinked, "shares extents"), (Kind::Holes, "keeps holes")] {
        if let Some(other) = of_kind(kind).next() {
            let share = other.median / winner.median;
            parts.push(format!("{} {words} and takes {} of its time", other.strategy, percent(share)));
        }
    }
    Some(parts.join("; ") + ".")
}

/// `1.06 times (1.04 to 1.08) as fast as NAME`, the name last.
fn clause(relative: Relative, name: &str) -> String {
    let ratio = relative.ratio;
    match (relative.verdict, relative.interval) {
        (Verdict::Same, Some(interval)) => {
            format!("within the margin ({:.3} to {:.3}) of {name}", interval.low, interval.high)
        }
        (_, Some(interval)) => {
            format!("{ratio:.3} times ({:.3} to {:.3}) as fast as {name}", interval.low, interval.high)
        }
        (_, None) => format!("perhaps {ratio:.2} times (too few rounds to tell) as fast as {name}"),
    }
}

fn percent(share: f64) -> String {
    if share < 0.01 { format!("{:.2} %", 100.0 * share) } else { format!("{:.0} %", 100.0 * share) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::example::{Example, Noise};

    fn say(strategies: &[(&str, f64)], rounds: u32) -> String {
        let noise = Noise { round: 0.1, sample: 0.005, process: 0.0 };
        let mut run = Example::default().measured(("c", "this"), strategies, (1, rounds), noise, 3).run();
        for line in run.samples.iter_mut().filter(|line| line.strategy == "ficlone") {
            line.copies.shared_bytes = Some(line.copies.bytes);
        }
        answer(&Measurements::from_runs(&[run]), "c", "this", "base", Margin::default()).unwrap()
    }

    #[test]
    fn a_sure_winner_is_called_fastest() {
        let said = say(&[("base", 0.0), ("fast", -0.2), ("middle", -0.1), ("ficlone", -3.0)], 48);
        assert!(said.starts_with("fast is fastest; 1.1"), "{said}");
        assert!(said.contains("as fast as middle; 1.2") && said.contains("as fast as base"), "{said}");
        assert!(said.ends_with("ficlone shares extents and takes 6 % of its time."), "{said}");
    }

    #[test]
    fn a_tie_and_too_few_rounds_are_said() {
        assert!(
            say(&[("base", 0.0), ("b", 0.0)], 96).contains(" shares the first place; within the margin (")
        );
        let few = say(&[("base", 0.0), ("b", -0.1)], 4);
        assert!(few.starts_with("b has the lowest median, but the lead is not sure; perhaps 1.1"), "{few}");
        assert_eq!(say(&[("base", 0.0)], 12), "base is the only strategy that copied.");
    }

    #[test]
    fn no_samples_no_answer() {
        assert_eq!(answer(&Measurements::default(), "c", "this", "base", Margin::default()), None);
    }
}

//! Levels of repetition: copies within rounds, rounds within processes, processes within boots.
//!
//! Kalibera and Jones, "Rigorous benchmarking in reasonable time" (ISMM 2013): noise that comes
//! anew with every process is not averaged away by more rounds in one.

use super::pairing::ProcessEstimate;

/// Variance that each level adds, from the lowest up: T1² = S1² and Ti² = Si² - S(i-1)² / r(i-1),
/// where `spreads` are the Si², variances of the means at level i, and `repetitions` the ri.
/// Zero where the level below explains more than what is seen. (The first print of the paper
/// subtracts T(i-1)² / r(i-1); the authors' own code does not.)
#[must_use]
pub fn variance_components(spreads: &[f64], repetitions: &[f64]) -> Vec<f64> {
    let explained = spreads.iter().zip(repetitions).map(|(spread, count)| spread / count);
    spreads
        .iter()
        .zip(std::iter::once(0.0).chain(explained))
        .map(|(spread, below)| (spread - below).max(0.0))
        .collect()
}

/// How often to repeat each level but the highest for the least error per cost:
/// ri = ceil sqrt(c(i+1) / ci × Ti² / T(i+1)²). `costs` are per repetition (seconds of a round,
/// of starting a process, of booting). None where a higher level adds no variance: then more
/// repetitions below never cost accuracy.
#[must_use]
pub fn best_repetitions(costs: &[f64], components: &[f64]) -> Vec<Option<u64>> {
    costs
        .windows(2)
        .zip(components.windows(2))
        .map(|(cost, component)| {
            let best = (cost[1] / cost[0] * component[0] / component[1]).sqrt().ceil();
            (best.is_finite() && best >= 0.0).then_some(best.max(1.0) as u64)
        })
        .collect()
}

/// Mean of the processes' medians; none without processes.
#[must_use]
pub fn mean(processes: &[ProcessEstimate]) -> Option<f64> {
    (!processes.is_empty())
        .then(|| processes.iter().map(|process| process.median).sum::<f64>() / processes.len() as f64)
}

/// Sum of squares of the processes' medians around their mean.
#[must_use]
pub fn squares(processes: &[ProcessEstimate]) -> f64 {
    let centre = mean(processes).unwrap_or(0.0);
    processes.iter().map(|process| (process.median - centre).powi(2)).sum()
}

/// Mean variance of a process's median that its own rounds explain; zero without processes.
#[must_use]
pub fn explained(processes: &[ProcessEstimate]) -> f64 {
    processes.iter().map(|process| process.error.powi(2)).sum::<f64>() / processes.len().max(1) as f64
}

/// Standard deviation that processes add to what their rounds explain; none for fewer than two.
#[must_use]
pub fn process_spread(processes: &[ProcessEstimate]) -> Option<f64> {
    let freedom = processes.len().checked_sub(1).filter(|freedom| *freedom > 0)?;
    let seen = squares(processes) / freedom as f64;
    variance_components(&[explained(processes), seen], &[1.0]).last().map(|component| component.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(median: f64, error: f64) -> ProcessEstimate {
        ProcessEstimate { process: 0, median, error, count: 20 }
    }

    #[test]
    fn components_subtract_what_the_level_below_explains() {
        assert_eq!(variance_components(&[8.0, 5.0, 3.0], &[4.0, 10.0]), [8.0, 3.0, 2.5]);
        assert_eq!(variance_components(&[8.0, 1.0], &[4.0]), [8.0, 0.0]);
    }

    #[test]
    fn costly_levels_are_repeated_less() {
        assert_eq!(best_repetitions(&[1.0, 16.0], &[9.0, 4.0]), [Some(6)]);
        assert_eq!(best_repetitions(&[1.0, 16.0], &[9.0, 0.0]), [None]);
    }

    #[test]
    fn spread_between_processes() {
        let wide = [process(1.0, 0.0), process(3.0, 0.0), process(5.0, 0.0)];
        assert_eq!(process_spread(&wide), Some(2.0));
        assert_eq!(process_spread(&[process(1.0, 9.0), process(1.5, 9.0)]), Some(0.0));
        assert_eq!(process_spread(&wide[..1]), None);
    }
}

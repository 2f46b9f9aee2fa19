use super::claim::Claim;
use super::estimate::Estimate;
use super::test::ClaimVerdict;
use serde::{Deserialize, Serialize};

/// What one claim came to on one file system: a line of `claims --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimLine {
    /// Id of the claim.
    pub id: String,
    /// Type of the file system.
    pub fs: String,
    /// Author, title, year and link.
    pub source: String,
    /// What the claim says.
    #[serde(default)]
    pub statement: String,
    /// What it came to.
    pub verdict: ClaimVerdict,
    /// The figure: a ratio, or a level.
    pub ratio: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Lowest figure for which the claim holds.
    pub at_least: Option<f64>,
    /// Highest figure for which the claim holds.
    pub at_most: Option<f64>,
    /// Why it is not applicable, or nothing can be told.
    pub reason: Option<String>,
    pub figure: Option<String>,
    pub cell: Option<String>,
    /// Rounds behind a time.
    pub rounds: Option<usize>,
    /// Clock of the times.
    pub clock: crate::record::Clock,
    /// Label of the host.
    pub host: String,
    /// Kernel release; of a claim about a change, the one that has it.
    pub kernel: String,
}

impl ClaimLine {
    /// A line without an outcome yet.
    pub(super) fn new(claim: &Claim, fs: &str, clock: crate::record::Clock) -> Self {
        let finite = |bound: f64| bound.is_finite().then(|| round(bound));
        Self {
            id: claim.id.to_owned(),
            fs: fs.to_owned(),
            source: claim.source.line(),
            statement: claim.statement.to_owned(),
            verdict: ClaimVerdict::Unclear,
            ratio: None,
            low: None,
            high: None,
            at_least: claim.test().and_then(|test| finite(test.region().0)),
            at_most: claim.test().and_then(|test| finite(test.region().1)),
            reason: None,
            figure: claim.figure(),
            cell: claim.conditions().map(|conditions| conditions.id(fs)),
            rounds: None,
            clock,
            host: crate::host::label(),
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
        }
    }

    /// Not applicable, and why.
    pub(super) fn not_applicable(self, reason: impl Into<String>) -> Self {
        Self { verdict: ClaimVerdict::NotApplicable, reason: Some(reason.into()), ..self }
    }

    /// Nothing can be told, and why.
    pub(super) fn unclear(self, reason: impl Into<String>) -> Self {
        Self { verdict: ClaimVerdict::Unclear, reason: Some(reason.into()), ..self }
    }

    /// With a figure.
    pub(super) fn with(self, estimate: &Estimate, verdict: ClaimVerdict) -> Self {
        Self {
            verdict,
            ratio: Some(round(estimate.value)),
            low: estimate.interval.map(|interval| round(interval.low)),
            high: estimate.interval.map(|interval| round(interval.high)),
            ..self
        }
    }
}

/// To four digits: more would be noise.
fn round(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powi(3 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

#[cfg(test)]
mod tests {
    use super::round;

    #[test]
    fn figures_keep_four_digits() {
        assert_eq!(
            [round(1.234_56), round(0.001_234_56), round(123_456.0), round(0.0)],
            [1.235, 0.001_235, 123_500.0, 0.0]
        );
    }
}

//! Student's t distribution.

use super::binomial::beta_quantile;
use statrs::function::beta::beta_reg;

/// Probability that |t| with `degrees_of_freedom` degrees of freedom is at least |`value`|; 1 where
/// either is not a number.
#[must_use]
pub fn two_sided(value: f64, degrees_of_freedom: f64) -> f64 {
    if value.is_nan() || degrees_of_freedom.is_nan() || degrees_of_freedom <= 0.0 {
        return 1.0;
    }
    beta_reg(
        degrees_of_freedom / 2.0,
        0.5,
        (degrees_of_freedom / (degrees_of_freedom + value * value)).clamp(0.0, 1.0),
    )
}

/// The size that |t| with `degrees_of_freedom` degrees of freedom exceeds with probability `alpha`;
/// infinite where there is none.
#[must_use]
pub fn critical(alpha: f64, degrees_of_freedom: f64) -> f64 {
    if !(alpha > 0.0 && alpha < 1.0 && degrees_of_freedom > 0.0) {
        return f64::INFINITY;
    }
    let share = beta_quantile(degrees_of_freedom / 2.0, 0.5, alpha);
    (degrees_of_freedom * (1.0 - share) / share).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_values_match_the_tables() {
        let table = [
            (0.05, 1.0, 12.7062),
            (0.05, 2.0, 4.3027),
            (0.05, 4.0, 2.7764),
            (0.05, 10.0, 2.2281),
            (0.05, 120.0, 1.9799),
            (0.01, 3.0, 5.8409),
            (0.001, 1.0, 636.6192),
            (0.001, 8.0, 5.0413),
        ];
        for (alpha, degrees_of_freedom, expected) in table {
            let found = critical(alpha, degrees_of_freedom);
            assert!((found - expected).abs() < 1e-4, "t({alpha}, {degrees_of_freedom}) = {found}");
            assert!((two_sided(found, degrees_of_freedom) - alpha).abs() < 1e-9);
        }
    }

    #[test]
    fn no_freedom_no_statement() {
        assert_eq!(critical(0.05, 0.0), f64::INFINITY);
        assert_eq!(critical(f64::NAN, 5.0), f64::INFINITY);
        assert_eq!(two_sided(f64::NAN, 5.0), 1.0);
        assert_eq!(two_sided(3.0, 0.0), 1.0);
        assert!(critical(1e-30, 2.0) > 1e14);
    }
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Standard deviation; none of a single value.
pub(super) fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (values.len() as f64 - 1.0)).sqrt())
}

/// Median of the distances from the median, times 1.4826, which makes it the standard deviation of a bell curve.
pub(super) fn median_distance(values: &[f64]) -> Option<f64> {
    let median = crate::analysis::median(values)?;
    let distances: Vec<f64> = values.iter().map(|value| (value - median).abs()).collect();
    Some(crate::analysis::median(&distances)? * 1.4826)
}

/// The value below which a share of sorted values lies, between two of them where none does exactly.
pub(super) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(low + (high - low) * place.fract())
}

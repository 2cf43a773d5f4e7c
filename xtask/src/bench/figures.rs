//! Medians and percentiles.

use std::time::Duration;

/// The middle one; not a number when there is none.
pub(super) fn median(values: Vec<f64>) -> f64 {
    percentile(values, 50)
}

/// The value that this many per cent do not exceed.
pub(super) fn percentile(mut values: Vec<f64>, per_cent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() * per_cent).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or(f64::NAN)
}

/// Milliseconds.
pub(super) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occur() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(values.clone(), 50), 50.0);
        assert_eq!(percentile(values.clone(), 99), 99.0);
        assert_eq!(percentile(values, 100), 100.0);
        assert_eq!(median(vec![3.0, 1.0]), 1.0);
        assert!(median(Vec::new()).is_nan());
    }
}

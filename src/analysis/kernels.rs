//! Kernels against each other.

/// A key by which releases sort from old to new: `6.9` before `6.12`.
#[must_use]
pub fn age(release: &str) -> Vec<u64> {
    let version = release.split(['-', '+', '~']).next().unwrap_or_default();
    version.split('.').map(|number| number.parse().unwrap_or(0)).collect()
}

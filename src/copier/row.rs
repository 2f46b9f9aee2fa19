/// Strategies that are faster than simpler ones for files of a size and more on a file system, the fastest
/// first.
pub(super) struct Row {
    pub(super) file_system: &'static str,
    /// Up to the next row's.
    pub(super) size: u64,
    pub(super) order: &'static [&'static str],
}

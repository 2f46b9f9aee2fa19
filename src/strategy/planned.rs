use super::advance::Span;
use super::error::{Cause, During};
use std::fs::File;

/// Bytes of the span that the source has by its size: a plan, as only a read tells where it ends.
pub(super) fn planned(source: &File, span: Span) -> Result<u64, Cause> {
    let size = rustix::fs::fstat(source).during("fstat")?.st_size.unsigned_abs();
    Ok(size.saturating_sub(span.source).min(span.length.unwrap_or(u64::MAX)))
}

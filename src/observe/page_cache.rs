use super::{Copied, Counts, Observation, Observer, Refusal, Schedule};
use crate::sys::cachestat::{Untold, residency};
use crate::sys::page_size;

pub(super) static OBSERVER: Observer = Observer {
    name: "page-cache",
    summary: "What the page cache holds of both files after the copy, from cachestat(2) or mincore(2)",
    counters: &["source_cached_bytes", "target_cached_bytes", "target_dirty_bytes", "target_writeback_bytes"],
    schedule: Schedule::Apart,
    prepare: || Ok(Box::new(PageCache)),
};

struct PageCache;

impl Observation for PageCache {
    fn counts(&mut self, copied: &Copied<'_>) -> Result<Counts, Refusal> {
        let refused = |untold: Untold| Refusal {
            reason: untold.to_string(),
            hint: "use files of your own on a file system of this machine, and allow cachestat or mincore"
                .to_owned(),
        };
        let source = residency(copied.source, copied.bytes).map_err(refused)?;
        let target = residency(copied.target, copied.bytes).map_err(refused)?;
        let bytes = |pages: u64| (pages * page_size() as u64).min(copied.bytes);
        let mut counts = vec![
            ("source_cached_bytes", bytes(source.cached)),
            ("target_cached_bytes", bytes(target.cached)),
        ];
        counts.extend(target.dirty.map(|pages| ("target_dirty_bytes", bytes(pages))));
        counts.extend(target.writeback.map(|pages| ("target_writeback_bytes", bytes(pages))));
        Ok(counts)
    }
}

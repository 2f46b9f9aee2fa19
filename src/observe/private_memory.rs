use super::{Copied, Counts, Observation, Observer, Refusal, Schedule};
use crate::sys::private_memory::{Sampler, give_back_unused};
use crate::sys::rusage::{Who, usage};
use std::io;
use std::time::Duration;

/// Buffers may live for microseconds.
const INTERVAL: Duration = Duration::from_micros(5);
/// On one processor each look stops the copy; as often as above, it would hardly go on.
const INTERVAL_ALONE: Duration = Duration::from_millis(1);
/// Where the time between two looks was more than this share of the whole, the peak may have been
/// missed, so there is no figure. Short copies on a busy machine are like that.
const LONGEST_GAP: u32 = 4;

/// Before Linux 6.2 a thread tells of its memory after 64 faults (`SPLIT_RSS_COUNTING`), so there a
/// peak of less than 256 KiB may be seen as 0.
pub(super) static OBSERVER: Observer = Observer {
    name: "private-memory",
    summary: "Most memory that the copy took beside the page cache, looked at again and again",
    counters: &["peak_private_bytes"],
    schedule: Schedule::Apart,
    prepare: || {
        give_back_unused();
        let sampler = Sampler::new(interval()).map_err(|error| refused(&error))?;
        Ok(Box::new(Memory { sampler: Some(sampler), children: children() }))
    },
};

struct Memory {
    sampler: Option<Sampler>,
    /// Faults of children that had been waited for.
    children: u64,
}

impl Observation for Memory {
    fn begin(&mut self) {
        if let Some(sampler) = &self.sampler {
            sampler.begin();
        }
    }

    fn end(&mut self) {
        if let Some(sampler) = &mut self.sampler {
            sampler.end();
        }
    }

    fn counts(&mut self, _: &Copied<'_>) -> Result<Counts, Refusal> {
        // Where another process copied, this one's memory says nothing of it.
        let own = children() == self.children;
        let Some(sampler) = self.sampler.take() else { return Ok(Counts::new()) };
        let peak = sampler.finish().map_err(|error| refused(&error))?;
        let seen = own && peak.gap * LONGEST_GAP <= peak.duration;
        Ok(seen.then_some(("peak_private_bytes", peak.bytes)).into_iter().collect())
    }
}

fn interval() -> Duration {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    if processors == 1 { INTERVAL_ALONE } else { INTERVAL }
}

fn children() -> u64 {
    usage(Who::Children).minor_faults
}

fn refused(error: &io::Error) -> Refusal {
    let hint = "mount /proc, and allow this program one more thread".to_owned();
    Refusal { reason: format!("looking at /proc/self/statm from a thread: {error}"), hint }
}

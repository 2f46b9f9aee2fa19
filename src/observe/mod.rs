//! What is counted beside time: one registry of observers, one file a family.
//!
//! An observer yields named counters or a [`Refusal`] with reason and hint. What a counter holds
//! is what the kernel says of one copy; nothing is estimated.

mod extents;
mod observer;
mod page_cache;
mod private_memory;
mod system_calls;
mod usage;
mod watch;

pub use observer::{Copied, Counts, Observer, Refusal, Schedule};
pub use system_calls::call_of;
pub use watch::{Watch, Watched, refused};

use observer::Observation;

/// Every observer. The first is made ready first, begins last and ends first: so its thread is not
/// counted by those behind it, and their system calls do not stretch what it looks at.
pub static OBSERVERS: &[&Observer] = &[
    &private_memory::OBSERVER,
    &extents::OBSERVER,
    &page_cache::OBSERVER,
    &usage::OBSERVER,
    &system_calls::OBSERVER,
];

#[cfg(test)]
mod tests;

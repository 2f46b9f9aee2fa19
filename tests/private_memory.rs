//! What counts as private memory. One test, in a process of its own: others would be counted too.

#![allow(clippy::unwrap_used, reason = "tests")]

use copybench::observe::{Copied, OBSERVERS, Watch};
use copybench::sys::aligned::Buffer;
use copybench::sys::mapping::{Access, Flags, Mapping, Sharing};
use copybench::sys::private_memory::Sampler;
use copybench::sys::store::Kind;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

const SIZE: usize = 32 << 20;
/// Stacks, the allocator, and the kernel's own inexactness.
const SLACK: u64 = 2 << 20;

#[test]
fn private_memory_is_told_by_kind_and_for_a_copy() {
    kinds();
    buffers_that_the_allocator_had_before();
    copies_by_another_process();
}

/// Buffers and private pages, but not the page cache.
fn kinds() {
    let sampled = |work: &dyn Fn()| {
        let sampler = Sampler::new(Duration::from_millis(1)).unwrap();
        sampler.begin();
        work();
        sampler.finish().unwrap().bytes
    };
    let lasting = || sleep(Duration::from_millis(20));
    let file = tempfile::tempfile_in("/var/tmp").unwrap();
    file.set_len(SIZE as u64).unwrap();
    let map =
        |sharing, access| Mapping::new(&file, 0, SIZE, Flags { sharing, access, populate: true }).unwrap();
    let cached = sampled(&|| {
        let _mapping = map(Sharing::Shared, Access::Read);
        lasting();
    });
    assert!(cached < SLACK, "{cached}");

    let source = map(Sharing::Shared, Access::Read);
    let copied = sampled(&|| {
        let mut mapping = map(Sharing::Private, Access::ReadWrite);
        source.copy_to_with(&mut mapping, SIZE, Kind::Memcpy.routine().unwrap()).unwrap();
        lasting();
    });
    assert!(copied.abs_diff(SIZE as u64) < SLACK, "{copied}");
    drop(source);

    let buffer = sampled(&|| {
        let _buffer = touched();
        lasting();
    });
    assert!(buffer.abs_diff(SIZE as u64) < SLACK, "{buffer}");
}

/// What the observer tells of `copy`.
fn observed(copy: impl FnOnce()) -> Option<u64> {
    let observer = OBSERVERS.iter().copied().find(|observer| observer.name == "private-memory").unwrap();
    let file = tempfile::tempfile_in("/var/tmp").unwrap();
    let mut watch = Watch::prepare([observer]);
    watch.begin();
    copy();
    watch.end();
    let watched = watch.counts(&Copied { source: &file, target: &file, bytes: 0 });
    assert!(watched.refused.is_empty(), "{watched:?}");
    watched.counts.first().map(|(_, bytes)| *bytes)
}

fn buffers_that_the_allocator_had_before() {
    let fill = || assert_eq!(std::hint::black_box(vec![1_u8; SIZE])[SIZE / 2], 1);
    fill();
    let peak = observed(|| (0..20).for_each(|_| fill())).unwrap();
    assert!(peak.abs_diff(SIZE as u64) < SLACK, "{peak}");
}

fn copies_by_another_process() {
    let peak = observed(|| assert!(Command::new("true").status().unwrap().success()));
    assert_eq!(peak, None);
}

/// Memory that is there, not only promised.
fn touched() -> Buffer {
    let mut buffer = Buffer::new(SIZE).unwrap();
    buffer.fill(1);
    buffer
}

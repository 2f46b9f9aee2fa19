//! What counts as private memory. One test, in a process of its own: others would be counted too.

use copybench::sys::aligned::Buffer;
use copybench::sys::mapping::{Access, Flags, Mapping, Sharing};
use copybench::sys::private_memory::{Sampler, peak_resident_bytes, private_bytes, reset_peak};
use copybench::sys::store::Kind;
use std::thread::sleep;
use std::time::Duration;

const SIZE: usize = 32 << 20;
/// Stacks, the allocator, and the kernel's own inexactness.
const SLACK: u64 = 2 << 20;

#[test]
fn private_memory_is_buffers_and_private_pages_but_not_the_page_cache() {
    let sampled = |work: &dyn Fn()| {
        let sampler = Sampler::start(Duration::from_millis(1)).unwrap();
        work();
        sampler.finish().unwrap()
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
        let mapping = map(Sharing::Private, Access::ReadWrite);
        source.copy_to_with(&mapping, SIZE, Kind::Memcpy.routine().unwrap());
        lasting();
    });
    assert!(copied.abs_diff(SIZE as u64) < SLACK, "{copied}");
    drop(source);

    let buffer = sampled(&|| {
        let _buffer = Buffer::new(SIZE).unwrap();
        lasting();
    });
    assert!(buffer.abs_diff(SIZE as u64) < SLACK, "{buffer}");

    reset_peak().unwrap();
    let before = peak_resident_bytes().unwrap();
    assert!(private_bytes().unwrap() < before);
    drop(Buffer::new(SIZE).unwrap());
    let grown = peak_resident_bytes().unwrap() - before;
    assert!(grown.abs_diff(SIZE as u64) < SLACK, "{grown}");
}

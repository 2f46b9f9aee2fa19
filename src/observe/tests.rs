use super::*;
use crate::sys::page_size;
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt;

fn observer(name: &str) -> &'static Observer {
    OBSERVERS.iter().copied().find(|observer| observer.name == name).unwrap()
}

/// What `observer` tells of `copy` between two files of `bytes` bytes.
fn watch(name: &str, bytes: u64, copy: impl FnOnce(&File, &File)) -> Watched {
    let file = || tempfile::tempfile_in(crate::sys::test_directory()).unwrap();
    let (source, target) = (file(), file());
    source.write_all_at(&vec![7; bytes as usize], 0).unwrap();
    let mut watch = Watch::prepare([observer(name)]);
    watch.begin();
    copy(&source, &target);
    watch.end();
    watch.counts(&Copied { source: &source, target: &target, bytes })
}

fn count(watched: &Watched, key: &str) -> Option<u64> {
    watched.counts.iter().find(|(name, _)| *name == key).map(|(_, count)| *count)
}

#[test]
fn keys_are_unique() {
    let counters = || OBSERVERS.iter().flat_map(|observer| observer.counters);
    assert_eq!(counters().collect::<BTreeSet<_>>().len(), counters().count());
}

#[test]
fn observers_tell_only_what_the_registry_says() {
    let scratch = tempfile::tempfile_in(crate::sys::test_directory()).unwrap();
    for observer in OBSERVERS {
        let watched = watch(observer.name, 1 << 20, |_, _| {});
        for (key, _) in watched.counts {
            assert!(observer.counters.contains(&key), "{}: {key}", observer.name);
        }
    }
    for (observer, refusal) in refused(&scratch) {
        assert!(!refusal.reason.is_empty() && !refusal.hint.is_empty(), "{}", observer.name);
    }
}

#[test]
fn calls_are_counted_by_name_and_the_rest_together() {
    let watched = watch("system-calls", 10, |source, target| {
        let mut bytes = [0; 5];
        for at in [0, 5] {
            source.read_exact_at(&mut bytes, at).unwrap();
            target.write_all_at(&bytes, at).unwrap();
        }
        let _ = rustix::process::getppid();
    });
    if let Some((_, refusal)) = watched.refused.first() {
        assert!(!rustix::process::geteuid().is_root(), "{refusal}");
        return;
    }
    assert_eq!(count(&watched, "calls.pread64"), Some(2));
    assert_eq!(count(&watched, "calls.pwrite64"), Some(2));
    assert_eq!(count(&watched, "calls.other"), Some(1));
    assert_eq!(count(&watched, "calls.total"), Some(5));
    assert_eq!(watched.counts.len(), 4, "{watched:?}");
}

#[test]
fn the_page_cache_is_told_for_each_file() {
    let size = 64 * page_size() as u64;
    let watched = watch("page-cache", size, |_, target| {
        target.write_all_at(&vec![1; size as usize / 4], 0).unwrap();
        target.set_len(size).unwrap();
    });
    assert_eq!(count(&watched, "source_cached_bytes"), Some(size));
    assert_eq!(count(&watched, "target_cached_bytes"), Some(size / 4));
}

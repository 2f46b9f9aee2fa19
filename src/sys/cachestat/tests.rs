use super::*;
use rustix::fs::fdatasync;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// What overlayfs makes of cachestat.
const NEVER: Call = Call { name: "never", ask: |_, _, _| Ok(Residency::default()) };
/// What mincore says of another's file.
const ALWAYS: Call = Call {
    name: "always",
    ask: |_, _, length| {
        Ok(Residency { cached: length / crate::sys::page_size() as u64, ..Residency::default() })
    },
};
const REFUSED: Call = Call { name: "refused", ask: |_, _, _| Err(Errno::PERM) };
const TRUE: Call = Call { name: "true", ask: mincore };

const LENGTH: u64 = 1 << 20;

fn cached_file() -> File {
    let file = tempfile::tempfile_in(crate::sys::test_directory()).unwrap();
    file.write_all_at(&[7; LENGTH as usize], 0).unwrap();
    fdatasync(&file).unwrap();
    file
}

fn pages() -> u64 {
    LENGTH / crate::sys::page_size() as u64
}

#[test]
fn a_call_that_lies_or_refuses_is_passed_over() {
    let file = cached_file();
    for liar in [NEVER, ALWAYS, REFUSED] {
        let witness = find(&[liar, TRUE], file.as_fd()).unwrap();
        assert_eq!(witness.name(), "true", "not {}", liar.name);
        assert_eq!(among(&[liar, TRUE], file.as_fd(), LENGTH).unwrap().cached, pages(), "{}", liar.name);
    }
}

#[test]
fn where_all_lie_nothing_is_told_and_what_is_against_each_is_said() {
    let file = cached_file();
    let doubts = vec![
        ("never", Doubt::NeverCached),
        ("always", Doubt::AlwaysCached),
        ("refused", Doubt::Refused(Errno::PERM)),
    ];
    let untold = find(&[NEVER, ALWAYS, REFUSED], file.as_fd()).unwrap_err();
    assert_eq!(untold, Untold(doubts));
    let text = untold.to_string();
    for part in ["never calls a page not cached", "always calls even", "refused says EPERM"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(among(&[NEVER, ALWAYS, REFUSED], file.as_fd(), LENGTH).is_err());
}

#[test]
fn a_file_that_is_not_cached_is_not_by_any_call_that_tells_the_truth() {
    let file = cached_file();
    let witness = Witness::of(&file).unwrap();
    fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    if witness.residency(&file, LENGTH).unwrap().cached > 0 {
        // tmpfs keeps what it holds.
        return;
    }
    for call in CALLS {
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
        match among(&[call], file.as_fd(), LENGTH) {
            Ok(told) => assert_eq!(told.cached, 0, "{}", call.name),
            Err(untold) => assert!(!untold.0.is_empty()),
        }
    }
    assert!(among(&[NEVER], file.as_fd(), LENGTH).is_err(), "0 is not believed of who says nothing else");
}

#[test]
fn finding_a_witness_reads_little() {
    let file = cached_file();
    fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    let witness = Witness::of(&file).unwrap();
    let cached = witness.residency(&file, LENGTH).unwrap().cached;
    assert!(cached >= 1);
    // A folio at most; not the 32 pages and more of reading ahead.
    assert!(cached == pages() || cached <= 16, "{cached} pages");
}

use super::*;
use crate::sys::store::Kind;
use std::fs::File;
use std::io::{Seek, Write};
use std::os::unix::fs::FileExt;

const READ: Flags = Flags { sharing: Sharing::Shared, access: Access::Read, populate: false };
const WRITE: Flags = Flags { access: Access::ReadWrite, ..READ };
const WINDOW: usize = 64 << 10;

fn sample(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index / 7) as u8).collect()
}

fn files(bytes: &[u8]) -> (File, File) {
    let directory = crate::sys::test_directory();
    let mut source = tempfile::tempfile_in(&directory).unwrap();
    source.write_all(bytes).unwrap();
    let target = tempfile::tempfile_in(&directory).unwrap();
    target.set_len(bytes.len() as u64).unwrap();
    (source, target)
}

#[track_caller]
fn assert_holds(file: &File, bytes: &[u8]) {
    let mut found = vec![0; bytes.len()];
    file.read_exact_at(&mut found, 0).unwrap();
    assert!(found == bytes, "the target's bytes differ");
}

#[test]
fn every_kind_of_store_copies_between_mappings_at_any_offset() {
    let bytes = sample(100_003);
    for routine in Kind::ALL.into_iter().filter_map(Kind::routine) {
        let (source, target) = files(&bytes);
        for (offset, length) in [(0, 4096), (4096, 5000), (9096, 90_907)] {
            let from = Mapping::new(&source, offset, length, READ).unwrap();
            let mut to = Mapping::new(&target, offset, length, WRITE).unwrap();
            from.copy_to_with(&mut to, usize::MAX, routine).unwrap();
        }
        assert_holds(&target, &bytes);
    }
}

#[test]
fn a_window_slides_over_both_files_at_one_address() {
    let bytes = sample(5 * WINDOW + 3);
    let (source, target) = files(&bytes);
    let mut from = Mapping::new(&source, 0, WINDOW, READ).unwrap();
    let mut to = Mapping::new(&target, 0, WINDOW, WRITE).unwrap();
    let base = from.base;
    from.copy_to(&mut to, WINDOW).unwrap();
    for offset in (WINDOW..bytes.len()).step_by(WINDOW) {
        let length = WINDOW.min(bytes.len() - offset);
        from.slide(&source, offset as u64, length).unwrap();
        to.slide(&target, offset as u64, length).unwrap();
        assert_eq!((from.base, from.len()), (base, length));
        from.copy_to(&mut to, length).unwrap();
    }
    assert_holds(&target, &bytes);
    assert_eq!(from.slide(&source, 0, WINDOW), Err(Errno::NOMEM));
    assert_eq!(from.len(), 3);
}

#[test]
fn a_window_that_cannot_be_mapped_leaves_an_empty_mapping() {
    let (source, _) = files(&sample(WINDOW));
    let mut mapping = Mapping::new(&source, 0, WINDOW, READ).unwrap();
    let (pipe, _write) = rustix::pipe::pipe().unwrap();
    assert!(mapping.slide(&pipe, 0, 1).is_err());
    assert!(mapping.is_empty());
    assert_eq!(mapping.slide(&source, 0, 1), Err(Errno::NOMEM));
}

#[test]
fn a_mapping_grows_over_both_files() {
    let bytes = sample(1_000_003);
    let (source, target) = files(&bytes);
    let mut from = Mapping::new(&source, 0, 4096, READ).unwrap();
    let mut to = Mapping::new(&target, 0, 4096, WRITE).unwrap();
    let routine = Kind::Memcpy.routine().unwrap();
    let mut done = 0;
    loop {
        from.copy_range_with(done..from.len(), &mut to, routine).unwrap();
        done = from.len();
        if done == bytes.len() {
            break;
        }
        let length = bytes.len().min(done + 100_000);
        from.resize(length).unwrap();
        to.resize(length).unwrap();
    }
    assert_holds(&target, &bytes);
    assert_eq!(from.resize(0), Err(Errno::INVAL));
}

#[test]
fn a_fault_is_noted_in_the_window_where_it_happens() {
    let (source, target) = files(&sample(4 * WINDOW));
    let mut from = Mapping::new(&source, 0, WINDOW, READ).unwrap();
    let mut to = Mapping::new(&target, 0, WINDOW, WRITE).unwrap();
    from.slide(&source, WINDOW as u64, WINDOW).unwrap();
    to.slide(&target, WINDOW as u64, WINDOW).unwrap();
    source.set_len(WINDOW as u64 * 3 / 2).unwrap();
    from.copy_to(&mut to, WINDOW).unwrap();
    assert_eq!((from.fault(), to.fault()), (Some(WINDOW / 2), None));
    assert_eq!(from.resize(2 * WINDOW), Err(Errno::FAULT));

    from.slide(&source, 0, WINDOW).unwrap();
    assert_eq!(from.fault(), None);
    from.resize(2 * WINDOW).unwrap();
    to.resize(2 * WINDOW).unwrap();
    from.copy_range_with(WINDOW..2 * WINDOW, &mut to, Kind::Memcpy.routine().unwrap()).unwrap();
    assert_eq!((from.fault(), to.fault()), (Some(WINDOW * 3 / 2), None));
}

#[test]
fn what_is_mapped_for_reading_is_not_stored_to() {
    let (source, target) = files(&sample(100));
    let from = Mapping::new(&source, 0, 100, READ).unwrap();
    let mut to = Mapping::new(&target, 0, 100, READ).unwrap();
    let routine = Kind::Memcpy.routine().unwrap();
    assert_eq!(from.copy_to(&mut to, 100), Err(Errno::ACCESS));
    assert_eq!(from.copy_range_with(0..100, &mut to, routine), Err(Errno::ACCESS));
    (&source).rewind().unwrap();
    assert_eq!(to.read_from(0, 100, &source), Err(Errno::FAULT));
    assert_holds(&target, &[0; 100]);
}

/// Two threads that take turns: where one moves its window away, the other maps at once, often at the same
/// address, and faults there.
#[test]
fn a_window_that_moves_notes_no_fault_of_those_who_get_its_addresses() {
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let (short, long) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
                long.set_len(64 * WINDOW as u64).unwrap();
                let mut anywhere = Mapping::new(&long, 0, WINDOW, WRITE).unwrap();
                for round in 1..200 {
                    let mut gone = Mapping::new(&short, 0, WINDOW, WRITE).unwrap();
                    anywhere.resize(WINDOW * (1 + round % 60)).unwrap();
                    anywhere.copy_to(&mut gone, WINDOW).unwrap();
                    assert!(anywhere.fault().is_none() && gone.fault().is_some());
                }
            });
        }
    });
}

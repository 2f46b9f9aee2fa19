use super::*;
use rustix::fd::AsFd;
use rustix::fs::{Mode, OFlags};
use std::fs::{self, File};
use std::io::Write;
use tempfile::NamedTempFile;

const BLOCK: usize = 64 << 10;
/// As large as a new pipe.
const PIPE: usize = 64 << 10;

fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new_in(crate::sys::test_directory()).unwrap();
    file.write_all(bytes).unwrap();
    file.as_file().sync_all().unwrap();
    file
}

fn sample(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index / 7) as u8).collect()
}

fn at<'file>(file: &'file impl AsFd, offset: usize) -> Position<'file> {
    Position { file: file.as_fd(), offset: offset as u64 }
}

/// Copies by reads whose completion starts a write, up to `slots` blocks at a time.
fn copy_by_slots(ring: &mut Ring, from: BorrowedFd<'_>, to: BorrowedFd<'_>, length: usize) {
    ring.session(|ring| copy_in_session(ring, from, to, length));
}

fn copy_in_session<'files>(
    ring: &mut Session<'_, 'files>,
    from: BorrowedFd<'files>,
    to: BorrowedFd<'files>,
    length: usize,
) {
    let mut next = 0;
    let mut offsets = [0; 4];
    loop {
        while let Some(slot) = ring.ring.slots.idle().filter(|_| next < length) {
            offsets[slot] = next as u64;
            let range = 0..BLOCK.min(length - next);
            next += range.len();
            let from = Position { file: from, offset: offsets[slot] };
            ring.queue(slot, &Step::Read { range, from, flags: 0 }).unwrap();
            assert_eq!(ring.slot(slot).unwrap_err(), Errno::BUSY);
        }
        match ring.wait() {
            Err(errno) => break assert_eq!(errno, Errno::NODATA),
            Ok(Completion { slot, operation: Operation::Read, result }) => {
                let to = Position { file: to, offset: offsets[slot] };
                ring.queue(slot, &Step::Write { range: 0..result.unwrap(), to, flags: 0 }).unwrap();
            }
            Ok(Completion { result, .. }) => assert!(result.unwrap() > 0),
        }
    }
}

#[test]
fn copies_by_plain_and_registered_slots() {
    for memory in [Memory::Plain, Memory::Registered] {
        let bytes = sample(1_000_003);
        let (source, target) = (file(&bytes), file(&[]));
        let mut ring = Ring::new(4, BLOCK, memory).unwrap();
        copy_by_slots(&mut ring, source.as_fd(), target.as_fd(), bytes.len());
        assert_eq!(fs::read(target.path()).unwrap(), bytes);
    }
}

#[test]
fn copies_past_the_page_cache() {
    for memory in [Memory::Plain, Memory::Registered] {
        let bytes = sample(16 * BLOCK);
        let (source, target) = (file(&bytes), file(&[]));
        let open = |path| rustix::fs::open(path, OFlags::RDWR | OFlags::DIRECT, Mode::empty()).unwrap();
        let (from, to) = (open(source.path()), open(target.path()));
        let mut ring = Ring::new(4, BLOCK, memory).unwrap();
        copy_by_slots(&mut ring, from.as_fd(), to.as_fd(), bytes.len());
        assert_eq!(fs::read(target.path()).unwrap(), bytes);
    }
}

#[test]
fn a_linked_write_waits_for_its_read_and_is_cancelled_by_a_short_one() {
    let bytes = sample(BLOCK + 100);
    let (source, target) = (file(&bytes), file(&[]));
    Ring::new(2, BLOCK, Memory::Plain).unwrap().session(|ring| {
        for slot in 0..2 {
            let (from, to) = (at(&source, slot * BLOCK), at(&target, slot * BLOCK));
            let read = Step::Read { range: 0..BLOCK, from, flags: 0 };
            let write = Step::Write { range: 0..BLOCK, to, flags: 0 };
            ring.queue_linked(slot, &read, &write).unwrap();
        }
        let mut completions: Vec<_> = (0..4).map(|_| ring.wait().unwrap()).collect();
        completions.sort_by_key(|completion| (completion.slot, completion.operation as u8));
        let results: Vec<_> = completions.iter().map(|completion| completion.result).collect();
        assert_eq!(results, [Ok(BLOCK), Ok(BLOCK), Ok(100), Err(Errno::CANCELED)]);
        assert_eq!(fs::read(target.path()).unwrap(), bytes[..BLOCK]);
        assert_eq!(ring.slot(1).unwrap()[..100], bytes[BLOCK..]);
    });
}

#[test]
fn splices_through_a_pipe() {
    let bytes = sample(PIPE * 3);
    let (source, target) = (file(&bytes), file(&[]));
    let (read, write) = rustix::pipe::pipe().unwrap();
    let into = |offset| Step::SpliceIn { length: PIPE, from: at(&source, offset), pipe: write.as_fd() };
    let out = |offset| Step::SpliceOut { length: PIPE, pipe: read.as_fd(), to: at(&target, offset) };
    Ring::new(2, BLOCK, Memory::Plain).unwrap().session(|ring| {
        ring.queue(0, &into(0)).unwrap();
        assert_eq!(ring.wait().unwrap().result, Ok(PIPE));
        ring.queue(0, &out(0)).unwrap();
        assert_eq!(ring.wait().unwrap().operation, Operation::SpliceOut);
        for offset in [PIPE, 2 * PIPE] {
            ring.queue_linked(1, &into(offset), &out(offset)).unwrap();
            assert_eq!(ring.wait().unwrap().result, Ok(PIPE));
            assert_eq!(ring.wait().unwrap().result, Ok(PIPE));
        }
        assert_eq!(fs::read(target.path()).unwrap(), bytes);
    });
}

#[test]
fn the_end_of_a_session_ends_what_would_wait_for_ever() {
    let (source, target) = (file(&sample(BLOCK)), file(&[]));
    let (read, _write) = rustix::pipe::pipe().unwrap();
    for submitted in [true, false] {
        let mut ring = Ring::new(2, BLOCK, Memory::Registered).unwrap();
        ring.session(|ring| {
            let out = Step::SpliceOut { length: PIPE, pipe: read.as_fd(), to: at(&target, 0) };
            ring.queue(0, &out).unwrap();
            ring.queue(1, &Step::Read { range: 0..BLOCK, from: at(&source, 0), flags: 0 }).unwrap();
            if submitted {
                ring.submit().unwrap();
            }
        });
        assert!(ring.is_idle());
        copy_by_slots(&mut ring, source.as_fd(), target.as_fd(), BLOCK);
    }
}

#[test]
fn a_step_that_the_kernel_refuses_does_not_hold_up_the_next() {
    let bytes = sample(BLOCK);
    let source = file(&bytes);
    Ring::new(2, BLOCK, Memory::Plain).unwrap().session(|ring| {
        let read = |flags| Step::Read { range: 0..BLOCK, from: at(&source, 0), flags };
        ring.queue(0, &read(0x4000_0000)).unwrap();
        ring.queue(1, &read(0)).unwrap();
        ring.submit().unwrap();
        let mut results = [Err(Errno::NODATA); 2];
        for _ in 0..2 {
            let completion = ring.wait().unwrap();
            results[completion.slot] = completion.result;
        }
        assert!(matches!(results, [Err(Errno::OPNOTSUPP | Errno::INVAL), Ok(BLOCK)]), "{results:?}");
        assert_eq!(ring.slot(1).unwrap(), bytes);
    });
}

#[test]
fn refuses_what_is_out_of_range_and_tells_errors_in_the_completion() {
    let source = file(&sample(100));
    let write_only = File::options().write(true).open(source.path()).unwrap();
    let read = |file, range| Step::Read { range, from: at(file, 0), flags: 0 };
    Ring::new(1, BLOCK, Memory::Plain).unwrap().session(|ring| {
        assert_eq!(ring.wait().unwrap_err(), Errno::NODATA);
        assert_eq!(ring.queue(1, &read(source.as_file(), 0..1)), Err(Errno::INVAL));
        assert_eq!(ring.queue(0, &read(source.as_file(), 0..BLOCK + 1)), Err(Errno::INVAL));
        ring.queue(0, &read(&write_only, 0..1)).unwrap();
        assert_eq!(ring.queue(0, &read(source.as_file(), 0..1)), Err(Errno::BUSY));
        assert_eq!(ring.wait().unwrap().result, Err(Errno::BADF));
        assert!(Ring::new(0, BLOCK, Memory::Plain).is_err());
        assert!(Ring::new(1, 0, Memory::Plain).is_err());
    });
}

#[test]
fn a_completion_that_takes_long_is_waited_for() {
    let target = file(&[]);
    let (read, write) = rustix::pipe::pipe().unwrap();
    Ring::new(1, BLOCK, Memory::Plain).unwrap().session(|ring| {
        let out = Step::SpliceOut { length: 1, pipe: read.as_fd(), to: at(&target, 0) };
        ring.queue(0, &out).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(std::time::Duration::from_millis(1500));
                rustix::io::write(&write, b"a").unwrap();
            });
            assert_eq!(ring.wait().unwrap().result, Ok(1));
        });
    });
}

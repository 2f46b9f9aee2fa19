use super::*;
use rustix::fs::{Mode, OFlags};
use std::io::Write;

fn source(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new_in(crate::sys::test_directory()).unwrap();
    file.write_all(bytes).unwrap();
    file.as_file().sync_all().unwrap();
    file
}

#[test]
fn copies_blocks_in_any_order_of_completion() {
    let bytes: Vec<u8> = (0..1 << 20).map(|index: u32| (index / 7) as u8).collect();
    let (source, target) = (source(&bytes), source(&[]));
    let direct = OFlags::RDWR | OFlags::DIRECT;
    let from = rustix::fs::open(source.path(), direct, Mode::empty()).unwrap();
    let to = rustix::fs::open(target.path(), direct, Mode::empty()).unwrap();
    let (block, mut next) = (64 << 10, 0);
    let mut queue = Queue::new(4, block).unwrap();
    let mut offsets = [0; 4];
    loop {
        while let Some(slot) = queue.slots.idle().filter(|_| next < bytes.len()) {
            offsets[slot] = next as u64;
            queue.submit(Operation::Read, slot, 0..block, &from, next as u64).unwrap();
            assert_eq!(queue.slot(slot).unwrap_err(), Errno::BUSY);
            next += block;
        }
        match queue.wait() {
            Err(errno) => break assert_eq!(errno, Errno::NODATA),
            Ok(Completion { slot, operation: Operation::Read, result }) => {
                queue.submit(Operation::Write, slot, 0..result.unwrap(), &to, offsets[slot]).unwrap();
            }
            Ok(Completion { result, .. }) => assert_eq!(result, Ok(block)),
        }
    }
    assert_eq!(std::fs::read(target.path()).unwrap(), bytes);
}

#[test]
fn tells_a_late_error_in_the_completion_and_waits_when_dropped() {
    let file = source(&[1; 8192]);
    let write_only = rustix::fs::open(file.path(), OFlags::WRONLY, Mode::empty()).unwrap();
    let mut queue = Queue::new(2, 4096).unwrap();
    assert_eq!(queue.submit(Operation::Read, 0, 0..4096, &write_only, 0), Err(Errno::BADF));
    assert_eq!(queue.submit(Operation::Read, 0, 1..1, &file, 0), Err(Errno::INVAL));
    assert_eq!(queue.submit(Operation::Read, 0, 0..4097, &file, 0), Err(Errno::INVAL));
    assert_eq!(queue.submit(Operation::Read, 2, 0..1, &file, 0), Err(Errno::INVAL));
    let direct = rustix::fs::open(file.path(), OFlags::RDONLY | OFlags::DIRECT, Mode::empty()).unwrap();
    queue.submit(Operation::Read, 0, 0..4096, &direct, 4096).unwrap();
    drop(queue);
}

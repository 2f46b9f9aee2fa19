use super::*;
use crate::strategy::Workspace;
use std::collections::{HashMap, VecDeque};
use std::io::Write;
use std::os::unix::fs::FileExt;

const BLOCK: usize = 8192;

/// What a kernel may answer: one operation at a time, the latest first.
struct Fake<'files> {
    source: &'files File,
    target: &'files File,
    /// Whether the latest operation is the first to be over.
    reversed: bool,
    slots: Vec<Vec<u8>>,
    under_way: VecDeque<(usize, Operation, Range<usize>, u64)>,
    /// Answers, by operation and offset, that replace the first attempt.
    answers: HashMap<(bool, u64), Result<usize, Errno>>,
    /// Called before every answer, with the number of those before it.
    meanwhile: Box<dyn FnMut(usize)>,
    answered: usize,
}

impl<'files> Fake<'files> {
    fn new(source: &'files File, target: &'files File, slots: usize) -> Self {
        Self {
            source,
            target,
            reversed: true,
            slots: vec![vec![0; BLOCK]; slots],
            under_way: VecDeque::new(),
            answers: HashMap::new(),
            meanwhile: Box::new(|_| {}),
            answered: 0,
        }
    }

    fn answer(mut self, operation: Operation, offset: u64, answer: Result<usize, Errno>) -> Self {
        self.answers.insert((operation == Operation::Write, offset), answer);
        self
    }

    fn copy(mut self, span: Span, write_unit: usize) -> Result<u64, CopyError> {
        let shape = Shape { slots: self.slots.len(), block: BLOCK, read_unit: write_unit, write_unit };
        let (source, target) = (self.source, self.target);
        let workspace = Workspace::new();
        let task = Task { source, target, span, workspace: &workspace };
        let outcome = copy(&mut self, task, shape);
        assert!(self.under_way.is_empty() || outcome.is_err());
        outcome
    }
}

impl Engine for Fake<'_> {
    const WAIT: &'static str = "wait";

    fn call(&self, operation: Operation) -> &'static str {
        if operation == Operation::Read { "read" } else { "write" }
    }

    fn read(&mut self, slot: usize, range: Range<usize>, offset: u64) -> Result<(), Errno> {
        self.under_way.push_back((slot, Operation::Read, range, offset));
        Ok(())
    }

    fn write(&mut self, slot: usize, range: Range<usize>, offset: u64) -> Result<(), Errno> {
        self.under_way.push_back((slot, Operation::Write, range, offset));
        Ok(())
    }

    fn wait(&mut self) -> Result<Completion, Errno> {
        let next = if self.reversed { self.under_way.pop_back() } else { self.under_way.pop_front() };
        let (slot, operation, range, offset) = next.ok_or(Errno::NODATA)?;
        (self.meanwhile)(self.answered);
        self.answered += 1;
        let most = match self.answers.remove(&(operation == Operation::Write, offset)) {
            Some(Err(errno)) => return Ok(Completion { slot, operation, result: Err(errno) }),
            Some(Ok(count)) => count,
            None => usize::MAX,
        };
        let range = range.start..range.end.min(range.start.saturating_add(most));
        let bytes = &mut self.slots[slot][range];
        let result = match operation {
            Operation::Write => self.target.write_at(bytes, offset),
            _ => self.source.read_at(bytes, offset),
        };
        Ok(Completion { slot, operation, result: Ok(result.unwrap()) })
    }

    fn bytes(&self, slot: usize) -> Result<&[u8], Errno> {
        Ok(&self.slots[slot])
    }
}

fn sample(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 31 % 251) as u8).collect()
}

fn files(length: usize) -> (File, File) {
    let mut source = tempfile::tempfile().unwrap();
    source.write_all(&sample(length)).unwrap();
    (source, tempfile::tempfile().unwrap())
}

fn content(file: &File) -> Vec<u8> {
    let mut bytes = vec![0; file.metadata().unwrap().len() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

#[test]
fn short_and_refused_operations_are_taken_up_where_they_stopped() {
    let length = 5 * BLOCK + 77;
    let (source, target) = files(length);
    let copied = Fake::new(&source, &target, 4)
        .answer(Operation::Read, 0, Ok(1000))
        .answer(Operation::Read, 1000, Err(Errno::AGAIN))
        .answer(Operation::Write, BLOCK as u64, Ok(3))
        .answer(Operation::Write, 3 * BLOCK as u64, Err(Errno::INTR))
        .copy(Span::WHOLE, 1);
    assert_eq!(copied.unwrap(), length as u64);
    assert_eq!(content(&target), sample(length));
}

#[test]
fn an_error_reports_the_blocks_before_it_and_nothing_behind_a_gap() {
    for reversed in [true, false] {
        let (source, target) = files(6 * BLOCK);
        let failing = 2 * BLOCK as u64;
        let mut fake = Fake::new(&source, &target, 6).answer(Operation::Write, failing, Err(Errno::NOSPC));
        fake.reversed = reversed;
        let error = fake.copy(Span::WHOLE, 1).unwrap_err();
        assert_eq!(
            (error.copied, error.call_name(), error.errno()),
            (failing, Some("write"), Some(Errno::NOSPC))
        );
        assert_eq!(content(&target)[..2 * BLOCK], sample(2 * BLOCK));
    }
}

#[test]
fn an_operation_refused_for_ever_is_an_error() {
    struct Refusing(Option<Completion>);
    impl Engine for Refusing {
        const WAIT: &'static str = "wait";
        fn call(&self, _: Operation) -> &'static str {
            "read"
        }
        fn read(&mut self, slot: usize, _: Range<usize>, _: u64) -> Result<(), Errno> {
            self.0 = Some(Completion { slot, operation: Operation::Read, result: Err(Errno::AGAIN) });
            Ok(())
        }
        fn write(&mut self, _: usize, _: Range<usize>, _: u64) -> Result<(), Errno> {
            Err(Errno::INVAL)
        }
        fn wait(&mut self) -> Result<Completion, Errno> {
            self.0.take().ok_or(Errno::NODATA)
        }
        fn bytes(&self, _: usize) -> Result<&[u8], Errno> {
            Err(Errno::INVAL)
        }
    }
    let (source, target) = files(BLOCK);
    let shape = Shape { slots: 1, block: BLOCK, read_unit: 1, write_unit: 1 };
    let workspace = Workspace::new();
    let task = Task::whole(&source, &target, &workspace);
    let error = copy(&mut Refusing(None), task, shape).unwrap_err();
    assert_eq!((error.copied, error.errno()), (0, Some(Errno::AGAIN)));
}

#[test]
fn a_source_that_grows_is_followed_to_where_a_read_finds_the_end() {
    for unit in [1, 512] {
        let (source, target) = files(2 * BLOCK);
        let mut fake = Fake::new(&source, &target, 4);
        let grown = source.try_clone().unwrap();
        let length = 9 * BLOCK + 5;
        fake.meanwhile = Box::new(move |answered| {
            if answered == 1 {
                grown.write_all_at(&sample(length), 0).unwrap();
            }
        });
        assert_eq!(fake.copy(Span::WHOLE, unit).unwrap(), length as u64);
        assert_eq!(content(&target), sample(length));
    }
}

#[test]
fn a_source_that_shrinks_gives_a_prefix_or_an_error() {
    for (left, cut_at) in
        [0, 100, BLOCK, 3 * BLOCK + 9].into_iter().flat_map(|left| (0..12).map(move |n| (left, n)))
    {
        let (source, target) = files(6 * BLOCK);
        let mut fake = Fake::new(&source, &target, 3);
        let cut = source.try_clone().unwrap();
        fake.meanwhile = Box::new(move |answered| {
            if answered == cut_at {
                cut.set_len(left as u64).unwrap();
            }
        });
        let copied = match fake.copy(Span::WHOLE, 1) {
            Ok(copied) => copied,
            Err(CopyError { copied, cause: Cause::SourceEnded }) => copied,
            Err(error) => panic!("{error}"),
        } as usize;
        assert!(copied >= left);
        assert_eq!(content(&target)[..copied], sample(copied));
    }
}

#[test]
fn what_follows_the_last_whole_unit_is_written_last() {
    for length in [1, 511, 512, BLOCK + 513, 3 * BLOCK - 1] {
        let (source, target) = files(length);
        assert_eq!(Fake::new(&source, &target, 3).copy(Span::WHOLE, 512).unwrap(), length as u64);
        assert_eq!(content(&target), sample(length));
    }
    let (source, target) = files(3 * BLOCK);
    let span = Span { source: 512, target: 1024, length: Some(BLOCK as u64 + 700) };
    assert_eq!(Fake::new(&source, &target, 3).copy(span, 512).unwrap(), BLOCK as u64 + 700);
    assert_eq!(content(&target)[1024..], sample(3 * BLOCK)[512..512 + BLOCK + 700]);
}

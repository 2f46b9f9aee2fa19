//! One thread reads while another writes, with a few buffers that go round between them.

use super::advance::{Span, Step, advance, write_all};
use super::error::{Cause, CopyError, During};
use super::fit::{fit_block, planned};
use super::threads::refused;
use super::{Family, Strategy};
use crate::sys::aligned::Buffer;
use std::fs::File;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

pub(super) static FAMILY: Family = Family {
    name: "pipeline",
    summary: "one thread reads ahead with pread(2) while another writes with pwrite(2)",
    strategies: &[
        Strategy::handles(
            "pipeline-2x1m",
            "a reader and a writer, two buffers of 1 MiB between",
            |s, t, r| copy(s, t, r, 2, 1 << 20),
        ),
        Strategy::handles(
            "pipeline-4x256k",
            "a reader and a writer, four buffers of 256 KiB between",
            |s, t, r| copy(s, t, r, 4, 256 << 10),
        ),
    ],
};

/// What the reader hands over: a buffer and the number of bytes in it.
type Filled = Result<(Buffer, usize), Cause>;

fn copy(source: &File, target: &File, span: Span, buffers: usize, size: usize) -> Result<u64, CopyError> {
    let begin = |cause| CopyError::at(0, cause);
    let left = planned(source, span).map_err(begin)?;
    let size = fit_block(left, size, 1);
    let (give_back, empty) = channel();
    for _ in 0..buffers {
        let buffer = Buffer::new(size).during("mmap").map_err(begin)?;
        // The receiver is at hand, so nothing is lost.
        let _ = give_back.send(buffer);
    }
    let (hand_over, filled) = channel();
    thread::scope(|scope| {
        let reader = move || read(source, span, size, &empty, &hand_over);
        thread::Builder::new().spawn_scoped(scope, reader).map_err(|error| refused(&error))?;
        // Both channels close with this block, which ends the reader wherever it waits.
        let give_back = give_back;
        write(target, span, filled, &give_back)
    })
}

/// Fills empty buffers until the span or the source ends, or the writer is gone.
fn read(source: &File, span: Span, size: usize, empty: &Receiver<Buffer>, hand_over: &Sender<Filled>) {
    let outcome = advance(span, size as u64, |step| {
        let Ok(mut buffer) = empty.recv() else { return Ok(0) };
        let count = fill(source, &mut buffer, step)?;
        // Without a writer there is nobody to tell: the copy has failed already.
        let taken = count == 0 || hand_over.send(Ok((buffer, count))).is_ok();
        Ok(if taken { count } else { 0 })
    });
    if let Err(CopyError { cause, .. }) = outcome {
        let _ = hand_over.send(Err(cause));
    }
}

/// One read that is repeated when interrupted, as its buffer would be lost with the error.
fn fill(source: &File, buffer: &mut Buffer, step: Step) -> Result<usize, Cause> {
    rustix::io::retry_on_intr(|| rustix::io::pread(source, &mut buffer[..step.length], step.source))
        .during("pread")
}

/// Writes what comes until the reader has no more.
fn write(
    target: &File,
    span: Span,
    filled: Receiver<Filled>,
    give_back: &Sender<Buffer>,
) -> Result<u64, CopyError> {
    let mut copied = 0;
    for filled in filled {
        let at = |cause| CopyError::at(copied, cause);
        let (buffer, count) = filled.map_err(at)?;
        let offset = span.target + copied;
        write_all("pwrite", count, |done| {
            rustix::io::pwrite(target, &buffer[done..count], offset + done as u64)
        })
        .map_err(at)?;
        copied += count as u64;
        // The reader may be gone, having read the last byte.
        let _ = give_back.send(buffer);
    }
    span.ended(copied)
}

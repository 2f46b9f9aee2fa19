//! One thread reads while another writes, with a few buffers that go round between them.

use super::advance::{Span, Step, advance, write_all};
use super::error::{Cause, CopyError, During};
use super::{Family, Mechanism, Strategy, Task};
use crate::sys::aligned::Buffer;
use std::fs::File;
use std::ops::DerefMut;
use std::sync::mpsc::{Receiver, Sender, channel};

pub(super) static FAMILY: Family = Family {
    name: "pipeline",
    summary: "one thread reads ahead with pread(2) while another writes with pwrite(2)",
    strategies: &[
        two("pipeline-2x1m", "a reader and a writer, two buffers of 1 MiB between", |task| {
            copy(task, 2, 1 << 20)
        }),
        two("pipeline-4x256k", "a reader and a writer, four buffers of 256 KiB between", |task| {
            copy(task, 4, 256 << 10)
        }),
    ],
};

const fn two(name: &'static str, summary: &'static str, copy: Mechanism) -> Strategy {
    Strategy { threads: 2, ..Strategy::handles(name, summary, copy) }
}

/// What the reader hands over: a buffer and the number of bytes in it.
type Filled<B> = Result<(B, usize), Cause>;

fn copy(task: Task<'_>, buffers: usize, size: usize) -> Result<u64, CopyError> {
    let Task { source, target, span, workspace } = task;
    let (give_back, empty) = channel();
    for _ in 0..buffers {
        // The receiver is at hand, so nothing is lost.
        let _ = give_back.send(workspace.buffer(size)?);
    }
    let (hand_over, filled) = channel();
    let threads = workspace.threads(1)?;
    threads.in_place_scope(|scope| {
        scope.spawn(move |_| read(source, span, size, &empty, &hand_over));
        // Both channels close with this block, which ends the reader wherever it waits.
        let give_back = give_back;
        write(target, span, filled, &give_back)
    })
}

/// Fills empty buffers until the span or the source ends, or the writer is gone.
fn read<B: DerefMut<Target = Buffer>>(
    source: &File,
    span: Span,
    size: usize,
    empty: &Receiver<B>,
    hand_over: &Sender<Filled<B>>,
) {
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
fn write<B: DerefMut<Target = Buffer>>(
    target: &File,
    span: Span,
    filled: Receiver<Filled<B>>,
    give_back: &Sender<B>,
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

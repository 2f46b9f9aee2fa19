//! Splices from the source into a pipe and from the pipe into the target, queued to an io_uring
//! in linked pairs, so that a pipe's worth of pages takes one system call.
//!
//! Reference: `splice(2)`, `io_uring_enter(2)` (`IORING_OP_SPLICE`).

use super::Task;
use super::advance::advance;
use super::error::{Cause, CopyError, During};
use super::pipe::Pipe;
use crate::sys::page_size;
use crate::sys::slots::{Completion, Operation};
use crate::sys::uring::{Memory, Position, Session, Step};
use rustix::fd::AsFd;
use rustix::io::Errno;

const PIPE: usize = 1 << 20;
const CALL: &str = "IORING_OP_SPLICE";
/// How often in a row a splice may be answered with `EAGAIN` or `EINTR`.
const PATIENCE: u32 = 100;

pub(super) fn copy(task: Task<'_>) -> Result<u64, CopyError> {
    let mut ring = task.workspace.ring(1, page_size(), Memory::Plain)?;
    let pipe = task.workspace.pipe(PIPE)?;
    ring.session(|ring| splice(task, ring, &pipe))
}

fn splice<'files>(
    task: Task<'files>,
    ring: &mut Session<'_, 'files>,
    pipe: &'files Pipe,
) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    let (drain, fill) = pipe.ends();
    let into = |length, offset| Step::SpliceIn {
        length,
        from: Position { file: source.as_fd(), offset },
        pipe: fill,
    };
    let out = |length, offset| Step::SpliceOut {
        length,
        pipe: drain,
        to: Position { file: target.as_fd(), offset },
    };
    let mut refused = 0;
    advance(span, PIPE as u64, |step| {
        let (mut filled, mut drained) = (0, 0);
        loop {
            let linked = filled == 0;
            if linked {
                let pair = (into(step.length, step.source), out(step.length, step.target));
                ring.queue_linked(0, &pair.0, &pair.1).during(CALL)?;
            } else {
                ring.queue(0, &out(filled - drained, step.target + drained as u64)).during(CALL)?;
            }
            let mut ended = false;
            // What an error leaves in the pipe must not come out of it in another copy.
            pipe.holds(1);
            while ring.in_flight() > 0 {
                let Completion { operation, result, .. } = ring.wait().during("io_uring_enter")?;
                match (operation, result) {
                    (Operation::SpliceIn, Ok(0)) => ended = true,
                    (Operation::SpliceIn, Ok(count)) => filled = count,
                    (_, Ok(0)) => return Err(Cause::Call { call: CALL, errno: Errno::IO }),
                    (_, Ok(count)) => (drained, refused) = (drained + count, 0),
                    // A short splice into the pipe cancels its partner.
                    (Operation::SpliceOut, Err(Errno::CANCELED)) if linked => {}
                    (_, Err(Errno::AGAIN | Errno::INTR)) if refused < PATIENCE => refused += 1,
                    (_, Err(errno)) => return Err(Cause::Call { call: CALL, errno }),
                }
            }
            if ended || (filled > 0 && drained == filled) {
                pipe.holds(0);
                return Ok(filled);
            }
        }
    })
}

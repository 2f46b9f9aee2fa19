//! io_uring for copying: reads and writes of slots that the ring owns, read and write linked in
//! one submission, and splices through a pipe.
//!
//! A queued step reaches the kernel with the next [`Session::submit`] or [`Session::wait`]; steps come
//! back in any order.
//!
//! References: `io_uring_enter(2)`, `io_uring_register(2)`, `io_uring_setup(2)`.

mod step;

pub use self::step::{Memory, Position, Step};

use super::slots::{Completion, Operation, Slots};
use io_uring::IoUring;
use io_uring::squeue::{Entry, Flags};
use io_uring::types::{SubmitArgs, Timespec};
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;

/// How long a completion is waited for before the kernel's workers are roused.
const PATIENCE: Timespec = Timespec::new().sec(1);

/// After so many of those, what no worker has begun is cancelled: a user who may start no further
/// process (`RLIMIT_NPROC`) gets no worker either, and would wait for ever.
const PATIENT_FOR: u32 = 4;

/// A ring and the slots its operations work on. It works during a [`Session`] only.
pub struct Ring {
    ring: ManuallyDrop<IoUring>,
    slots: ManuallyDrop<Slots>,
    memory: Memory,
}

/// What a ring is asked for while the files are borrowed: the kernel looks a linked operation's
/// file up only when its turn comes.
///
/// Its end submits what is queued, cancels the splices, and waits for the rest, as the kernel may
/// store into a slot until then. [`Ring::session`] owns it, so that nobody can forget it.
pub struct Session<'ring, 'files> {
    ring: &'ring mut Ring,
    files: PhantomData<BorrowedFd<'files>>,
}

impl Ring {
    /// A ring with `slots` buffers of `length` bytes. Errors: `EINVAL` without slots or bytes and for a
    /// slot of 4 GiB and more. `EPERM` where `/proc/sys/kernel/io_uring_disabled` or a seccomp filter
    /// forbids io_uring (containers do), `ENOSYS` in a kernel without it, `ENOMEM` where `RLIMIT_MEMLOCK`
    /// is too small for the ring (before Linux 5.12) or for registered slots.
    pub fn new(slots: usize, length: usize, memory: Memory) -> Result<Self, Errno> {
        u32::try_from(length).map_err(|_| Errno::INVAL)?;
        let slots = Slots::new(slots, length)?;
        // Two operations a slot, as in a linked pair; the kernel doubles it for completions.
        let entries = slots.len().checked_mul(2).and_then(|entries| u32::try_from(entries).ok());
        let ring = IoUring::new(entries.ok_or(Errno::INVAL)?).map_err(|error| errno(&error))?;
        if memory == Memory::Registered {
            let vectors: Vec<_> = (0..slots.len()).map(|slot| slots.vector(slot)).collect();
            // SAFETY: the buffer lives until every operation is over, because a session's end waits.
            unsafe { ring.submitter().register_buffers(&vectors) }.map_err(|error| errno(&error))?;
        }
        let (ring, slots) = (ManuallyDrop::new(ring), ManuallyDrop::new(slots));
        Ok(Self { ring, slots, memory })
    }

    /// Does `work` with the ring; no operation is under way before or after it, and the files of its steps are
    /// open all the while. The session is only lent, so that nobody can forget it:
    /// ```compile_fail,E0507
    /// # use copybench::sys::uring::Ring;
    /// fn forget(ring: &mut Ring) {
    ///     ring.session(|session| std::mem::forget(*session));
    /// }
    /// ```
    /// A file that is closed before the session's end is no file for a step:
    /// ```compile_fail,E0597
    /// # use copybench::sys::uring::{Position, Ring, Step};
    /// # use std::os::fd::AsFd;
    /// fn close_early(ring: &mut Ring, open: fn() -> std::fs::File) {
    ///     ring.session(|session| {
    ///         let file = open();
    ///         let from = Position { file: file.as_fd(), offset: 0 };
    ///         session.queue(0, &Step::Read { range: 0..1, from, flags: 0 }).is_ok()
    ///     });
    /// }
    /// ```
    pub fn session<'files, T>(&mut self, work: impl FnOnce(&mut Session<'_, 'files>) -> T) -> T {
        work(&mut Session { ring: self, files: PhantomData })
    }

    /// Whether nothing is queued or under way, which only a failing `io_uring_enter(2)` leaves.
    pub fn is_idle(&self) -> bool {
        self.slots.in_flight() == 0
    }
}

impl<'files> Session<'_, 'files> {
    /// Queues one step on a slot. Errors: `EBUSY` where the slot is in use, `EINVAL` for a range outside it
    /// or a slot that does not exist, `EOVERFLOW` for a splice whose offset or length the kernel cannot
    /// take.
    pub fn queue(&mut self, slot: usize, step: &Step<'files>) -> Result<(), Errno> {
        self.ring.slots.idle_at(slot)?;
        let entry = step.entry(slot, &self.ring.slots, self.ring.memory)?;
        self.push(slot, &[entry])
    }

    /// Queues a step and one that starts when it has done all that it was asked for
    /// (`IOSQE_IO_LINK`), such as a read and the write of its slot. Each completes on its own;
    /// where the first is short or fails, the second completes with `ECANCELED`.
    pub fn queue_linked(
        &mut self,
        slot: usize,
        first: &Step<'files>,
        second: &Step<'files>,
    ) -> Result<(), Errno> {
        self.ring.slots.idle_at(slot)?;
        let first = first.entry(slot, &self.ring.slots, self.ring.memory)?;
        let second = second.entry(slot, &self.ring.slots, self.ring.memory)?;
        self.push(slot, &[first.flags(Flags::IO_LINK), second])
    }

    /// Hands what is queued to the kernel (`io_uring_enter`).
    pub fn submit(&mut self) -> Result<(), Errno> {
        // The kernel stops after a step that it refuses, which completes with the reason.
        while !self.ring.ring.submission().is_empty() {
            self.enter(0)?;
        }
        Ok(())
    }

    /// One operation that is over. What is queued goes to the kernel only once all earlier
    /// completions have been taken, so that a full batch costs one system call.
    ///
    /// What the kernel has no worker for completes with `ECANCELED`, in the end. Errors: `ENODATA` where
    /// nothing is in flight; of `io_uring_enter(2)`.
    pub fn wait(&mut self) -> Result<Completion, Errno> {
        let mut silent = 0;
        loop {
            while let Some(event) = self.ring.ring.completion().next() {
                let Some((slot, operation)) = step::decode(event.user_data()) else { continue };
                self.ring.slots.take_back(slot);
                return Ok(Completion::new(slot, operation, i64::from(event.result())));
            }
            if self.ring.slots.in_flight() == 0 {
                return Err(Errno::NODATA);
            }
            if !self.enter_for_one()? {
                silent += 1;
                if silent == PATIENT_FOR {
                    self.cancel(&step::OPERATIONS)?;
                }
            }
        }
    }

    /// Operations queued or submitted that are not over.
    pub fn in_flight(&self) -> usize {
        self.ring.slots.in_flight()
    }

    /// The bytes of an idle slot. Errors: `EBUSY` where the slot is in use, `EINVAL` where there is none of
    /// that number.
    pub fn slot(&self, slot: usize) -> Result<&[u8], Errno> {
        self.ring.slots.bytes(slot)
    }

    /// Queues `entries`, all of one slot, next to each other: a link ends with a submission.
    fn push(&mut self, slot: usize, entries: &[Entry]) -> Result<(), Errno> {
        // SAFETY: a slot's address lies in the buffer, and a file stays open, until the operation
        // is over: the session's end waits for it, and `'files` outlives the session.
        unsafe { self.ring.ring.submission().push_multiple(entries) }.map_err(|_| Errno::AGAIN)?;
        self.ring.slots.lend(slot, entries.len() as u32);
        Ok(())
    }

    fn enter(&mut self, completions: usize) -> Result<(), Errno> {
        rustix::io::retry_on_intr(|| {
            self.ring.ring.submit_and_wait(completions).map(drop).map_err(|error| errno(&error))
        })
    }

    /// Waits for one completion, and says whether there was one. Where none comes for a while, a worker is
    /// asked for: Linux 6.18 was seen to leave writes for ever that it had handed to its workers, none of which was
    /// left, in a task that opened one ring after another. (Since that version's stable updates
    /// they exit when a task has closed its last ring, and may do so while it opens the next.)
    fn enter_for_one(&mut self) -> Result<bool, Errno> {
        if !self.ring.ring.params().is_feature_ext_arg() {
            return self.enter(1).map(|()| true);
        }
        let arguments = SubmitArgs::new().timespec(&PATIENCE);
        let waited = rustix::io::retry_on_intr(|| {
            self.ring.ring.submitter().submit_with_args(1, &arguments).map_err(|error| errno(&error))
        });
        if waited == Err(Errno::TIME) {
            // SAFETY: the entry refers to no memory and no file.
            let pushed = unsafe { self.ring.ring.submission().push(&step::rouse()) };
            return pushed.map(|()| false).map_err(|_| Errno::AGAIN);
        }
        waited.map(|_| true)
    }

    /// Queues the cancellation of these operations on every slot. What a worker is at work on is not
    /// stopped, but for splices, and ends by itself.
    fn cancel(&mut self, operations: &[Operation]) -> Result<(), Errno> {
        let busy: Vec<_> =
            (0..self.ring.slots.len()).filter(|slot| self.ring.slots.idle_at(*slot).is_err()).collect();
        for slot in busy {
            for operation in operations {
                if self.ring.ring.submission().is_full() {
                    self.submit()?;
                }
                // SAFETY: a cancellation refers to no memory and no file.
                unsafe { self.ring.ring.submission().push(&step::cancel(slot, *operation)) }
                    .map_err(|_| Errno::AGAIN)?;
            }
        }
        Ok(())
    }

    /// Waits until the kernel is done with every slot.
    fn quiesce(&mut self) -> Result<(), Errno> {
        self.submit()?;
        // A splice waits for as long as its pipe is empty or full.
        self.cancel(&[Operation::SpliceIn, Operation::SpliceOut])?;
        loop {
            match self.wait() {
                Ok(_) => {}
                Err(Errno::NODATA) => return Ok(()),
                Err(errno) => return Err(errno),
            }
        }
    }
}

impl Drop for Session<'_, '_> {
    fn drop(&mut self) {
        // What an error leaves under way is seen by the slots' counts.
        let _ = self.quiesce();
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        let idle = self.is_idle();
        if idle && self.memory == Memory::Registered {
            // The kernel takes a closed ring apart later, and until then its memory counts as locked:
            // rings made in quick succession would exceed an ordinary user's limit.
            let _ = self.ring.submitter().unregister_buffers();
        }
        // SAFETY: dropped once, here. Closing a ring does not wait for its operations, so the
        // buffers go only if none is left, and are leaked otherwise.
        unsafe {
            ManuallyDrop::drop(&mut self.ring);
            if idle {
                ManuallyDrop::drop(&mut self.slots);
            }
        }
    }
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

#[cfg(test)]
mod tests;

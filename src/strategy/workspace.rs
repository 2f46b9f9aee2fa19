//! What a program that copies many files keeps between copies: buffers, pipes, rings, contexts and
//! threads. Each is made when it is first asked for, and lent again from then on.

use super::error::{Cause, CopyError, During};
use super::pipe::Pipe;
use crate::sys::aio::Queue;
use crate::sys::aligned::Buffer;
use crate::sys::uring::{Memory, Ring};
use rayon_core::{ThreadPool, ThreadPoolBuilder};
use rustix::io::Errno;
use std::error::Error;
use std::io;
use std::ops::DerefMut;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Empty at first. Threads of one copy may share it.
///
/// All buffers begin on a page, whoever asks for them, so that no strategy is faster than another
/// by where its memory happens to lie. No page of a buffer is touched before the copy does.
#[derive(Default)]
pub struct Workspace {
    buffers: Shelf<usize, Buffer>,
    pipes: Shelf<usize, Pipe>,
    rings: Shelf<(usize, usize, Memory), Ring>,
    queues: Shelf<(usize, usize), Queue>,
    threads: Shelf<usize, ThreadPool>,
}

impl Workspace {
    /// A workspace that has nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives up all that is not lent.
    pub fn clear(&self) {
        self.buffers.clear();
        self.pipes.clear();
        self.rings.clear();
        self.queues.clear();
        self.threads.clear();
    }

    /// `length` bytes that begin on a page; what they hold is left from whoever had them before.
    pub(super) fn buffer(&self, length: usize) -> Result<impl DerefMut<Target = Buffer> + Send, CopyError> {
        self.buffers.lend(length, &|| Buffer::new(length).during("mmap"), |_| true)
    }

    /// An empty pipe that holds `size` bytes.
    pub(super) fn pipe(&self, size: usize) -> Result<impl DerefMut<Target = Pipe>, CopyError> {
        self.pipes.lend(size, &|| Pipe::new(size), Pipe::is_empty)
    }

    /// An io_uring with `slots` buffers of `length` bytes.
    pub(super) fn ring(
        &self,
        slots: usize,
        length: usize,
        memory: Memory,
    ) -> Result<impl DerefMut<Target = Ring>, CopyError> {
        let make = || Ring::new(slots, length, memory).during("io_uring_setup");
        self.rings.lend((slots, length, memory), &make, Ring::is_idle)
    }

    /// An AIO context with `slots` buffers of `length` bytes.
    pub(super) fn queue(
        &self,
        slots: usize,
        length: usize,
    ) -> Result<impl DerefMut<Target = Queue>, CopyError> {
        let make = || Queue::new(slots, length).during("io_setup");
        self.queues.lend((slots, length), &make, |queue| queue.in_flight() == 0)
    }

    /// `count` threads that wait for work.
    pub(super) fn threads(&self, count: usize) -> Result<impl DerefMut<Target = ThreadPool>, CopyError> {
        let make = || {
            let pool = ThreadPoolBuilder::new().num_threads(count).build();
            pool.map_err(|error| {
                let refused = error.source().and_then(|source| source.downcast_ref::<io::Error>());
                refused.and_then(Errno::from_io_error).unwrap_or(Errno::AGAIN)
            })
            .during("clone")
        };
        self.threads.lend(count, &make, |_| true)
    }
}

/// Things of one type, by what they were made for.
struct Shelf<K, T> {
    things: Mutex<Vec<(K, T)>>,
}

impl<K, T> Default for Shelf<K, T> {
    fn default() -> Self {
        Self { things: Mutex::default() }
    }
}

impl<K: Copy + PartialEq, T> Shelf<K, T> {
    /// The thing of this kind that was used last, else a new one. It comes back when the guard goes, but
    /// for what an error left in use.
    fn lend(
        &self,
        kind: K,
        make: &dyn Fn() -> Result<T, Cause>,
        is_reusable: fn(&T) -> bool,
    ) -> Result<impl DerefMut<Target = T> + use<'_, K, T>, CopyError> {
        let kept = {
            let mut things = self.lock();
            let found = things.iter().rposition(|(of, _)| *of == kind);
            found.map(|index| things.remove(index).1)
        };
        let thing = match kept {
            Some(thing) => thing,
            None => make().map_err(|cause| CopyError::at(0, cause))?,
        };
        Ok(scopeguard::guard(thing, move |thing| {
            if is_reusable(&thing) {
                self.lock().push((kind, thing));
            }
        }))
    }
}

impl<K, T> Shelf<K, T> {
    fn clear(&self) {
        let things = std::mem::take(&mut *self.lock());
        drop(things);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(K, T)>> {
        self.things.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lent_is_lent_again() {
        let workspace = Workspace::new();
        let address = workspace.buffer(4096).unwrap().as_ptr();
        let (first, second) = (workspace.buffer(4096).unwrap(), workspace.buffer(4096).unwrap());
        assert_eq!(first.as_ptr(), address);
        assert_ne!(second.as_ptr(), address);
        drop((first, second));
        assert_eq!(workspace.buffers.lock().len(), 2);
        assert_eq!(workspace.buffer(8192).unwrap().len(), 8192);
        workspace.clear();
        assert!(workspace.buffers.lock().is_empty());
    }

    #[test]
    fn a_pipe_that_still_holds_something_is_not_lent_again() {
        let workspace = Workspace::new();
        workspace.pipe(4096).unwrap().holds(1);
        assert!(workspace.pipes.lock().is_empty());
        drop(workspace.pipe(4096).unwrap());
        assert_eq!(workspace.pipes.lock().len(), 1);
    }
}

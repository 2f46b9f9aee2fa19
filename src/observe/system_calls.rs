use super::{Copied, Counts, Observation, Observer, Refusal, Schedule};
use crate::sys::perf_event::{self, Counters, Event};
use rustix::io::Errno;
use std::cell::Cell;

pub(super) static OBSERVER: Observer = Observer {
    name: "system-calls",
    summary: "System calls by name, of all threads and processes that the copy starts, from perf_event_open(2)",
    counters: COUNTERS,
    schedule: Schedule::Apart,
    prepare: || {
        let counters = match KEPT.take() {
            Some(counters) => counters,
            None => {
                let mut events = vec![Event::SystemCalls];
                events.extend(NUMBERS.iter().map(|number| Event::SystemCall(*number)));
                Counters::open(&events).map_err(|error| refused(&error))?
            }
        };
        Ok(Box::new(Calls { counters: Some(counters), started: Ok(()), counted: Ok(Vec::new()) }))
    },
};

thread_local! {
    /// Opening and closing them waits for every processor (RCU), tens of milliseconds each; and threads
    /// that a strategy keeps are counted only if they were started while they were open.
    static KEPT: Cell<Option<Counters>> = const { Cell::new(None) };
}

const TOTAL: &str = "calls.total";

/// Calls counted by name, which are those that a way to copy may be told by; the rest is `calls.other`.
macro_rules! calls {
    ($($name:ident $number:ident,)*) => {
        const COUNTERS: &[&str] = &[
            TOTAL,
            $(concat!("calls.", stringify!($name)),)*
            "calls.other",
        ];
        const NUMBERS: &[libc::c_long] = &[$(libc::$number,)*];
    };
}

calls! {
    read SYS_read, write SYS_write, pread64 SYS_pread64, pwrite64 SYS_pwrite64,
    readv SYS_readv, writev SYS_writev, preadv SYS_preadv, pwritev SYS_pwritev,
    preadv2 SYS_preadv2, pwritev2 SYS_pwritev2, lseek SYS_lseek,
    mmap SYS_mmap, munmap SYS_munmap, mremap SYS_mremap, mprotect SYS_mprotect, madvise SYS_madvise,
    msync SYS_msync, mincore SYS_mincore, brk SYS_brk,
    sendfile SYS_sendfile, splice SYS_splice, vmsplice SYS_vmsplice, tee SYS_tee, pipe2 SYS_pipe2,
    copy_file_range SYS_copy_file_range, ioctl SYS_ioctl, fcntl SYS_fcntl,
    fallocate SYS_fallocate, ftruncate SYS_ftruncate, fadvise64 SYS_fadvise64, readahead SYS_readahead,
    fsync SYS_fsync, fdatasync SYS_fdatasync, sync_file_range SYS_sync_file_range,
    io_uring_setup SYS_io_uring_setup, io_uring_enter SYS_io_uring_enter,
    io_uring_register SYS_io_uring_register,
    io_setup SYS_io_setup, io_submit SYS_io_submit, io_getevents SYS_io_getevents,
    io_destroy SYS_io_destroy,
    openat SYS_openat, close SYS_close, fstat SYS_fstat, newfstatat SYS_newfstatat, statx SYS_statx,
    futex SYS_futex, clone SYS_clone, clone3 SYS_clone3, execve SYS_execve, wait4 SYS_wait4,
    rt_sigaction SYS_rt_sigaction, rt_sigprocmask SYS_rt_sigprocmask,
}

/// The call that a counter of that key counts; none for those of other things, or of all calls.
pub fn call_of(key: &str) -> Option<&str> {
    let mut counters = COUNTERS.iter().filter(|key| **key != TOTAL);
    counters.find(|known| **known == key)?.split_once('.').map(|(_, name)| name)
}

struct Calls {
    counters: Option<Counters>,
    started: Result<(), Errno>,
    counted: Result<Vec<(Event, u64)>, Errno>,
}

impl Observation for Calls {
    fn begin(&mut self) {
        self.started = self.counters.as_mut().map_or(Err(Errno::BADF), Counters::start);
    }

    fn end(&mut self) {
        self.counted = self.counters.as_mut().map_or(Err(Errno::BADF), Counters::stop);
    }

    fn counts(&mut self, _: &Copied<'_>) -> Result<Counts, Refusal> {
        let failed = |errno: &Errno| refused(&perf_event::Refusal::Failed { call: "read", errno: *errno });
        self.started.as_ref().map_err(failed)?;
        let counted = self.counted.as_ref().map_err(failed)?;
        let total = counted.first().map_or(0, |(_, count)| *count);
        let named: u64 = counted.iter().skip(1).map(|(_, count)| *count).sum();
        let counts = COUNTERS.iter().zip(counted).map(|(key, (_, count))| (*key, *count));
        let other = ("calls.other", total.saturating_sub(named));
        // A call that was not made has no counter, or every line would name them all.
        Ok(counts.chain([other]).filter(|(key, count)| *count > 0 || *key == TOTAL).collect())
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        KEPT.set(self.counters.take());
    }
}

fn refused(refusal: &perf_event::Refusal) -> Refusal {
    Refusal { reason: refusal.to_string(), hint: refusal.hint().to_owned() }
}

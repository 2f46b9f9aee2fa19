//! `perf_event_open(2)`: count system calls and other events of this thread, and of the threads and
//! processes that it starts while it counts.
//!
//! As long as a counter of system calls is open, every call on the whole machine is slower, so the
//! clock does not run meanwhile.
//!
//! References: `perf_event_open(2)`, `Documentation/trace/events.rst` of the kernel (filters).

use super::errno::describe;
use super::tracefs::Tracepoints;
use rustix::fd::{AsRawFd, FromRawFd, OwnedFd};
use rustix::io::Errno;
use std::ffi::CString;
use std::fs;

/// What can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// One system call, by its number (`libc::SYS_read`).
    SystemCall(libc::c_long),
    SystemCalls,
    /// Page faults served without I/O.
    MinorFaults,
    /// Switches to another thread.
    ContextSwitches,
}

/// Why nothing can be counted.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    #[error("perf_event_open: {} with /proc/sys/kernel/perf_event_paranoid = {paranoid}", describe(*errno))]
    Forbidden { errno: Errno, paranoid: String },
    #[error("tracefs: {}", describe(*.0))]
    Tracepoints(Errno),
    #[error("{call}: {}", describe(*errno))]
    Failed { call: &'static str, errno: Errno },
}

impl Refusal {
    /// What would let it count.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Forbidden { .. } => {
                "run as root or with CAP_PERFMON, or set that to 1; a container's seccomp filter may forbid it too"
            }
            Self::Failed { errno: Errno::MFILE, .. } | Self::Tracepoints(Errno::MFILE) => {
                "raise the limit of open files: ulimit -n"
            }
            Self::Tracepoints(Errno::NODEV | Errno::NOENT) => "boot a kernel with CONFIG_FTRACE_SYSCALLS",
            Self::Tracepoints(_) => {
                "run as root, or mount it (mount -t tracefs tracefs /sys/kernel/tracing) and let this user read it"
            }
            Self::Failed { errno: Errno::NOSYS, .. } => "boot a kernel with CONFIG_PERF_EVENTS",
            Self::Failed { .. } => "see perf_event_open(2) for this error",
        }
    }
}

/// The first 64 bytes of `struct perf_event_attr`, which every kernel takes.
#[repr(C)]
#[derive(Default)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_events: u32,
    breakpoint_type: u32,
    breakpoint_address: u64,
}

const PERF_TYPE_SOFTWARE: u32 = 1;
const PERF_TYPE_TRACEPOINT: u32 = 2;
const PERF_COUNT_SW_CONTEXT_SWITCHES: u64 = 3;
const PERF_COUNT_SW_PAGE_FAULTS_MIN: u64 = 5;
const PERF_COUNT_SW_DUMMY: u64 = 9;
const FLAG_DISABLED: u64 = 1 << 0;
const FLAG_INHERIT: u64 = 1 << 1;
const PERF_FLAG_FD_CLOEXEC: libc::c_ulong = 1 << 3;
const PERF_EVENT_IOC_ENABLE: libc::Ioctl = 0x2400;
const PERF_EVENT_IOC_DISABLE: libc::Ioctl = 0x2401;
/// With the size of a pointer in it, and with other bits for "writes" where an architecture has them.
const PERF_EVENT_IOC_SET_FILTER: libc::Ioctl = libc::_IOW::<*const libc::c_char>(0x24, 6);

/// A group of counters that start and stop together.
#[derive(Debug)]
pub struct Counters {
    /// Counts nothing itself; as long as it is off, so is the group.
    leader: OwnedFd,
    counters: Vec<(Event, OwnedFd)>,
    /// What the counters held when last started.
    before: Vec<u64>,
}

impl Counters {
    /// Counters of this thread, stopped. Errors: [`Refusal`].
    pub fn open(events: &[Event]) -> Result<Self, Refusal> {
        let leader = open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY, None)?;
        let traced = events.iter().any(|event| matches!(event, Event::SystemCall(_) | Event::SystemCalls));
        let tracepoint = if traced { system_calls().map_err(Refusal::Tracepoints)? } else { 0 };
        let mut counters = Vec::with_capacity(events.len());
        for event in events {
            let (kind, config) = event.configuration(tracepoint);
            let counter = open(kind, config, Some(&leader))?;
            if let Event::SystemCall(number) = event {
                filter(&counter, &format!("id == {number}"))?;
            }
            counters.push((*event, counter));
        }
        Ok(Self { leader, before: vec![0; counters.len()], counters })
    }

    /// Starts to count from zero. Errors: the errno of `read(2)` or `ioctl(2)`.
    pub fn start(&mut self) -> Result<(), Errno> {
        // A reset would leave what threads counted that are gone.
        self.before = self.read()?;
        self.switch(PERF_EVENT_IOC_ENABLE)
    }

    /// Stops, and tells how often each event happened since the start.
    pub fn stop(&mut self) -> Result<Vec<(Event, u64)>, Errno> {
        self.switch(PERF_EVENT_IOC_DISABLE)?;
        let after = self.read()?;
        let counted = self.counters.iter().zip(after.iter().zip(&self.before));
        Ok(counted.map(|((event, _), (after, before))| (*event, after - before - own(*event))).collect())
    }

    fn read(&self) -> Result<Vec<u64>, Errno> {
        let counts = self.counters.iter().map(|(_, counter)| {
            let mut count = [0; 8];
            rustix::io::read(counter, &mut count)?;
            Ok(u64::from_ne_bytes(count))
        });
        counts.collect()
    }

    fn switch(&self, request: libc::Ioctl) -> Result<(), Errno> {
        // SAFETY: both requests take no memory.
        let returned = unsafe { libc::ioctl(self.leader.as_raw_fd(), request, 0) };
        super::check(returned as libc::ssize_t).map(drop)
    }
}

/// How often an event happens by stopping the counters: that is a system call, `ioctl`.
fn own(event: Event) -> u64 {
    u64::from(matches!(event, Event::SystemCalls | Event::SystemCall(libc::SYS_ioctl)))
}

impl Event {
    /// Type and number, given the number of the tracepoint of system calls.
    ///
    /// Calls by name share that one, each with a filter: to take away a tracepoint of its own for
    /// each, the kernel would wait some 40 ms a time.
    fn configuration(self, tracepoint: u64) -> (u32, u64) {
        match self {
            Self::SystemCall(_) | Self::SystemCalls => (PERF_TYPE_TRACEPOINT, tracepoint),
            Self::MinorFaults => (PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN),
            Self::ContextSwitches => (PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES),
        }
    }
}

fn system_calls() -> Result<u64, Errno> {
    Tracepoints::open()?.id("raw_syscalls/sys_enter")
}

fn filter(counter: &OwnedFd, expression: &str) -> Result<(), Refusal> {
    let failed = |errno| Refusal::Failed { call: "ioctl(PERF_EVENT_IOC_SET_FILTER)", errno };
    let expression = CString::new(expression).map_err(|_| failed(Errno::INVAL))?;
    // SAFETY: a string that lives through the call, which copies it.
    let returned =
        unsafe { libc::ioctl(counter.as_raw_fd(), PERF_EVENT_IOC_SET_FILTER, expression.as_ptr()) };
    super::check(returned as libc::ssize_t).map(drop).map_err(failed)
}

fn open(kind: u32, config: u64, group: Option<&OwnedFd>) -> Result<OwnedFd, Refusal> {
    // Without a limit to user mode, as faults inside write(2) count too.
    let flags = FLAG_INHERIT | if group.is_none() { FLAG_DISABLED } else { 0 };
    let size = size_of::<Attributes>() as u32;
    let attributes = Attributes { kind, size, config, flags, ..Attributes::default() };
    let (this_thread, any_cpu) = (0, -1);
    let group = group.map_or(-1, AsRawFd::as_raw_fd);
    // SAFETY: the attributes live through the call and say how long they are.
    let returned = unsafe {
        let attributes = &raw const attributes;
        libc::syscall(
            libc::SYS_perf_event_open,
            attributes,
            this_thread,
            any_cpu,
            group,
            PERF_FLAG_FD_CLOEXEC,
        )
    };
    match super::check(returned as libc::ssize_t) {
        // SAFETY: a new descriptor, which nobody else owns.
        Ok(fd) => Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) }),
        Err(errno @ (Errno::ACCESS | Errno::PERM)) => {
            let paranoid = fs::read_to_string("/proc/sys/kernel/perf_event_paranoid");
            let paranoid = paranoid.map_or_else(|_| "unknown".into(), |level| level.trim().into());
            Err(Refusal::Forbidden { errno, paranoid })
        }
        Err(errno) => Err(Refusal::Failed { call: "perf_event_open", errno }),
    }
}

#[cfg(test)]
mod tests;

//! `perf_event_open(2)`: count system calls by name and other events of this thread, and of the
//! threads and processes that it starts while it counts.
//!
//! Counting system calls makes every one of them slower, on the whole machine, so the clock does
//! not run meanwhile.
//!
//! Reference: `perf_event_open(2)`.

use super::tracefs::Tracepoints;
use rustix::fd::{AsRawFd, FromRawFd, OwnedFd};
use rustix::io::Errno;
use std::fs;

/// What can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// One system call, by the name of its tracepoint (`pread64`, `newfstat`).
    SystemCall(&'static str),
    /// All system calls.
    SystemCalls,
    /// Page faults served without I/O.
    MinorFaults,
    /// Page faults that waited for I/O.
    MajorFaults,
    /// Switches to another thread.
    ContextSwitches,
}

/// Why nothing can be counted, and the cure.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// The kernel lets only privileged users count what happens inside it.
    #[error(
        "perf_event_open: {errno} with /proc/sys/kernel/perf_event_paranoid = {paranoid}: run as root or \
         with CAP_PERFMON, or set that to 1; a container's seccomp filter may forbid it too"
    )]
    Forbidden {
        /// `EACCES` or `EPERM`.
        errno: Errno,
        /// What the file holds, or `unknown`.
        paranoid: String,
    },
    /// The numbers of system calls' tracepoints cannot be read.
    #[error(
        "tracefs: {0}: run as root, or mount it (mount -t tracefs tracefs /sys/kernel/tracing) and let \
         this user read it; the kernel needs CONFIG_FTRACE_SYSCALLS"
    )]
    Tracepoints(Errno),
    /// Another error, such as `ENOSYS` in a kernel without perf events.
    #[error("perf_event_open: {0}")]
    Failed(Errno),
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
const PERF_COUNT_SW_PAGE_FAULTS_MAJ: u64 = 6;
const PERF_COUNT_SW_DUMMY: u64 = 9;
const FLAG_DISABLED: u64 = 1 << 0;
const FLAG_INHERIT: u64 = 1 << 1;
const PERF_FLAG_FD_CLOEXEC: libc::c_ulong = 1 << 3;
const PERF_EVENT_IOC_ENABLE: libc::Ioctl = 0x2400;
const PERF_EVENT_IOC_DISABLE: libc::Ioctl = 0x2401;

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
    /// Counters of this thread, stopped. A system call that this kernel does not have is left
    /// out.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn open(events: &[Event]) -> Result<Self, Refusal> {
        let leader = open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY, None)?;
        let traced = events.iter().any(|event| matches!(event, Event::SystemCall(_) | Event::SystemCalls));
        let tracepoints = traced.then(Tracepoints::open).transpose().map_err(Refusal::Tracepoints)?;
        let mut counters = Vec::new();
        for event in events {
            if let Some((kind, config)) = find(*event, tracepoints.as_ref())? {
                counters.push((*event, open(kind, config, Some(&leader))?));
            }
        }
        Ok(Self { leader, before: vec![0; counters.len()], counters })
    }

    /// Starts to count from zero.
    ///
    /// # Errors
    /// The errno of `read(2)` or `ioctl(2)`.
    pub fn start(&mut self) -> Result<(), Errno> {
        // A reset would leave what threads counted that are gone.
        self.before = self.read()?;
        self.switch(PERF_EVENT_IOC_ENABLE)
    }

    /// Stops, and tells how often each event happened since the start.
    ///
    /// # Errors
    /// As [`Counters::start`].
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
    u64::from(matches!(event, Event::SystemCalls | Event::SystemCall("ioctl")))
}

/// Type and number of an event; none for a system call that this kernel does not have.
fn find(event: Event, tracepoints: Option<&Tracepoints>) -> Result<Option<(u32, u64)>, Refusal> {
    let id = |name: &str| tracepoints.ok_or(Errno::NOENT).and_then(|tracepoints| tracepoints.id(name));
    Ok(Some(match event {
        Event::SystemCall(name) => match id(&format!("syscalls/sys_enter_{name}")) {
            Err(Errno::NOENT) => return Ok(None),
            id => (PERF_TYPE_TRACEPOINT, id.map_err(Refusal::Tracepoints)?),
        },
        Event::SystemCalls => {
            (PERF_TYPE_TRACEPOINT, id("raw_syscalls/sys_enter").map_err(Refusal::Tracepoints)?)
        }
        Event::MinorFaults => (PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN),
        Event::MajorFaults => (PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ),
        Event::ContextSwitches => (PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES),
    }))
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
        Err(errno) => Err(Refusal::Failed(errno)),
    }
}

#[cfg(test)]
mod tests;

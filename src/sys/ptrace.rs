//! `ptrace(2)`: a child process and all that it starts, stopped at each system call.
//!
//! While [`Tracee::resume`] has returned a stop and is not called again, the task stands still, so
//! its `/proc/PID` can be read. The tracer is the thread that spawned; [`Tracee`] stays on it.

use rustix::io::Errno;
use std::collections::BTreeSet;
use std::io;
use std::marker::PhantomData;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdout, Command, ExitStatus};
use std::ptr;

/// Why a task stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It is about to enter the kernel.
    Entry {
        task: i32,
        /// Number of the system call.
        number: u64,
        /// Its arguments, as registers.
        arguments: [u64; 6],
    },
    /// It is about to return from the kernel.
    Exit {
        task: i32,
        /// What the call returns; an errno is negative.
        returned: i64,
    },
}

/// A traced child. Dropped before its end, it and all that it started are killed.
#[derive(Debug)]
pub struct Tracee {
    child: Child,
    /// Tasks that have stopped at least once.
    known: BTreeSet<i32>,
    /// Task to be let go, with the signal that it is to see.
    standing: Option<(i32, i32)>,
    status: Option<ExitStatus>,
    finished: bool,
    thread: PhantomData<*const ()>,
}

const OPTIONS: i32 = libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACEEXEC
    | libc::PTRACE_O_EXITKILL;

impl Tracee {
    /// Starts `command` in a process group of its own, stopped before its first instruction. Errors:
    /// `EPERM` or `ENOSYS` where tracing is not permitted; else what `Command::spawn` reports.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        // SAFETY: ptrace is a bare system call, safe between fork and exec.
        unsafe { command.process_group(0).pre_exec(|| Ok(trace_me()?)) };
        let child = command.spawn()?;
        let mut tracee = Self {
            child,
            known: BTreeSet::new(),
            standing: None,
            status: None,
            finished: false,
            thread: PhantomData,
        };
        let (task, status) = tracee.wait()?;
        if !libc::WIFSTOPPED(status) {
            tracee.finished = true;
            return Err(Errno::CHILD.into());
        }
        request(libc::PTRACE_SETOPTIONS, task, OPTIONS as usize)?;
        tracee.known.insert(task);
        tracee.standing = Some((task, 0));
        Ok(tracee)
    }

    /// The read end of the child's output, if the command has piped it.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// How the child ended, once [`Tracee::resume`] has returned `None`.
    pub fn status(&self) -> Option<ExitStatus> {
        self.status
    }

    /// Lets the standing task go on and waits for the next stop; `None` after the end of the last. Errors:
    /// the errno of `waitpid(2)` or `ptrace(2)`; `EIO` or `EINVAL` before Linux 5.3, which lacks
    /// `PTRACE_GET_SYSCALL_INFO`.
    pub fn resume(&mut self) -> Result<Option<Stop>, Errno> {
        loop {
            if let Some((task, signal)) = self.standing.take() {
                match request(libc::PTRACE_SYSCALL, task, signal as usize) {
                    // Killed meanwhile; its end is reported by the next wait.
                    Ok(_) | Err(Errno::SRCH) => {}
                    Err(errno) => return Err(errno),
                }
            }
            let (task, status) = match self.wait() {
                Err(Errno::CHILD) => {
                    self.finished = true;
                    return Ok(None);
                }
                other => other?,
            };
            if !libc::WIFSTOPPED(status) {
                if u32::try_from(task) == Ok(self.child.id()) {
                    self.status = Some(ExitStatus::from_raw(status));
                }
                continue;
            }
            let new = self.known.insert(task);
            let signal = libc::WSTOPSIG(status);
            self.standing = Some((task, 0));
            if signal == libc::SIGTRAP | 0x80 {
                if let Some(stop) = system_call(task)? {
                    return Ok(Some(stop));
                }
            } else if status >> 16 == 0 && !(new && signal == libc::SIGSTOP) {
                // A signal of its own. (An event, or the SIGSTOP that a new task begins with,
                // is the tracer's business only.)
                self.standing = Some((task, signal));
            }
        }
    }

    /// Waits for the child's process group, so that other children of this process are left alone.
    fn wait(&self) -> Result<(i32, i32), Errno> {
        let group = i32::try_from(self.child.id()).map_err(|_| Errno::CHILD)?;
        let mut status = 0;
        loop {
            // SAFETY: the pointer is to a live integer.
            let task = unsafe { libc::waitpid(-group, &raw mut status, libc::__WALL) };
            match super::check(task as libc::ssize_t) {
                Ok(_) => return Ok((task, status)),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
}

impl Drop for Tracee {
    fn drop(&mut self) {
        let Ok(group) = i32::try_from(self.child.id()) else { return };
        if !self.finished {
            // SAFETY: kill(2) touches no memory; the group is ours until its last task is reaped.
            unsafe { libc::kill(-group, libc::SIGKILL) };
            while self.wait().is_ok() {}
        }
    }
}

/// What libcs call a request by.
#[cfg(target_env = "musl")]
type PtraceRequest = libc::c_int;
#[cfg(not(target_env = "musl"))]
type PtraceRequest = libc::c_uint;

// linux/ptrace.h; musl's headers have none of it.
const PTRACE_GET_SYSCALL_INFO: PtraceRequest = 0x420e;
const PTRACE_SYSCALL_INFO_ENTRY: u8 = 1;
const PTRACE_SYSCALL_INFO_EXIT: u8 = 2;

/// The head of `struct ptrace_syscall_info`.
#[repr(C)]
#[derive(Default)]
struct CallInfo {
    op: u8,
    padding: [u8; 3],
    architecture: u32,
    instruction_pointer: u64,
    stack_pointer: u64,
    /// On entry the number and the arguments, on exit what is returned.
    values: [u64; 7],
}

fn system_call(task: i32) -> Result<Option<Stop>, Errno> {
    let mut info = CallInfo::default();
    let size = size_of::<CallInfo>();
    // SAFETY: the kernel writes at most `size` bytes to `info`, whose every bit pattern is valid.
    let returned = unsafe { libc::ptrace(PTRACE_GET_SYSCALL_INFO, task, size, &raw mut info) };
    match super::check(returned as libc::ssize_t) {
        Err(Errno::SRCH) => return Ok(None),
        other => other?,
    };
    let [first, arguments @ ..] = info.values;
    Ok(match info.op {
        PTRACE_SYSCALL_INFO_ENTRY => Some(Stop::Entry { task, number: first, arguments }),
        PTRACE_SYSCALL_INFO_EXIT => Some(Stop::Exit { task, returned: first.cast_signed() }),
        _ => None,
    })
}

fn trace_me() -> Result<(), Errno> {
    request(libc::PTRACE_TRACEME, 0, 0).map(drop)
}

fn request(request: PtraceRequest, task: i32, data: usize) -> Result<usize, Errno> {
    // SAFETY: the requests used take `data` as a number, not as a pointer.
    let returned = unsafe { libc::ptrace(request, task, ptr::null_mut::<libc::c_void>(), data) };
    super::check(returned as libc::ssize_t)
}

//! SIGBUS inside a watched mapping, turned into a note instead of a death.
//!
//! A page of a file mapping that has no page of the file behind it (the file shrank, or its file
//! system is full) raises SIGBUS. The handler puts anonymous zero pages over the rest of the
//! watched range, notes the address, and lets the copy run on; the copy then reads the note and
//! ends as an error. Nothing is prefaulted for this, so a copy that does not fault is not slowed.
//! A SIGBUS anywhere else, and one that another process sent, goes to the handler that was there before.
//!
//! Threads fault while others begin and end watches. A handler counts itself into a slot before it reads
//! the slot's range and out again after it has replaced pages; who changes a range first takes it out of
//! the slot, then waits until nobody is counted in. So no handler sees a start with another range's
//! end, and none replaces pages of a range that is no longer watched. (A child that was forked without
//! `exec` while a handler ran would wait for ever; this program forks to run programs only.)
//!
//! References: `sigaction(2)`, `mmap(2)` (SIGBUS), `signal-safety(7)`: the handler only touches
//! atomics and errno and calls `mmap`, a bare system call, and where there is nothing to chain to
//! `signal` and `raise`.

use rustix::io::Errno;
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering, compiler_fence};

const SLOTS: usize = 256;

struct Slot {
    /// Address of the first byte, `FREE` or `CLAIMED`.
    start: AtomicUsize,
    /// Address behind the last byte; changes only while `start` is `CLAIMED` and `handlers` was seen as 0.
    end: AtomicUsize,
    /// Handlers that may have read the range.
    handlers: AtomicUsize,
    /// Lowest address that faulted, `usize::MAX` while none did.
    fault: AtomicUsize,
}

const FREE: usize = 0;
/// No mapping starts at address 1: it is not page aligned.
const CLAIMED: usize = 1;

static WATCHED: [Slot; SLOTS] = [const {
    Slot {
        start: AtomicUsize::new(FREE),
        end: AtomicUsize::new(0),
        handlers: AtomicUsize::new(0),
        fault: AtomicUsize::new(usize::MAX),
    }
}; SLOTS];

/// The size of a page, known before the handler runs: asking for it is not async-signal-safe.
static PAGE: AtomicUsize = AtomicUsize::new(0);

impl Slot {
    /// Lets no handler into the range any more, and waits for those that are.
    fn close(&self, state: usize) {
        // Sequentially consistent, as in `replace`: either a handler finds the range gone, or it is
        // counted here. The wait is for system calls at most, which no lock of ours holds up.
        self.start.store(state, Ordering::SeqCst);
        while self.handlers.load(Ordering::SeqCst) > 0 {
            std::thread::yield_now();
        }
    }

    /// Sets the range of a slot that is closed.
    fn open(&self, start: usize, length: usize) {
        self.fault.store(usize::MAX, Ordering::Relaxed);
        self.end.store(start + length, Ordering::Relaxed);
        self.start.store(start, Ordering::Release);
    }

    /// Puts zero pages from the page of `address` to the end of the range, if it has the address.
    fn replace(&self, address: usize) -> bool {
        // Who faults in a range has seen it set, so that most slots need no count.
        if !self.begins_before(address, Ordering::Relaxed) {
            return false;
        }
        self.handlers.fetch_add(1, Ordering::SeqCst);
        // The start first: it says that the end is of the same range.
        let watched = self.begins_before(address, Ordering::SeqCst);
        let end = self.end.load(Ordering::Relaxed);
        let replaced = watched && address < end && blank(address, end);
        if replaced {
            self.fault.fetch_min(address, Ordering::AcqRel);
        }
        self.handlers.fetch_sub(1, Ordering::SeqCst);
        replaced
    }

    fn begins_before(&self, address: usize, ordering: Ordering) -> bool {
        let start = self.start.load(ordering);
        start > CLAIMED && start <= address
    }
}

/// A range of memory whose SIGBUS faults are noted, as long as this value lives.
#[derive(Debug)]
pub struct Watch {
    slot: usize,
    start: usize,
}

impl Watch {
    /// Watches `length` bytes from the page-aligned address `start`. Errors: `EAGAIN` where 256 ranges are
    /// watched already; the errno of `sigaction(2)`.
    ///
    /// # Safety
    /// The range is one live mapping, owned by the caller, that is not unmapped or moved before the watch is
    /// dropped or paused, and whose pages may be replaced by anonymous ones after a fault.
    pub unsafe fn new(start: *const u8, length: usize) -> Result<Self, Errno> {
        install()?;
        let start = start.addr();
        for (index, slot) in WATCHED.iter().enumerate() {
            let claim = slot.start.compare_exchange(FREE, CLAIMED, Ordering::SeqCst, Ordering::Relaxed);
            if claim.is_ok() {
                slot.open(start, length);
                return Ok(Self { slot: index, start });
            }
        }
        Err(Errno::AGAIN)
    }

    /// Watches nothing until [`Watch::resume`]: before the range is unmapped or moved, as its addresses
    /// may be somebody else's a moment later.
    pub fn pause(&mut self) {
        WATCHED[self.slot].close(CLAIMED);
    }

    /// Watches a range, without a fault noted there yet, after a [`Watch::pause`].
    ///
    /// # Safety
    /// As for [`Watch::new`].
    pub unsafe fn resume(&mut self, start: *const u8, length: usize) {
        self.start = start.addr();
        WATCHED[self.slot].open(self.start, length);
    }

    /// Offset from the start of the lowest byte that faulted so far.
    pub fn offset(&self) -> Option<usize> {
        // The handler ran in the midst of this thread's accesses, all of which come before.
        compiler_fence(Ordering::SeqCst);
        let address = WATCHED[self.slot].fault.load(Ordering::Acquire);
        (address != usize::MAX).then(|| address.saturating_sub(self.start))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let slot = &WATCHED[self.slot];
        slot.close(CLAIMED);
        slot.start.store(FREE, Ordering::SeqCst);
    }
}

struct Previous(UnsafeCell<MaybeUninit<libc::sigaction>>);

// SAFETY: written once by `install` before the handler can run, only read afterwards.
unsafe impl Sync for Previous {}

static PREVIOUS: Previous = Previous(UnsafeCell::new(MaybeUninit::uninit()));

fn install() -> Result<(), Errno> {
    static INSTALLED: OnceLock<Result<(), Errno>> = OnceLock::new();
    *INSTALLED.get_or_init(|| {
        PAGE.store(super::page_size(), Ordering::Release);
        let mut action = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: a zeroed sigaction is valid, and both sigaction calls get live pointers; the
        // first call fills PREVIOUS before the second one lets the handler run.
        let returned = unsafe {
            let action = action.assume_init_mut();
            action.sa_sigaction = on_bus_error as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&raw mut action.sa_mask);
            libc::sigaction(libc::SIGBUS, ptr::null(), (*PREVIOUS.0.get()).as_mut_ptr());
            libc::sigaction(libc::SIGBUS, action, ptr::null_mut())
        };
        super::check(returned as libc::ssize_t).map(drop)
    })
}

extern "C" fn on_bus_error(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: errno is the thread's own; the code that was interrupted may be about to read it.
    let errno = unsafe { *libc::__errno_location() };
    // SAFETY: the kernel hands a valid siginfo to an SA_SIGINFO handler.
    let (code, address) = unsafe { ((*info).si_code, (*info).si_addr().addr()) };
    // Any other code comes with an address that is none, or not of what this thread does: `kill(2)`
    // puts its process id there.
    let is_of_access = matches!(code, libc::BUS_ADRERR | libc::BUS_MCEERR_AR);
    if !(is_of_access && WATCHED.iter().any(|slot| slot.replace(address))) {
        chain(signal, info, context);
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

/// Puts anonymous zero pages from the page of `address` up to `end`.
fn blank(address: usize, end: usize) -> bool {
    let page = address & !(PAGE.load(Ordering::Relaxed) - 1);
    // SAFETY: the range is the rest of a watched mapping, whose owner allowed its replacement, and who
    // waits for this call before it gives the range up.
    let placed = unsafe {
        libc::mmap(
            ptr::without_provenance_mut(page),
            end - page,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    placed != libc::MAP_FAILED
}

/// Hands the signal to the handler that was installed before ours; without one, does what the kernel would
/// have done.
fn chain(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: PREVIOUS was filled before this handler was installed, and the kernel hands a valid siginfo
    // to it.
    let (previous, was_sent) = unsafe { ((*PREVIOUS.0.get()).assume_init_ref(), (*info).si_code <= 0) };
    match previous.sa_sigaction {
        libc::SIG_IGN if was_sent => {}
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: both are async-signal-safe. An access that faulted is tried again on return and
            // ends the process; a signal that was sent has to be raised again, and comes on return.
            unsafe {
                libc::signal(signal, libc::SIG_DFL);
                if was_sent {
                    libc::raise(signal);
                }
            }
        }
        handler if previous.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: the flags say that the address is a three-argument handler.
            let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
                unsafe { std::mem::transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: without SA_SIGINFO the address is a one-argument handler.
            let handler: extern "C" fn(libc::c_int) = unsafe { std::mem::transmute(handler) };
            handler(signal);
        }
    }
}

#[cfg(test)]
mod tests;

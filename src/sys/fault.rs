//! SIGBUS inside a watched mapping, turned into a note instead of a death.
//!
//! A page of a file mapping that has no page of the file behind it (the file shrank, or its file
//! system is full) raises SIGBUS. The handler puts anonymous zero pages over the rest of the
//! watched range, notes the address, and lets the copy run on; the copy then reads the note and
//! ends as an error. Nothing is prefaulted for this, so a copy that does not fault is not slowed.
//! A SIGBUS anywhere else goes to the handler that was there before.
//!
//! References: `sigaction(2)`, `mmap(2)` (SIGBUS), `signal-safety(7)`: the handler only touches
//! atomics and calls `mmap`, which is a bare system call.

use rustix::io::Errno;
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

const SLOTS: usize = 256;

struct Slot {
    /// Address of the first byte, `FREE` or `CLAIMED`.
    start: AtomicUsize,
    end: AtomicUsize,
    /// Lowest address that faulted, `usize::MAX` while none did.
    fault: AtomicUsize,
}

const FREE: usize = 0;
/// No mapping starts at address 1: it is not page aligned.
const CLAIMED: usize = 1;

static WATCHED: [Slot; SLOTS] = [const {
    Slot { start: AtomicUsize::new(FREE), end: AtomicUsize::new(0), fault: AtomicUsize::new(usize::MAX) }
}; SLOTS];

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
    /// The range is one live mapping, owned by the caller, that outlives the watch, and whose
    /// pages may be replaced by anonymous ones after a fault.
    pub unsafe fn new(start: *const u8, length: usize) -> Result<Self, Errno> {
        install()?;
        let start = start.addr();
        for (index, slot) in WATCHED.iter().enumerate() {
            let claim = slot.start.compare_exchange(FREE, CLAIMED, Ordering::AcqRel, Ordering::Relaxed);
            if claim.is_ok() {
                slot.fault.store(usize::MAX, Ordering::Relaxed);
                slot.end.store(start + length, Ordering::Relaxed);
                slot.start.store(start, Ordering::Release);
                return Ok(Self { slot: index, start });
            }
        }
        Err(Errno::AGAIN)
    }

    /// Watches another range instead, without a fault noted there yet.
    ///
    /// # Safety
    /// As for [`Watch::new`].
    pub unsafe fn retarget(&mut self, start: *const u8, length: usize) {
        let slot = &WATCHED[self.slot];
        slot.start.store(CLAIMED, Ordering::Release);
        slot.fault.store(usize::MAX, Ordering::Relaxed);
        self.start = start.addr();
        slot.end.store(self.start + length, Ordering::Relaxed);
        slot.start.store(self.start, Ordering::Release);
    }

    /// Offset from the start of the lowest byte that faulted so far.
    pub fn offset(&self) -> Option<usize> {
        let address = WATCHED[self.slot].fault.load(Ordering::Acquire);
        (address != usize::MAX).then(|| address.saturating_sub(self.start))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHED[self.slot].start.store(FREE, Ordering::Release);
    }
}

struct Previous(UnsafeCell<MaybeUninit<libc::sigaction>>);

// SAFETY: written once by `install` before the handler can run, only read afterwards.
unsafe impl Sync for Previous {}

static PREVIOUS: Previous = Previous(UnsafeCell::new(MaybeUninit::uninit()));

fn install() -> Result<(), Errno> {
    static INSTALLED: OnceLock<Result<(), Errno>> = OnceLock::new();
    *INSTALLED.get_or_init(|| {
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
    // SAFETY: the kernel hands a valid siginfo to an SA_SIGINFO handler.
    let address = unsafe { (*info).si_addr() }.addr();
    for slot in &WATCHED {
        let start = slot.start.load(Ordering::Acquire);
        let end = slot.end.load(Ordering::Relaxed);
        if start > CLAIMED && (start..end).contains(&address) && blank(address, end) {
            slot.fault.fetch_min(address, Ordering::AcqRel);
            return;
        }
    }
    chain(signal, info, context);
}

/// Puts anonymous zero pages from the page of `address` up to `end`.
fn blank(address: usize, end: usize) -> bool {
    let page = address & !(super::page_size() - 1);
    // SAFETY: the range is the rest of a watched mapping, whose owner allowed its replacement.
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

/// Hands the signal to the handler that was installed before ours; without one, restores the
/// default, so that the faulting access, tried again on return, ends the process.
fn chain(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: PREVIOUS was filled before this handler was installed.
    let previous = unsafe { (*PREVIOUS.0.get()).assume_init_ref() };
    match previous.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {
            // SAFETY: signal(2) is async-signal-safe.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
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

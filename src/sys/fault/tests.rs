use super::*;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::{env, thread};

const MARK: u8 = 0xA5;

/// Four pages in a row: `before`, one that faults, one of somebody else, and `behind`.
struct Row {
    base: *mut u8,
    page: usize,
}

// SAFETY: threads reach the memory by volatile accesses to pages that no other writes meanwhile.
unsafe impl Sync for Row {}

impl Row {
    fn new() -> Self {
        let page = crate::sys::page_size();
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: the kernel picks the address.
        let base = unsafe { libc::mmap(ptr::null_mut(), 4 * page, protection, flags, -1, 0) };
        assert_ne!(base, libc::MAP_FAILED);
        let row = Self { base: base.cast(), page };
        row.mark();
        row
    }

    fn page(&self, index: usize) -> *mut u8 {
        self.base.wrapping_add(index * self.page)
    }

    fn mark(&self) {
        // SAFETY: the third page is mapped, and nobody else stores there.
        unsafe { self.page(2).write_volatile(MARK) };
    }

    /// Loads from a page of an empty file, and says whether somebody else's page lost its mark.
    fn provoke(&self, empty: &File) -> bool {
        let flags = libc::MAP_SHARED | libc::MAP_FIXED;
        let (fd, page) = (empty.as_raw_fd(), self.page(1));
        // SAFETY: the second page is this thread's own; its load faults, and gives 0 afterwards.
        unsafe {
            let placed = libc::mmap(page.cast(), self.page, libc::PROT_READ, flags, fd, 0);
            assert_eq!(placed, page.cast());
            assert_eq!(page.read_volatile(), 0);
        }
        // SAFETY: as in `mark`.
        let wiped = unsafe { self.page(2).read_volatile() } != MARK;
        if wiped {
            self.mark();
        }
        wiped
    }
}

/// A handler that takes the start of one range and the end of another wipes what lies between them.
/// `COPYBENCH_BUS_ERRORS` says how many faults to provoke; a race may take millions to be seen.
#[test]
fn ranges_that_change_meanwhile_cost_nobody_a_page() {
    let wanted = env::var("COPYBENCH_BUS_ERRORS").ok().and_then(|count| count.parse().ok());
    let wanted: u64 = wanted.unwrap_or(100_000);
    let (provoked, wiped, over) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let rows = [Row::new(), Row::new()];
    let page = rows[0].page;
    // These come first in the table, before the ranges that fault.
    // SAFETY: the pages are mapped until the end of the process.
    let changing =
        rows.each_ref().map(|row| [0, 3].map(|_| unsafe { Watch::new(row.page(0), page) }.unwrap()));
    thread::scope(|scope| {
        for row in &rows {
            scope.spawn(|| {
                let empty = tempfile::tempfile().unwrap();
                // SAFETY: as above.
                let watch = unsafe { Watch::new(row.page(1), page) }.unwrap();
                while provoked.fetch_add(1, Ordering::Relaxed) < wanted {
                    wiped.fetch_add(u64::from(row.provoke(&empty)), Ordering::Relaxed);
                }
                over.store(true, Ordering::Relaxed);
                assert_eq!(watch.offset(), Some(0));
            });
        }
        for (row, watches) in rows.iter().zip(changing) {
            let over = &over;
            scope.spawn(move || {
                let mut watches = watches;
                while !over.load(Ordering::Relaxed) {
                    for (index, watch) in [3, 0].into_iter().flat_map(|page| [(page, 0), (page, 1)]) {
                        let watch = &mut watches[watch];
                        watch.pause();
                        // SAFETY: as above.
                        unsafe { watch.resume(row.page(index), page) };
                    }
                }
            });
        }
    });
    assert_eq!(wiped.into_inner(), 0, "of {wanted} faults");
}

/// What runs in a process of its own, as it may end it.
fn outcome(test: &str) -> std::process::ExitStatus {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "--ignored", "--test-threads=1"]).arg(format!("sys::fault::tests::{test}"));
    command.output().unwrap().status
}

#[test]
fn a_signal_that_was_sent_is_not_taken_for_a_fault() {
    assert_eq!(outcome("sends_itself_a_signal").signal(), Some(libc::SIGBUS));
}

#[test]
#[ignore = "ends the process; run by another test"]
fn sends_itself_a_signal() {
    let row = Row::new();
    // SAFETY: the pages are mapped until the end of the process.
    let watch = unsafe { Watch::new(row.page(0), row.page) }.unwrap();
    // SAFETY: an all-zero siginfo is valid, and the call only reads it. Where the address of a fault
    // would be, it has one that is watched, as a process id and a user id may happen to be.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        info.si_signo = libc::SIGBUS;
        info.si_code = libc::SI_QUEUE;
        (&raw mut info).cast::<usize>().add(2).write(row.page(0).addr());
        // The handler that std installs restores the default and waits for the next.
        for _ in 0..2 {
            let (process, thread) = (libc::getpid(), libc::gettid());
            libc::syscall(libc::SYS_rt_tgsigqueueinfo, process, thread, libc::SIGBUS, &raw const info);
        }
    }
    assert_eq!(watch.offset(), None);
}

#[test]
fn a_fault_leaves_errno_and_the_rest_of_the_range_as_a_copy_needs_them() {
    let row = Row::new();
    let empty = tempfile::tempfile().unwrap();
    // SAFETY: the pages are mapped until the end of the process.
    let watch = unsafe { Watch::new(row.page(1), row.page) }.unwrap();
    // SAFETY: errno is this thread's own.
    unsafe { *libc::__errno_location() = libc::EXDEV };
    assert!(!row.provoke(&empty));
    // SAFETY: as above.
    assert_eq!(unsafe { *libc::__errno_location() }, libc::EXDEV);
    assert_eq!(watch.offset(), Some(0));
}

use super::*;
use std::os::unix::fs::FileExt;

const EVENTS: [Event; 5] = [
    Event::SystemCall(libc::SYS_pread64),
    Event::SystemCall(libc::SYS_ioctl),
    Event::SystemCalls,
    Event::MinorFaults,
    Event::ContextSwitches,
];

/// Counters, or nothing where this user may have none, for a reason that names the hint.
fn counters() -> Option<Counters> {
    match Counters::open(&EVENTS) {
        Ok(counters) => Some(counters),
        Err(refusal) => {
            assert!(!rustix::process::geteuid().is_root(), "{refusal}");
            assert!(refusal.hint().contains("run as root"), "{refusal}");
            None
        }
    }
}

fn count(counted: &[(Event, u64)], event: Event) -> Option<u64> {
    counted.iter().find(|(each, _)| *each == event).map(|(_, count)| *count)
}

#[test]
fn counts_nothing_but_what_happens_between_start_and_stop() {
    let Some(mut counters) = counters() else { return };
    let file = tempfile::tempfile().unwrap();
    let mut bytes = [0; 10];
    for calls in [0, 3, 7] {
        file.read_at(&mut bytes, 0).unwrap();
        counters.start().unwrap();
        for _ in 0..calls {
            file.read_at(&mut bytes, 0).unwrap();
        }
        let counted = counters.stop().unwrap();
        assert_eq!(count(&counted, Event::SystemCall(libc::SYS_pread64)), Some(calls));
        assert_eq!(count(&counted, Event::SystemCall(libc::SYS_ioctl)), Some(0));
        assert_eq!(count(&counted, Event::SystemCalls), Some(calls));
    }
}

#[test]
fn counts_threads_and_processes_that_start_meanwhile() {
    let Some(mut counters) = counters() else { return };
    let file = tempfile::tempfile().unwrap();
    for _ in 0..2 {
        counters.start().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| file.read_at(&mut [0; 10], 0).unwrap());
            }
        });
        let threads = counters.stop().unwrap();
        assert_eq!(count(&threads, Event::SystemCall(libc::SYS_pread64)), Some(3));
        counters.start().unwrap();
        std::process::Command::new("true").status().unwrap();
        let process = counters.stop().unwrap();
        assert!(count(&process, Event::SystemCalls).unwrap() > 10, "{process:?}");
    }
}

#[test]
fn counts_a_fault_for_each_new_page() {
    let Some(mut counters) = counters() else { return };
    counters.start().unwrap();
    let mut buffer = crate::sys::aligned::Buffer::new(100 * crate::sys::page_size()).unwrap();
    buffer.fill(1);
    let counted = counters.stop().unwrap();
    drop(buffer);
    let faults = count(&counted, Event::MinorFaults).unwrap();
    assert!((100..120).contains(&faults), "{faults}");
}

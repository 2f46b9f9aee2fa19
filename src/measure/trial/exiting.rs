//! Threads that were joined and are not gone yet.

use crate::sys::process_stat::field;
use std::time::{Duration, Instant};
use std::{fs, thread};

/// `PF_EXITING` of `include/linux/sched.h`.
const EXITING: u64 = 4;
/// Longer than any grace period of RCU that is not stuck.
const PATIENCE: Duration = Duration::from_secs(1);

/// Waits until no thread of this process is on its way out. A joined thread still frees the events of
/// `perf_event_open(2)` that it inherited, waits for grace periods of RCU meanwhile, and its context switches
/// would be counted as those of the next copy.
pub(super) fn wait_for_exiting_threads() {
    let until = Instant::now() + PATIENCE;
    while any() && Instant::now() < until {
        thread::sleep(Duration::from_millis(1));
    }
}

fn any() -> bool {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return false };
    tasks.flatten().any(|task| fs::read_to_string(task.path().join("stat")).is_ok_and(|stat| exits(&stat)))
}

fn exits(stat: &str) -> bool {
    let flags = field(stat, 9).and_then(|flags| flags.parse::<u64>().ok());
    flags.is_some_and(|flags| flags & EXITING != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_tell_threads_on_their_way_out() {
        assert!(exits("98 (init) 1 (x)) D 1 0 0 0 -1 4194372 0 0"));
        assert!(!exits("98 (init) S 1 0 0 0 -1 4194368 0 0"));
        assert!(!exits(""));
    }
}

//! Whether a copy waits inside the clock, which counted instructions cannot tell: while all wait,
//! a guest's clock jumps to its next timer.

use crate::measure::worker::protocol::Reply;

/// Copies most of which must have waited before a strategy is left out for it: one copy may once
/// have met a lock that a worker of the kernel held, or the journal's own writes.
pub(crate) const PROBES: usize = 3;

/// What one copy waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wait {
    switches: u64,
    requests: u64,
}

impl Wait {
    /// What `copy` waited for. A fast disk may answer before its task sleeps, so requests to disks
    /// tell as much as voluntary context switches do: other tasks of a guest are idle.
    pub(crate) fn of<E>(copy: impl FnOnce() -> Result<Reply, E>) -> Result<(Self, Reply), E> {
        let before = requests();
        let reply = copy()?;
        let switches = match &reply {
            Reply::Block(copies) => copies.counter("voluntary_switches"),
            _ => None,
        };
        let requests = requests().saturating_sub(before);
        Ok((Self { switches: switches.unwrap_or(0), requests }, reply))
    }

    /// Why a strategy is left out after these copies; none where most did not wait.
    pub(crate) fn reason(copies: &[Self]) -> Option<String> {
        let waited: Vec<_> = copies.iter().filter(|wait| wait.switches + wait.requests > 0).collect();
        let least = waited.iter().min().filter(|_| waited.len() * 2 > copies.len())?;
        Some(format!(
            "it waits inside the clock (voluntary context switches a copy: {}, requests to disks: {}), which \
             counted instructions cannot tell",
            least.switches, least.requests
        ))
    }
}

/// Requests that the disks of this machine have ended. Without disks there is no such file.
fn requests() -> u64 {
    ended(&std::fs::read_to_string("/proc/diskstats").unwrap_or_default())
}

/// Reads, writes and flushes ended, `Documentation/admin-guide/iostats.rst`: behind the device's
/// two numbers and its name, fields 1, 5 and 16. Kernels before 5.5 have no field 16.
fn ended(diskstats: &str) -> u64 {
    let of = |line: &str| -> u64 {
        let fields: Vec<&str> = line.split_whitespace().skip(3).collect();
        [0, 4, 15].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum()
    };
    diskstats.lines().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_all_disks_are_added() {
        let text = " 254 0 vda 5 1 40 9 7 2 56 3 0 12 12 0 0 0 0 2 0\n 254 16 vdb 1 0 8 0 0 0 0 0 0 0 0\n";
        assert_eq!(ended(text), 5 + 7 + 2 + 1);
        assert_eq!(ended(""), 0);
    }

    #[test]
    fn most_copies_must_have_waited() {
        let wait = |switches, requests| Wait { switches, requests };
        assert_eq!(Wait::reason(&[wait(0, 0), wait(9, 0), wait(0, 0)]), None);
        let reason = Wait::reason(&[wait(0, 2), wait(9, 4), wait(0, 0)]).unwrap();
        assert!(reason.contains("switches a copy: 0, requests to disks: 2"), "{reason}");
    }
}

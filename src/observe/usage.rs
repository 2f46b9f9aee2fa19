use crate::sys::rusage::{Usage, Who, usage};

/// Counters of this process and its waited-for children when the observation began.
#[derive(Clone, Copy, Debug)]
pub struct Observation {
    process: Usage,
    children: Usage,
}

/// What one or more copies added to the counters.
pub type Difference = Usage;

impl Observation {
    /// Reads the counters. Two system calls, both outside the clock.
    #[must_use]
    pub fn begin() -> Self {
        Self { process: usage(Who::Process), children: usage(Who::Children) }
    }

    /// What was added since.
    #[must_use]
    pub fn end(self) -> Difference {
        let process = subtract(usage(Who::Process), self.process);
        let children = subtract(usage(Who::Children), self.children);
        each(process, children, u64::wrapping_add)
    }
}

fn subtract(now: Usage, before: Usage) -> Usage {
    each(now, before, u64::saturating_sub)
}

fn each(left: Usage, right: Usage, combine: impl Fn(u64, u64) -> u64) -> Usage {
    Usage {
        user_ns: combine(left.user_ns, right.user_ns),
        system_ns: combine(left.system_ns, right.system_ns),
        minor_faults: combine(left.minor_faults, right.minor_faults),
        major_faults: combine(left.major_faults, right.major_faults),
        voluntary_switches: combine(left.voluntary_switches, right.voluntary_switches),
        involuntary_switches: combine(left.involuntary_switches, right.involuntary_switches),
    }
}

use super::Fail;
use crate::sys::errno::describe;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::str::FromStr;

/// Where a run may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Processor {
    /// Wherever the kernel likes.
    Any,
    /// On this one only.
    Only(usize),
}

impl FromStr for Processor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "any" => Ok(Self::Any),
            number => number.parse().map(Self::Only).map_err(|_| "not `any` or a number".to_owned()),
        }
    }
}

impl Processor {
    /// The last one that this process may run on. Two builds that copy in turn share it: on a
    /// processor each, what differs between those is noise that no round cancels.
    pub(super) fn shared() -> Self {
        let allowed = sched_getaffinity(None);
        let last = |set: CpuSet| (0..CpuSet::MAX_CPU).rev().find(|cpu| set.is_set(*cpu));
        allowed.ok().and_then(last).map_or(Self::Any, Self::Only)
    }

    /// Keeps this process and those that it starts there.
    pub(super) fn keep(self) -> anyhow::Result<()> {
        let Self::Only(cpu) = self else { return Ok(()) };
        let mut set = CpuSet::new();
        if cpu >= CpuSet::MAX_CPU {
            return Err(Fail::Use(format!("there is no processor {cpu}")).into());
        }
        set.set(cpu);
        sched_setaffinity(None, &set).map_err(|errno| {
            Fail::Use(format!("running on processor {cpu} only: {}", describe(errno))).into()
        })
    }
}

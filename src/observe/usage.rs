use super::{Copied, Counts, Observation, Observer, Refusal, Schedule};
use crate::sys::rusage::{Usage, Who, usage};

pub(super) static OBSERVER: Observer = Observer {
    name: "usage",
    summary: "Faults, context switches and CPU time of this process and its children, from getrusage(2)",
    counters: &[
        "minor_faults",
        "major_faults",
        "voluntary_switches",
        "involuntary_switches",
        "user_ns",
        "system_ns",
    ],
    schedule: Schedule::Every,
    prepare: || Ok(Box::new(Reading::default())),
};

type Both = [Usage; 2];

#[derive(Default)]
struct Reading {
    before: Both,
    after: Both,
}

impl Observation for Reading {
    fn begin(&mut self) {
        self.before = read();
    }

    fn end(&mut self) {
        self.after = read();
    }

    fn counts(&mut self, _: &Copied<'_>) -> Result<Counts, Refusal> {
        let added = |field: fn(&Usage) -> u64| {
            let of = |both: &Both| both.iter().map(field).sum::<u64>();
            of(&self.after).saturating_sub(of(&self.before))
        };
        Ok(vec![
            ("minor_faults", added(|usage| usage.minor_faults)),
            ("major_faults", added(|usage| usage.major_faults)),
            ("voluntary_switches", added(|usage| usage.voluntary_switches)),
            ("involuntary_switches", added(|usage| usage.involuntary_switches)),
            ("user_ns", added(|usage| usage.user_ns)),
            ("system_ns", added(|usage| usage.system_ns)),
        ])
    }
}

fn read() -> Both {
    [usage(Who::Process), usage(Who::Children)]
}

use std::fs::read_to_string;

/// CPU time of all processors since boot, in clock ticks (`proc_stat(5)`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTime {
    total: u64,
    steal: u64,
}

impl CpuTime {
    /// Share of the time since `before` that the hypervisor gave to others, from 0 to 1.
    pub fn steal_since(self, before: Self) -> f64 {
        let total = self.total.saturating_sub(before.total);
        let steal = self.steal.saturating_sub(before.steal);
        if total == 0 { 0.0 } else { (steal as f64 / total as f64 * 10_000.0).round() / 10_000.0 }
    }
}

/// Reads the counters; zeros where they cannot be read.
pub fn cpu_time() -> CpuTime {
    parse(&read_to_string("/proc/stat").unwrap_or_default())
}

fn parse(text: &str) -> CpuTime {
    let Some(line) = text.lines().find(|line| line.starts_with("cpu ")) else {
        return CpuTime::default();
    };
    // user nice system idle iowait irq softirq steal; guest times are part of user.
    let fields: Vec<u64> =
        line.split_whitespace().skip(1).take(8).map(|field| field.parse().unwrap_or(0)).collect();
    CpuTime { total: fields.iter().sum(), steal: fields.get(7).copied().unwrap_or(0) }
}

/// Bytes that this process can still use without swapping: `MemAvailable` of `proc_meminfo(5)`, or less
/// where a control group has a limit.
pub fn available_memory() -> Option<u64> {
    let machine = meminfo("MemAvailable:");
    machine.into_iter().chain(super::control_group::available_memory()).min()
}

/// Bytes of memory.
pub(super) fn total_memory() -> Option<u64> {
    meminfo("MemTotal:")
}

fn meminfo(name: &str) -> Option<u64> {
    let text = read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steal_is_the_eighth_field() {
        let before = parse("cpu  100 0 50 800 10 0 0 40 0 0\ncpu0 1 2\n");
        let after = parse("cpu  150 0 70 900 10 0 0 70 0 0\n");
        assert!((after.steal_since(before) - 0.15).abs() < 1e-9);
        assert!(before.steal_since(before).abs() < f64::EPSILON);
    }
}

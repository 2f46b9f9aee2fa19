//! Faults and memory of a process at one moment.

use crate::explain::proc_directory;
use crate::explain::smaps::{self, Usage, figure};
use serde::Serialize;
use std::io;

/// What a process has used so far, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// Page faults served without I/O, since the start of the process.
    pub minor_faults: u64,
    /// Page faults that waited for I/O, since the start of the process.
    pub major_faults: u64,
    /// Most memory that it ever had in its page table (`VmHWM`), in bytes; the kernel may be
    /// behind by some pages a CPU.
    pub peak: u64,
    /// What it has there now, exact.
    pub memory: Usage,
}

impl State {
    /// Reads `/proc/ID/{stat,status,smaps_rollup}`. Errors: those of reading; `InvalidData` for a `stat` of
    /// another form.
    pub fn read(id: i32) -> io::Result<Self> {
        let directory = proc_directory(id);
        let stat = std::fs::read_to_string(directory.join("stat"))?;
        let (minor_faults, major_faults) =
            faults(&stat).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, stat.clone()))?;
        let status = std::fs::read_to_string(directory.join("status"))?;
        let peak = status.lines().filter_map(figure).find(|(name, _)| *name == "VmHWM");
        Ok(Self {
            minor_faults,
            major_faults,
            peak: peak.map_or(0, |(_, bytes)| bytes),
            memory: smaps::total(id)?,
        })
    }
}

/// Fields 10 and 12 of `proc_pid_stat(5)`. The second field is the program's name in parentheses,
/// which may itself hold blanks and parentheses.
fn faults(stat: &str) -> Option<(u64, u64)> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let field = |number: usize| after_name.split_whitespace().nth(number - 3)?.parse().ok();
    Some((field(10)?, field(12)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_found_behind_any_name() {
        assert_eq!(faults("1 (a) b) S 0 1 1 0 -1 4194560 123 9 45 8 0"), Some((123, 45)));
        assert_eq!(faults("1 (a"), None);
    }
}

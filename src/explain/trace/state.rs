//! Faults of a process so far.

use crate::explain::proc_directory;
use crate::sys::process_stat::field;
use std::io;

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Page faults served without I/O.
    pub minor_faults: u64,
    /// Page faults that waited for I/O.
    pub major_faults: u64,
}

impl State {
    /// Reads `/proc/ID/stat`.
    pub fn read(id: i32) -> io::Result<Self> {
        let stat = std::fs::read_to_string(proc_directory(id).join("stat"))?;
        let (minor_faults, major_faults) =
            faults(&stat).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, stat.clone()))?;
        Ok(Self { minor_faults, major_faults })
    }
}

fn faults(stat: &str) -> Option<(u64, u64)> {
    let count = |number| field(stat, number)?.parse().ok();
    Some((count(10)?, count(12)?))
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

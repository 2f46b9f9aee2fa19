//! The figures of `/proc/PID/smaps`: how much of a mapping is in memory, and whose it is.

use super::maps::Region;
use serde::Serialize;
use std::fmt::Display;
use std::io;

/// Memory behind a mapping, or behind a whole process; all in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// In memory and entered in the page table.
    pub rss: u64,
    /// The same, each page divided by the number of processes that map it.
    pub pss: u64,
    /// Mapped by other processes too, as the file has it.
    pub shared_clean: u64,
    /// Mapped by other processes too, not yet written to the file.
    pub shared_dirty: u64,
    /// Mapped by this process alone, as the file has it.
    pub private_clean: u64,
    /// Mapped by this process alone, not yet written to the file, or anonymous.
    pub private_dirty: u64,
    /// Marked as accessed.
    pub referenced: u64,
    /// Belongs to no file; in a private mapping of a file, the pages copied on write.
    pub anonymous: u64,
    pub swap: u64,
    /// Entered in the page table by huge entries of file pages.
    pub file_huge: u64,
}

/// A mapping and the memory behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backed {
    pub region: Region,
    pub usage: Usage,
}

impl Usage {
    /// Pages that hold stores which the file does not have yet, shared or not.
    pub fn dirty(&self) -> u64 {
        self.shared_dirty.saturating_add(self.private_dirty)
    }

    /// Takes over the figure of a line such as `Rss:  4 kB`; other lines change nothing.
    fn take(&mut self, line: &str) {
        let Some((name, bytes)) = figure(line) else { return };
        let field = match name {
            "Rss" => &mut self.rss,
            "Pss" => &mut self.pss,
            "Shared_Clean" => &mut self.shared_clean,
            "Shared_Dirty" => &mut self.shared_dirty,
            "Private_Clean" => &mut self.private_clean,
            "Private_Dirty" => &mut self.private_dirty,
            "Referenced" => &mut self.referenced,
            "Anonymous" => &mut self.anonymous,
            "Swap" => &mut self.swap,
            "FilePmdMapped" => &mut self.file_huge,
            _ => return,
        };
        *field = bytes;
    }
}

/// All mappings of a process with their memory, by address.
pub fn read(id: impl Display) -> io::Result<Vec<Backed>> {
    let text = std::fs::read(super::proc_directory(id).join("smaps"))?;
    Ok(parse(&String::from_utf8_lossy(&text)))
}

/// The memory of a whole process, exact. Errors: those of reading `/proc/ID/smaps_rollup` (Linux 4.14).
pub fn total(id: impl Display) -> io::Result<Usage> {
    let text = std::fs::read_to_string(super::proc_directory(id).join("smaps_rollup"))?;
    let mut usage = Usage::default();
    text.lines().for_each(|line| usage.take(line));
    Ok(usage)
}

/// Name and bytes of a line such as `VmHWM:   1024 kB`, the form of smaps and of
/// `/proc/PID/status`.
pub fn figure(line: &str) -> Option<(&str, u64)> {
    let (name, value) = line.split_once(':')?;
    let kibibytes: u64 = value.trim().strip_suffix(" kB")?.trim_end().parse().ok()?;
    Some((name, kibibytes.checked_mul(1024)?))
}

/// All mappings of a text of that form; other lines are passed over.
pub fn parse(text: &str) -> Vec<Backed> {
    let mut all: Vec<Backed> = Vec::new();
    for line in text.lines() {
        if let Ok(region) = line.parse() {
            all.push(Backed { region, usage: Usage::default() });
        } else if let Some(last) = all.last_mut() {
            last.usage.take(line);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
01000-03000 rw-s 00000000 08:01 42                     /tmp/lmfile
Size:                  8 kB
KernelPageSize:        4 kB
Rss:                   8 kB
Pss:                   4 kB
Pss_Dirty:             2 kB
Shared_Clean:          4 kB
Shared_Dirty:          0 kB
Private_Clean:         0 kB
Private_Dirty:         4 kB
Anonymous:             0 kB
THPeligible:           0
VmFlags: rd wr sh mr mw me ms
05000-06000 r--p 00000000 00:00 0
Rss:                   4 kB
";

    #[test]
    fn each_mapping_has_its_own_figures() {
        let all = parse(TEXT);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].region.inode, 42);
        let expected =
            Usage { rss: 8192, pss: 4096, shared_clean: 4096, private_dirty: 4096, ..Usage::default() };
        assert_eq!(all[0].usage, expected);
        assert_eq!(all[0].usage.dirty(), 4096);
        assert_eq!(all[1].usage, Usage { rss: 4096, ..Usage::default() });
    }

    #[test]
    fn figures_are_bytes() {
        assert_eq!(figure("VmHWM:\t    1024 kB"), Some(("VmHWM", 1 << 20)));
        assert_eq!(figure("Threads:\t1"), None);
        assert_eq!(figure("VmFlags: rd wr"), None);
    }

    #[test]
    fn the_whole_process_is_the_sum_of_its_mappings() {
        assert!(total("self").unwrap().rss > 0);
        assert!(read("self").unwrap().iter().any(|backed| backed.usage.rss > 0));
    }
}

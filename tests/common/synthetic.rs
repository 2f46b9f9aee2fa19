//! Records of made-up runs.

use std::fmt::Write;
use std::path::Path;

pub(crate) const CELL: &str = "ext4|dense|1MiB|warm|new|none";
pub(crate) const STRATEGIES: [(&str, f64); 4] =
    [("mmap-write", 1.1), ("read-write-256k", 1.0), ("sendfile", 0.9), ("splice-1m", 0.8)];

/// A run in the making: its text is a record.
pub(crate) struct Synthetic {
    text: String,
    state: u32,
}

/// What the first line says.
pub(crate) struct Head<'a> {
    pub(crate) id: &'a str,
    pub(crate) clock: &'a str,
    pub(crate) kernel: &'a str,
    pub(crate) governor: &'a str,
    pub(crate) schema: &'a str,
    /// Accelerator of the guest; empty outside guests.
    pub(crate) accel: &'a str,
}

pub(crate) const HEAD: Head<'static> = Head {
    id: "example",
    clock: "wall",
    kernel: "6.12.115",
    governor: "performance",
    schema: "1.0",
    accel: "",
};

impl Synthetic {
    pub(crate) fn new(head: &Head<'_>, seed: u32) -> Self {
        let guest = if head.accel.is_empty() {
            String::new()
        } else {
            format!(
                r#","guest":{{"accel":"{}","reason":"asked for","emulator":"7.2","cpu":"max","memory_mib":512,"settle_seconds":0}}"#,
                head.accel
            )
        };
        let text = format!(
            r#"{{"t":"run","schema":"{}","id":"{}","started":"2026-01-02T03:04:05Z","clock":"{}","argv":["copybench","run","--dir","DIR","--processes","3"],"commit":{{"sha":"{:0<40}","dirty":false}},"host":{{"label":"zen4-2cpu","hash":"{}","kernel":"{}","identity":{{"governor":"{}"}},"context":{{}}}},"seed":1{guest}}}"#,
            head.schema, head.id, head.clock, head.id, head.governor, head.kernel, head.governor
        ) + "\n";
        Self { text, state: seed.wrapping_mul(0x9E37_79B9) | 1 }
    }

    /// Adds rounds of `strategies` (name, time in tenths of a millisecond) in a cell.
    pub(crate) fn rounds(
        mut self,
        (cell, arm): (&str, &str),
        strategies: &[(&str, f64)],
        (processes, rounds): (u32, u32),
    ) -> Self {
        let size = if cell.contains("32MiB") { 32 << 20 } else { 1 << 20 };
        let _ = writeln!(
            self.text,
            r#"{{"t":"cell","cell":"{cell}","fs":{{"source":"ext4","target":"ext4"}},"layout":"dense","size":{size},"cache":"warm","dst":"new","end":"none"}}"#
        );
        for process in 1..=processes {
            for round in 0..rounds {
                let common = self.noise(0.05);
                for (strategy, time) in strategies {
                    let elapsed = (1e5 * time * common * self.noise(0.01)) as u64;
                    let _ = writeln!(
                        self.text,
                        r#"{{"t":"sample","cell":"{cell}","strategy":"{strategy}","round":{round},"position":0,"process":{process},"arm":"{arm}","elapsed":[{elapsed}],"bytes":{size},"shared_bytes":0,"allocated_bytes":{size},"verified":true}}"#
                    );
                }
            }
        }
        self
    }

    pub(crate) fn line(mut self, line: &str) -> Self {
        self.text.push_str(line);
        self
    }

    pub(crate) fn write(&self, path: &Path) {
        std::fs::write(path, &self.text).expect("writing a record");
    }

    /// 1 give or take `spread`, by a xorshift generator.
    fn noise(&mut self, spread: f64) -> f64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        1.0 + spread * (2.0 * f64::from(self.state) / f64::from(u32::MAX) - 1.0)
    }
}

/// The usual strategies, one of them slower by a share.
pub(crate) fn slowed(name: &str, share: f64) -> Vec<(&'static str, f64)> {
    let time =
        |(own, time): (&'static str, f64)| (own, if own == name { time * (1.0 + share) } else { time });
    STRATEGIES.into_iter().map(time).collect()
}

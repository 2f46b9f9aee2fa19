//! W2 and W3: what a mapping saves, and what it asks for instead.

use crate::explain::trace::{Call, totals};
use crate::lab::copy::{self, BUFFER, Method, SOURCE, TARGET};
use crate::lab::notes::Notes;
use crate::lab::{Lab, Statement};
use anyhow::Context;
use std::fs;

pub(super) static CALLS: Statement = Statement {
    id: "W2",
    text: "Advantage: bytes are accessed without the overhead of read(2) and write(2) calls.",
    c: "while ((n = read(in, buffer, sizeof buffer)) > 0) write(out, buffer, n);\n\
        against: memcpy(to, from, length);",
    rust: "while source.read(&mut buffer)? > 0 { target.write_all(..)? }\n\
           against: to.copy_from_slice(&from)",
    check: calls,
};

pub(super) static MEMORY: Statement = Statement {
    id: "W3",
    text: "Advantage: there is no multiple buffering.",
    c: "the copies of W2; then read /proc/self/smaps_rollup",
    rust: "std::fs::read_to_string(\"/proc/self/smaps_rollup\")?",
    check: memory,
};

/// Bytes that are copied.
const COPIED: usize = 4 << 20;
/// Bytes that are looked at one by one.
const LOOKED_AT: usize = 16 << 10;

fn calls(lab: &Lab<'_>, notes: &mut Notes) -> anyhow::Result<()> {
    make_source(lab, COPIED)?;
    let by_calls =
        observe(lab, notes, Method::Calls, &format!("4 MiB by read and write of {} KiB", BUFFER >> 10))?;
    let by_mappings = observe(lab, notes, Method::Mappings, "4 MiB from mapping to mapping")?;
    make_source(lab, LOOKED_AT)?;
    let byte_calls = observe(lab, notes, Method::ByteCalls, "16 KiB, a read for each byte")?;
    let byte_loads = observe(lab, notes, Method::ByteLoads, "16 KiB, a load from a mapping for each byte")?;
    notes.see(format!(
        "looking at a byte took {:.1} ns by read, {:.1} ns in the mapping, the first touch of its pages included",
        byte_calls.elapsed_per_byte, byte_loads.elapsed_per_byte
    ));

    for (few, many) in [(&by_mappings, &by_calls), (&byte_loads, &byte_calls)] {
        if let (Some(few), Some(many)) = (&few.calls, &many.calls) {
            notes.expect(few.len() < many.len(), "a mapping needs fewer system calls");
            let moves = |call: &Call| matches!(call.name.as_str(), "read" | "write");
            notes.expect(!few.iter().any(moves), "a mapping needs no read and no write");
        }
    }
    notes.remark(format!(
        "the mappings cost {} page faults a MiB in place of the calls ({} by read and write); which is the \
         cheaper has to be measured: copybench run",
        by_mappings.faults >> 2,
        by_calls.faults >> 2
    ));
    Ok(())
}

struct Cost {
    /// None where tracing is not permitted.
    calls: Option<Vec<Call>>,
    faults: u64,
    elapsed_per_byte: f64,
}

/// Traces the method in one child, and counts faults and time in another that is left alone.
fn observe(lab: &Lab<'_>, notes: &mut Notes, method: Method, what: &str) -> anyhow::Result<Cost> {
    let report = copy::measure(lab.directory, method, false)?;
    let calls = match copy::traced(lab.directory, method) {
        Ok(trace) => Some(trace.calls),
        Err(error) => {
            notes.remark(format!("system calls were not counted: {error}"));
            None
        }
    };
    let counted = calls.as_ref().map_or("system calls not counted".to_owned(), |calls| {
        let names: Vec<_> =
            totals(calls).iter().map(|total| format!("{} {}", total.calls, total.name)).collect();
        format!("{} system calls ({})", calls.len(), names.join(", "))
    });
    notes.see(format!("{what}: {counted}; page faults: {}", report.faults));
    Ok(Cost { calls, faults: report.faults, elapsed_per_byte: report.elapsed as f64 / LOOKED_AT as f64 })
}

fn memory(lab: &Lab<'_>, notes: &mut Notes) -> anyhow::Result<()> {
    let content = make_source(lab, COPIED)?;
    let mut anonymous = [0; 2];
    let methods = [(Method::Calls, "by read and write"), (Method::Mappings, "from mapping to mapping")];
    for ((method, what), anonymous) in methods.into_iter().zip(&mut anonymous) {
        let report = copy::measure(lab.directory, method, true)?;
        let copied = fs::read(lab.directory.join(TARGET)).context("read the target")?;
        notes.expect(copied == content, format!("the copy {what} is like the source"));
        notes.see(format!(
            "4 MiB {what}: {} kB of the process's own memory (Anonymous), {} kB more in its page table (Rss)",
            report.anonymous / 1024,
            report.resident / 1024
        ));
        *anonymous = report.anonymous;
    }
    let [by_calls, by_mappings] = anonymous;
    notes.expect(by_calls >= BUFFER as u64, "read and write need a buffer beside the page cache");
    notes.expect(by_mappings < BUFFER as u64 / 2, "mappings need no memory beside the page cache");
    notes.remark(
        "the pages in Rss of the mapped copy are those of the page cache, counted in the process but not \
         used twice; and both copies hold the file twice in the page cache, as source and as target",
    );
    Ok(())
}

fn make_source(lab: &Lab<'_>, length: usize) -> anyhow::Result<Vec<u8>> {
    let content: Vec<u8> = (0..length).map(|index| (index / 7 % 251) as u8).collect();
    lab.file(SOURCE, &content)?;
    Ok(content)
}

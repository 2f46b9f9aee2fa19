use super::boot::BootReport;
use crate::measure::{Hidden, RecordFile};
use crate::record::{CellLine, EndLine, HostLine, Line, Refused, RunLine, SkipLine, Writer};
use crate::{analysis, host};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Instant;

/// Makes one record of what the boots of one kernel send: each boot is a process of the run.
pub(super) struct Collector {
    writer: Writer,
    /// The run line, but for what only the guest knows.
    run: RunLine,
    begun: bool,
    /// Cells that the boots are to measure; what they tell of a cell replaces it.
    cells: BTreeMap<String, CellLine>,
    /// The cell whose line was written last.
    current: Option<String>,
    skipped: BTreeSet<(String, String)>,
    /// Boots and cells that have samples with times.
    timed: BTreeSet<(u32, String)>,
    notes: Vec<String>,
    started: Instant,
    cpu: host::CpuTime,
}

impl Collector {
    pub(super) fn begin(file: RecordFile, run: RunLine, cells: Vec<CellLine>) -> Self {
        Self {
            writer: Writer::to(Box::new(file)),
            run,
            begun: false,
            cells: cells.into_iter().map(|cell| (cell.cell.clone(), cell)).collect(),
            current: None,
            skipped: BTreeSet::new(),
            timed: BTreeSet::new(),
            notes: Vec::new(),
            started: Instant::now(),
            cpu: host::cpu_time(),
        }
    }

    /// Takes a line that the guest sent in its boot of that number.
    pub(super) fn take(&mut self, boot: u32, text: &str) -> io::Result<()> {
        match serde_json::from_str(text)? {
            Line::Run(run) => self.run(boot, run),
            Line::Cell(cell) => {
                self.cells.insert(cell.cell.clone(), cell);
                Ok(())
            }
            Line::Sample(sample) => {
                self.cell(&sample.cell)?;
                if !sample.copies.elapsed.is_empty() {
                    self.timed.insert((boot, sample.cell.clone()));
                }
                self.writer.write(&Line::Sample(sample))
            }
            Line::Skip(skip) => self.skip(skip),
            // Of the guest's own clock and this boot alone.
            Line::Out(_) | Line::Answer(_) | Line::End(_) => Ok(()),
        }
    }

    /// Says why a boot has nothing more to tell of the cells of a file system, or of all.
    pub(super) fn give_up(&mut self, boot: u32, file_system: Option<&str>, reason: &str) -> io::Result<()> {
        self.begin_without_guest()?;
        let reason = &Hidden::default().in_text(reason);
        self.notes.push(format!("boot {boot}: {}", reason.lines().next().unwrap_or_default()));
        let cells: Vec<String> = self
            .cells
            .values()
            .filter(|cell| file_system.is_none_or(|name| cell.fs.source == name))
            .map(|cell| cell.cell.clone())
            .filter(|cell| !self.timed.contains(&(boot, cell.clone())))
            .collect();
        for cell in cells {
            let (strategy, reason) = ("*".to_owned(), reason.to_owned());
            self.skip(Refused::because(&reason).line(cell, &strategy))?;
        }
        Ok(())
    }

    /// Keeps how a boot went.
    pub(super) fn went(&mut self, boot: u32, outcome: &BootReport) {
        let first = outcome.first_record.unwrap_or_default().as_secs_f64();
        self.notes.push(format!(
            "boot {boot}: ready after {:.1} s, first record after {first:.1} s, ended after {:.1} s; clock {}, \
             initramfs {:.1} MiB",
            outcome.ready.as_secs_f64(),
            outcome.total.as_secs_f64(),
            outcome.clock_source,
            outcome.initramfs_bytes as f64 / f64::from(1 << 20),
        ));
        if let Some(panic) = &outcome.retried {
            let panic = Hidden::default().in_text(panic);
            self.notes.push(format!("boot {boot} was tried again after: {panic}"));
        }
    }

    pub(super) fn end(mut self) -> io::Result<()> {
        self.begin_without_guest()?;
        let (samples, skips) = self.writer.written();
        let wall_seconds = (self.started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        let steal = host::cpu_time().steal_since(self.cpu);
        self.notes.sort();
        self.writer.write(&Line::End(EndLine { samples, skips, wall_seconds, steal, notes: self.notes }))
    }

    fn run(&mut self, boot: u32, guest: RunLine) -> io::Result<()> {
        let host = HostLine { label: self.run.host.label.clone(), ..guest.host };
        if self.begun {
            let unlike = analysis::host::differences(&self.run.host, &host);
            if !unlike.is_empty() {
                let fields: Vec<String> = unlike.into_iter().map(|difference| difference.field).collect();
                self.notes.push(format!("boot {boot} differs from an earlier one in {}", fields.join(", ")));
            }
            return Ok(());
        }
        self.run.host = host;
        self.run.observers = guest.observers;
        self.begin_without_guest()
    }

    fn begin_without_guest(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        self.writer.write(&Line::Run(self.run.clone()))
    }

    fn skip(&mut self, skip: SkipLine) -> io::Result<()> {
        // Every boot finds the same out; once is enough.
        if !self.skipped.insert((skip.cell.clone(), skip.strategy.clone())) {
            return Ok(());
        }
        self.cell(&skip.cell)?;
        self.writer.write(&Line::Skip(skip))
    }

    fn cell(&mut self, id: &str) -> io::Result<()> {
        if self.current.as_deref() == Some(id) {
            return Ok(());
        }
        self.begin_without_guest()?;
        self.current = Some(id.to_owned());
        match self.cells.get(id) {
            Some(cell) => self.writer.write(&Line::Cell(cell.clone())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Clock, Copies, FileSystems, Read, SCHEMA, SampleLine, read_files};

    const CELL: &str = "ext4|dense|1MiB|warm|new|none";

    fn run_line(kernel: &str) -> RunLine {
        RunLine {
            schema: SCHEMA.to_owned(),
            id: "one".to_owned(),
            started: "2026-01-02T03:04:05Z".to_owned(),
            clock: Clock::Instructions,
            argv: vec!["copybench".to_owned()],
            commit: crate::measure::commit(),
            host: HostLine {
                label: kernel.to_owned(),
                hash: String::new(),
                kernel: kernel.to_owned(),
                identity: BTreeMap::new(),
                context: BTreeMap::new(),
            },
            seed: 1,
            order_seed: 1,
            observers: BTreeMap::new(),
            unconfirmed: None,
            against: None,
            guest: None,
            part: None,
        }
    }

    fn cell() -> CellLine {
        let fs = FileSystems { source: "ext4".to_owned(), target: "ext4".to_owned() };
        let text = |text: &str| text.to_owned();
        CellLine {
            cell: text(CELL),
            fs,
            layout: text("dense"),
            size: 1 << 20,
            cache: text("warm"),
            dst: text("new"),
            end: text("none"),
            setup: Some(text("kept")),
            cold_level: None,
        }
    }

    fn sample(process: u32) -> String {
        let copies = Copies { elapsed: vec![7], bytes: 1 << 20, ..Copies::default() };
        let line = copies.line(CELL.to_owned(), "mmap-write");
        let sample = SampleLine { round: Some(0), position: Some(0), process, ..line };
        serde_json::to_string(&Line::Sample(sample)).unwrap()
    }

    fn collected(boots: impl FnOnce(&mut Collector)) -> Read {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run.jsonl");
        let file = RecordFile::create(&path).unwrap();
        let mut collector = Collector::begin(file, run_line("host"), vec![cell()]);
        boots(&mut collector);
        collector.end().unwrap();
        read_files(&[path]).unwrap()
    }

    #[test]
    fn boots_are_processes_of_one_run_that_names_the_guests_kernel() {
        let read = collected(|collector| {
            for boot in [1, 2] {
                collector.take(boot, &serde_json::to_string(&Line::Run(run_line("6.1"))).unwrap()).unwrap();
                collector.take(boot, &sample(boot)).unwrap();
            }
        });
        let [run] = &read.runs[..] else { panic!("{read:?}") };
        assert_eq!((run.run.host.kernel.as_str(), run.run.host.label.as_str()), ("6.1", "host"));
        assert_eq!(run.samples.iter().map(|sample| sample.process).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((run.cells.len(), run.end.as_ref().unwrap().samples), (1, 2));
    }

    #[test]
    fn a_boot_that_fails_is_a_skip_of_what_it_did_not_measure() {
        let read = collected(|collector| {
            collector.give_up(1, Some("xfs"), "kernel 5 has no xfs").unwrap();
            assert!(collector.skipped.is_empty());
            collector.give_up(1, None, "the guest panicked: why\n    last line").unwrap();
            collector.give_up(2, None, "once more").unwrap();
        });
        let [skip] = &read.runs[0].skips[..] else { panic!("{read:?}") };
        assert!(skip.strategy == "*" && skip.cell == CELL && skip.refused.reason.ends_with("last line"));
        assert!(read.runs[0].end.as_ref().unwrap().notes.iter().any(|note| note.contains("once more")));
    }
}

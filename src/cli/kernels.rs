mod arguments;
mod task;

pub(super) use arguments::Kernels;

use super::run::find_base;
use super::{Fail, progress};
use crate::analysis::Measurements;
use crate::guest::{Accelerator, Campaign, Choice, FileSystem, Kernel, Report, choose};
use crate::host;
use crate::measure::{Cell, OWN_RECORDS, RecordFile, advise, run_line, unused_directory};
use crate::record::{CellLine, RunLine};
use anyhow::Context;
use arguments::usual;
use std::path::{Path, PathBuf};
use std::time::Duration;
use task::Task;

impl Kernels {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        find_base(&self.base)?;
        let task = Task::new(self)?;
        advise(|| {
            "the same command with another --out begins anew; fewer --boots or --kernel take less time"
                .to_owned()
        });
        let executable = std::env::current_exe().context("finding this executable")?;
        let scratch = std::env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/var/tmp"), PathBuf::from);
        let kernels = self.open(&scratch)?;
        let choice = choose(self.accel, &kernels[0], &executable, &scratch)?;
        super::tell(format_args!("copybench: accelerator {}: {}", choice.accelerator, choice.reason));
        let label = label(choice.accelerator);
        let out = self.out.clone().unwrap_or_else(|| unused_directory(Path::new(OWN_RECORDS), &label));
        let campaign = Campaign {
            kernels: &kernels,
            executable: &executable,
            accelerator: choice.accelerator,
            cpu: self.cpu.clone().unwrap_or_else(|| choice.accelerator.model().to_owned()),
            file_systems: self.file_systems(&task, choice.accelerator)?,
            argv: task.argv(self, choice.accelerator),
            boots: self.boots.unwrap_or(usual(choice.accelerator, [6, 1, 2])),
            seed: self.seed,
            time_limit: self.time_limit,
            memory_mib: self.memory,
            settle: usual(choice.accelerator, [1, 0, 20].map(Duration::from_secs)),
            append: self.append.clone(),
            out: &out,
            scratch: &scratch,
        };
        for lacking in campaign.lacking()? {
            super::tell(format_args!("copybench: {lacking}; skipped there"));
        }
        let records = campaign.records()?;
        let _reserved = task.reserve(&out)?;
        let report = self.measure(&campaign, records, &choice, &label)?;
        self.conclude(&task, &report, &out)
    }

    /// Opens all kernels, oldest release first.
    fn open(&self, scratch: &Path) -> anyhow::Result<Vec<Kernel>> {
        let opened: Result<Vec<Kernel>, _> =
            self.kernel.iter().map(|path| Kernel::open(path, scratch)).collect();
        let mut kernels = opened?;
        kernels.sort_by_cached_key(|kernel| crate::analysis::kernels::age(kernel.release()));
        match kernels.windows(2).find(|pair| pair[0].release() == pair[1].release()) {
            Some(twice) => Err(Fail::Use(format!("kernel {} is given twice", twice[0].release())).into()),
            None => Ok(kernels),
        }
    }

    fn file_systems(
        &self,
        task: &Task,
        accelerator: Accelerator,
    ) -> anyhow::Result<Vec<(FileSystem, Vec<CellLine>)>> {
        let mut planned = Vec::new();
        for one in self.wanted_file_systems() {
            let cells = task.cells(one, accelerator.clock())?;
            planned.push((one, cells.iter().map(Cell::line).collect()));
        }
        Ok(planned)
    }

    fn measure(
        &self,
        campaign: &Campaign<'_>,
        records: Vec<RecordFile>,
        choice: &Choice,
        label: &str,
    ) -> anyhow::Result<Report> {
        let argv: Vec<String> = super::published_argv();
        let mut guests = Vec::new();
        for kernel in campaign.kernels {
            guests.push((kernel.release().to_owned(), campaign.guest_line(kernel, &choice.reason)?));
        }
        let run = |kernel: &Kernel| {
            let here = run_line(&argv, Path::new("."), Path::new("."), self.seed);
            let guest = guests.iter().find(|(release, _)| release == kernel.release());
            let mut host = here.host;
            host.label = label.to_owned();
            host.kernel = kernel.release().to_owned();
            RunLine {
                id: format!("{}-{}", here.id, kernel.release()),
                clock: choice.accelerator.clock(),
                host,
                guest: guest.map(|(_, guest)| Box::new(guest.clone())),
                ..here
            }
        };
        let spinner = progress::Spinner::new();
        let report = campaign.run(records, &run, &|text| spinner.tell(text));
        drop(spinner);
        report.with_context(|| format!("writing records below {}", campaign.out.display()))
    }

    /// The table, and what did not work.
    fn conclude(&self, task: &Task, report: &Report, out: &Path) -> anyhow::Result<()> {
        super::print(&task.findings(self, report, out)?)?;
        super::print(&format!("\nrecords {}\n", out.display()))?;
        for failure in &report.failures {
            super::tell(format_args!(
                "copybench: kernel {}, boot {}: {}",
                failure.release, failure.boot, failure.error
            ));
        }
        match report.failures.len() {
            0 if Measurements::read_files(&report.records)?.is_empty() => {
                Err(super::report::nothing().into())
            }
            0 => Ok(()),
            failures => Err(Fail::Work(format!("{failures} boots failed; the records say why")).into()),
        }
    }
}

/// Name of the machine in records. Counted instructions are the emulator's, whatever runs it.
fn label(accelerator: Accelerator) -> String {
    match accelerator {
        Accelerator::Instructions => "qemu-instructions".to_owned(),
        other => format!("{}-{other}", host::label()),
    }
}

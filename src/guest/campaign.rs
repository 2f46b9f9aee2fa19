//! Every boot of every kernel, each kernel into a record of its own.

use super::collect::Collector;
use super::machine::Machine;
use super::{Accelerator, Boot, BootError, FileSystem, Kernel, KernelError};
use crate::measure::{self, RecordFile, RecordFileError};
use crate::record::{CellLine, GuestLine, RunLine};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Kernels to be booted alike.
pub struct Campaign<'a> {
    /// The kernels; the order is that of reports.
    pub kernels: &'a [Kernel],
    /// See [`Boot::executable`].
    pub executable: &'a Path,
    /// What runs the guests.
    pub accelerator: Accelerator,
    /// See [`Boot::cpu`].
    pub cpu: String,
    /// File systems that are measured on, with the cells of each.
    pub file_systems: Vec<(FileSystem, Vec<CellLine>)>,
    /// See [`Boot::argv`].
    pub argv: Vec<String>,
    /// Boots of each kernel.
    pub boots: u32,
    /// Seed of the order of boots.
    pub seed: u64,
    /// See [`Boot::time_limit`].
    pub time_limit: Duration,
    /// See [`Boot::memory_mib`].
    pub memory_mib: u64,
    /// See [`Boot::settle`].
    pub settle: Duration,
    /// See [`Boot::append`].
    pub append: String,
    /// Where records and consoles go, a directory for each kernel.
    pub out: &'a Path,
    /// Directory for the guests' files while they run.
    pub scratch: &'a Path,
}

/// A boot that brought nothing or not all.
#[derive(Debug)]
pub struct Failure {
    /// Release of the kernel.
    pub release: String,
    /// Number of the boot.
    pub boot: u32,
    pub error: BootError,
}

#[derive(Debug, Default)]
pub struct Report {
    /// Records, in the order of the kernels.
    pub records: Vec<PathBuf>,
    /// Boots that failed.
    pub failures: Vec<Failure>,
}

/// Told as boots begin and end, by whichever thread boots.
pub type Watcher<'a> = dyn Fn(&str) + Sync + 'a;

impl Campaign<'_> {
    /// File systems that a kernel of the campaign lacks: they are skipped there. Errors: a kernel that
    /// lacks them all.
    pub fn lacking(&self) -> Result<Vec<KernelError>, KernelError> {
        let mut lacking = Vec::new();
        for kernel in self.kernels {
            let error = |one: FileSystem| KernelError::NoFileSystem {
                file_system: one.name(),
                release: kernel.release().to_owned(),
            };
            let missing: Vec<FileSystem> =
                self.file_systems.iter().map(|(one, _)| *one).filter(|one| !kernel.has(*one)).collect();
            match missing.first() {
                Some(first) if missing.len() == self.file_systems.len() => return Err(error(*first)),
                _ => lacking.extend(missing.into_iter().map(error)),
            }
        }
        Ok(lacking)
    }

    /// How guests of a kernel are made, for its record. Errors: a missing QEMU.
    pub fn guest_line(&self, kernel: &Kernel, reason: &str) -> Result<GuestLine, BootError> {
        Ok(GuestLine {
            accel: self.accelerator.name().to_owned(),
            reason: reason.to_owned(),
            emulator: Machine::version()?,
            cpu: self.cpu.clone(),
            memory_mib: self.memory_mib,
            settle_seconds: self.settle.as_secs(),
            append: self.append.clone(),
            config: kernel.config().map(super::Config::telling).unwrap_or_default(),
        })
    }

    /// Makes a record for each kernel, where none is yet, nor a console's log. Errors: one cannot be made.
    pub fn records(&self) -> Result<Vec<RecordFile>, RecordFileError> {
        let make = |kernel: &Kernel| {
            let file = RecordFile::create(&self.directory(kernel).join("run.jsonl"))?;
            (1..=self.boots).try_for_each(|boot| RecordFile::check_vacant(&self.console(kernel, boot)))?;
            Ok(file)
        };
        self.kernels.iter().map(make).collect()
    }

    /// Boots all, one after the other; counted guests do not mind company, so there are as many at once as
    /// processors. `records` are those of the kernels; `run` is the run line of a kernel, but for what a
    /// guest knows. Errors: those of writing records; what happens to guests is in the report.
    pub fn run(
        &self,
        records: Vec<RecordFile>,
        run: &(dyn Fn(&Kernel) -> RunLine + Sync),
        watcher: &Watcher<'_>,
    ) -> io::Result<Report> {
        let mut collectors = Vec::new();
        let mut report = Report::default();
        for (kernel, file) in self.kernels.iter().zip(records) {
            let cells = self.file_systems.iter().flat_map(|(_, cells)| cells.clone()).collect();
            report.records.push(file.path().to_owned());
            collectors.push(Mutex::new(Collector::begin(file, run(kernel), cells)));
        }
        let order = self.order();
        let next = AtomicUsize::new(0);
        let failures = Mutex::new(Vec::new());
        let work = || -> io::Result<()> {
            while let Some((index, boot)) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                let (kernel, collector) = (&self.kernels[*index], &collectors[*index]);
                watcher(&format!("kernel {}, boot {boot} of {}", kernel.release(), self.boots));
                if let Some(error) = self.boot(kernel, *boot, collector)? {
                    let release = kernel.release().to_owned();
                    locked(&failures).push(Failure { release, boot: *boot, error });
                }
            }
            Ok(())
        };
        std::thread::scope(|scope| -> io::Result<()> {
            // This thread works too, so threads that are not to be had cost only time.
            let start = |_| std::thread::Builder::new().spawn_scoped(scope, work).ok();
            let others: Vec<_> = (1..self.together(order.len())).filter_map(start).collect();
            let mine = work();
            let joined = others.into_iter().try_for_each(|thread| {
                thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread that boots guests panicked")))
            });
            mine.and(joined)
        })?;
        for collector in collectors {
            collector.into_inner().unwrap_or_else(PoisonError::into_inner).end()?;
        }
        report.failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(report)
    }

    /// Kernels by index and numbers of boots, in random order, so that a machine that drifts
    /// does not favour a kernel.
    fn order(&self) -> Vec<(usize, u32)> {
        let mut boots: Vec<(usize, u32)> = Vec::new();
        for boot in 1..=self.boots {
            let order = measure::Order::new(self.seed, "kernels", boot, 0).shuffled(self.kernels.len());
            boots.extend(order.into_iter().map(|kernel| (kernel, boot)));
        }
        boots
    }

    fn together(&self, boots: usize) -> usize {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        if self.accelerator == Accelerator::Instructions { processors.min(boots) } else { 1 }
    }

    fn boot(
        &self,
        kernel: &Kernel,
        number: u32,
        collector: &Mutex<Collector>,
    ) -> io::Result<Option<BootError>> {
        let mut boot = Boot::new(kernel, self.executable, self.accelerator, self.scratch);
        for (file_system, _) in &self.file_systems {
            if kernel.has(*file_system) {
                boot.file_systems.push(*file_system);
            } else {
                let (release, file_system) = (kernel.release().to_owned(), file_system.name());
                let reason = KernelError::NoFileSystem { file_system, release }.to_string();
                locked(collector).give_up(number, Some(file_system), &reason)?;
            }
        }
        boot.argv.clone_from(&self.argv);
        boot.number = number;
        boot.cpu.clone_from(&self.cpu);
        boot.memory_mib = self.memory_mib;
        boot.settle = self.settle;
        boot.time_limit = self.time_limit;
        boot.append.clone_from(&self.append);
        boot.console = Some(self.console(kernel, number));
        let mut written = Ok(());
        let outcome = boot.run(&mut |line| {
            if written.is_ok() {
                written = locked(collector).take(number, line);
            }
        });
        written?;
        match outcome {
            Ok(outcome) => {
                locked(collector).went(number, &outcome);
                Ok(None)
            }
            Err(error) => {
                locked(collector).give_up(number, None, &error.to_string())?;
                Ok(Some(error))
            }
        }
    }

    fn console(&self, kernel: &Kernel, boot: u32) -> PathBuf {
        self.directory(kernel).join(format!("console-{boot}.log"))
    }

    fn directory(&self, kernel: &Kernel) -> PathBuf {
        self.out.join(kernel.release())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

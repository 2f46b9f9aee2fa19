use super::assignment::{self, Assignment, Insertion, Mount};
use super::machine::{Event, Machine, Parts};
use super::stream::{Arrival, Receiver, Word};
use super::{
    Accelerator, BootError, FileSystem, Kernel, compression, console, executable, initramfs::Initramfs,
};
use crate::fixture::PrivateDirectory;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where the guest finds shared libraries, named to its loader by the kernel's command line:
/// words that the kernel does not know and that hold a `=` become variables of init.
const LIBRARIES: &str = "/lib";
/// No randomness in addresses; a panic ends QEMU; only warnings go through the slow serial port.
/// Interrupts by their routes in ACPI tables (disks use MSI-X, which has none) and self-tests of
/// cryptography are what a boot under translation spends half of its time on.
const COMMAND_LINE: &str = "console=ttyS0 loglevel=5 panic=-1 oops=panic nokaslr norandmaps pci=noacpi \
                            cryptomgr.notests=1 LD_LIBRARY_PATH=/lib";
/// Time for a guest to power off once it has sent all.
const POWER_OFF: Duration = Duration::from_secs(5);

/// One boot of one kernel: what the guest gets and what it is to do.
#[derive(Clone, Debug)]
pub struct Boot<'boot> {
    pub kernel: &'boot Kernel,
    /// The program that becomes the guest's init; it calls [`super::init::main`].
    pub executable: &'boot Path,
    /// What runs the guest.
    pub accelerator: Accelerator,
    /// The processor that the guest sees, as QEMU's `-cpu` takes it.
    pub cpu: String,
    /// File systems that the guest mounts, each on a fresh disk.
    pub file_systems: Vec<FileSystem>,
    /// The command that the guest runs, its program first.
    pub argv: Vec<String>,
    /// Number of this boot among those of its kernel, from 1.
    pub number: u32,
    /// Size of each disk; the images are sparse.
    pub disk_bytes: u64,
    /// Memory of the guest in MiB.
    pub memory_mib: u64,
    /// The guest's own time between mounting and its assignment, for what the boot left to do in
    /// the background.
    pub settle: Duration,
    /// When to give the guest up, counted from its start.
    pub time_limit: Duration,
    /// More words for the kernel's command line, such as `transparent_hugepage=never`.
    pub append: String,
    /// Where the console's log is kept; nothing keeps none.
    pub console: Option<PathBuf>,
    /// Directory for the guest's files while it runs.
    pub scratch: &'boot Path,
}

/// What a boot brought beside its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootReport {
    /// Number of record lines.
    pub records: u64,
    /// What the guest's clock read from, as `current_clocksource` names it.
    pub clock_source: String,
    /// From the start of QEMU until the guest had mounted all and settled.
    pub ready: Duration,
    /// From the start of QEMU until the first record arrived.
    pub first_record: Option<Duration>,
    /// Duration of the boot with the making of its files.
    pub total: Duration,
    /// Size of the initramfs.
    pub initramfs_bytes: u64,
    /// Why a first boot was thrown away: a panic before its first record.
    pub retried: Option<String>,
}

impl<'boot> Boot<'boot> {
    /// A boot that only starts and ends; its fields say more.
    pub fn new(
        kernel: &'boot Kernel,
        executable: &'boot Path,
        accelerator: Accelerator,
        scratch: &'boot Path,
    ) -> Self {
        Self {
            kernel,
            executable,
            accelerator,
            cpu: accelerator.model().to_owned(),
            file_systems: Vec::new(),
            argv: Vec::new(),
            number: 1,
            disk_bytes: 4 << 30,
            memory_mib: 2048,
            settle: Duration::from_secs(if accelerator == Accelerator::Instructions { 20 } else { 1 }),
            time_limit: Duration::from_secs(300),
            append: String::new(),
            console: None,
            scratch,
        }
    }

    /// Boots, passes each record line on as it arrives, and ends the guest. A panic before the
    /// first record is tried once more.
    pub fn run(&self, on_record: &mut dyn FnMut(&str)) -> Result<BootReport, BootError> {
        let began = Instant::now();
        Machine::check()?;
        let modules = self.kernel.modules_for(&self.file_systems)?;
        let mut passed = 0_u64;
        let mut counted = |line: &str| {
            passed += 1;
            on_record(line);
        };
        let mut retried = None;
        let outcome = match self.once(&modules, &mut counted) {
            Err(BootError::Panic { reason, .. }) if passed == 0 => {
                retried = Some(reason);
                self.once(&modules, on_record)?
            }
            other => other?,
        };
        Ok(BootReport { total: began.elapsed(), retried, ..outcome })
    }

    fn once(
        &self,
        modules: &[super::modules::Module],
        on_record: &mut dyn FnMut(&str),
    ) -> Result<BootReport, BootError> {
        let place =
            PrivateDirectory::new(self.scratch).map_err(host("making a directory below", self.scratch))?;
        let at = |name: &str| place.path().join(name);
        let archive = self.initramfs(modules)?;
        let initramfs = at("initramfs.cpio");
        std::fs::write(&initramfs, &archive).map_err(host("writing", &initramfs))?;
        let mut disks = Vec::new();
        for one in self.file_systems.iter().filter(|one| one.needs_disk()) {
            let disk = at(one.name());
            one.make_disk(&disk, self.disk_bytes)?;
            disks.push((disk, one.name().to_owned()));
        }
        let log = self.console.clone().unwrap_or_else(|| at("console.log"));
        let complaints = at("qemu.log");
        let parts = Parts {
            accelerator: self.accelerator,
            cpu: &self.cpu,
            memory_mib: self.memory_mib,
            image: self.kernel.image(),
            initramfs: &initramfs,
            command_line: format!("{COMMAND_LINE} {}", self.append).trim_end().to_owned(),
            disks,
            console: &log,
            complaints: &complaints,
        };
        let outcome = self.watch(Machine::start(&parts)?, &log, &complaints, on_record)?;
        Ok(BootReport { initramfs_bytes: archive.len() as u64, ..outcome })
    }

    fn initramfs(&self, modules: &[super::modules::Module]) -> Result<Vec<u8>, BootError> {
        let mut archive = Initramfs::default();
        let making = |source| BootError::Host { act: "making the initramfs".to_owned(), source };
        let closure = executable::closure(self.executable)?;
        for directory in ["dev", "proc", "sys", "tmp", "mnt"] {
            archive.directory(directory).map_err(making)?;
        }
        archive.file("init", &closure.program).map_err(making)?;
        if let Some((path, loader)) = &closure.loader {
            archive.file(path, loader).map_err(making)?;
        }
        for (name, library) in &closure.libraries {
            archive.file(&format!("{LIBRARIES}/{name}"), library).map_err(making)?;
        }
        let mut assignment = Assignment {
            mounts: self.file_systems.iter().copied().map(Mount::of).collect(),
            settle_milliseconds: u64::try_from(self.settle.as_millis()).unwrap_or(u64::MAX),
            argv: self.argv.clone(),
            boot: self.number,
            clock: self.accelerator.clock(),
            modules: Vec::new(),
        };
        for module in modules {
            let content = compression::read(&module.path).map_err(host("reading", &module.path))?;
            let path = format!("/modules/{}.ko.gz", module.name);
            archive.file(&path, &compression::gzip(&content).map_err(making)?).map_err(making)?;
            assignment.modules.push(Insertion { path: path.into(), required: module.required });
        }
        let text = serde_json::to_vec(&assignment).map_err(|error| making(error.into()))?;
        archive.file(assignment::PATH, &text).map_err(making)?;
        archive.finish().map_err(making)
    }

    fn watch(
        &self,
        mut machine: Machine,
        log: &Path,
        complaints: &Path,
        on_record: &mut dyn FnMut(&str),
    ) -> Result<BootReport, BootError> {
        let began = Instant::now();
        let mut receiver = Receiver::default();
        let mut ready = None;
        let mut first_record = None;
        let mut records = 0;
        loop {
            let line = match machine.next(began + self.time_limit)? {
                Event::Line(line) => line,
                Event::Late => {
                    let (seconds, spoke) = (self.time_limit.as_secs(), ready.is_some());
                    return Err(BootError::TimeLimit { seconds, spoke, log: console::tail(log) });
                }
                Event::Ended(status) => {
                    let tail = console::tail(log);
                    if let Some(reason) = console::panic(log) {
                        return Err(BootError::Panic { reason, log: tail });
                    }
                    let said = std::fs::read_to_string(complaints).unwrap_or_default();
                    let status = format!("{status} {}", said.trim()).trim_end().to_owned();
                    return Err(BootError::Ended { status, log: tail });
                }
            };
            match receiver.take(&line).map_err(|what| BootError::Damaged { what })? {
                Arrival::Record(record) => {
                    first_record.get_or_insert_with(|| began.elapsed());
                    records += 1;
                    on_record(&record);
                }
                Arrival::Word(Word::Ready { clock_source, .. }) => {
                    ready = Some((began.elapsed(), clock_source));
                }
                Arrival::Word(Word::Failed { reason }) => {
                    return Err(BootError::Reported { reason, log: console::tail(log) });
                }
                Arrival::Word(Word::Check { .. }) => {}
                Arrival::Complete => break,
            }
        }
        machine.end(POWER_OFF);
        let (ready, clock_source) = ready.unwrap_or_default();
        Ok(BootReport {
            records,
            clock_source,
            ready,
            first_record,
            total: began.elapsed(),
            initramfs_bytes: 0,
            retried: None,
        })
    }
}

fn host(act: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> BootError {
    let act = format!("{act} {}", path.display());
    move |source| BootError::Host { act, source }
}

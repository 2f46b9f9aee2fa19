use super::run::find_base;
use super::select::Cells;
use super::units::{duration, margin};
use super::{Fail, progress};
use crate::analysis::Margin;
use crate::guest::{Accelerator, Campaign, Choice, FileSystem, Kernel, Report, Wanted, choose};
use crate::host;
use crate::measure::{
    Scope, Selection, Variables, clean_up_on_signals, planned_cells, run_line, unused_directory,
};
use crate::record::{CellLine, FileSystems, RunLine, read_files};
use crate::report::table::Format;
use crate::report::{BASE, kernels, usual_margin};
use crate::strategy::representatives;
use anyhow::Context;
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Strategies of a comparison that names none: the first of so many families.
const STRATEGIES: usize = 12;
/// Size of a comparison that names no cell: large enough for folios of every size, and quick
/// under emulation.
const SIZE: &str = "8MiB";

/// Measure the same copies on several kernels, each in a virtual machine
///
/// Boots stock kernels under QEMU with this program as their init, measures in rounds on fresh file
/// systems, and says what each strategy costs on each kernel. Needs no root. Where KVM does not work,
/// guests are emulated and their executed instructions counted instead of time.
#[derive(Debug, Args)]
pub(super) struct Kernels {
    /// A kernel: a Debian package of one, a vmlinuz with its lib/modules, or an unpacked tree
    #[arg(long, value_name = "PATH|DEB", required = true, num_args = 1..)]
    kernel: Vec<PathBuf>,
    /// What runs the guests: auto (KVM where a trial boot works, else instructions), kvm, tcg (for
    /// function only: its times mean nothing), instructions
    #[arg(long, value_name = "HOW", default_value = "auto")]
    accel: Wanted,
    /// File systems: ext4, xfs, btrfs, tmpfs
    #[arg(long, value_name = "FS,..", value_delimiter = ',', default_value = "ext4,tmpfs")]
    fs: Vec<FileSystem>,
    #[command(flatten)]
    cells: Cells,
    /// The strategy that others are compared with
    #[arg(long, value_name = "S", default_value = BASE)]
    base: String,
    /// What counts as the same [default: 2%; 0.2% for instructions]
    #[arg(long, value_name = "SHARE", value_parser = margin)]
    margin: Option<Margin>,
    /// Rounds in each cell and boot [default: 12; 6 for instructions]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Boots of each kernel [default: 6; 2 for instructions, to prove that they agree; 1 for tcg]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    boots: Option<u32>,
    /// Time for one boot, after which it is given up
    #[arg(long, value_name = "T", default_value = "10m", value_parser = duration)]
    time_limit: Duration,
    /// Seed of the generated files and of the orders
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Memory of a guest in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    memory: u64,
    /// Processor of the guests, as QEMU's -cpu takes it [default: see METHOD.md]
    #[arg(long, value_name = "MODEL")]
    cpu: Option<String>,
    /// More words for the kernels' command line, such as transparent_hugepage=never
    #[arg(long, value_name = "WORDS", default_value = "")]
    append: String,
    /// Directory for records and consoles [default: results/kernels/DATE-LABEL]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Plant a real delay: ARM=SHARE or ARM=SHARE:STRATEGY,..
    #[arg(long, value_name = "ARM=SHARE", hide = true)]
    slowdown: Option<String>,
}

impl Kernels {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        find_base(&self.base)?;
        let words = self.words()?;
        let selection = Selection::new(&words)?;
        clean_up_on_signals().context("installing the signal handlers")?;
        let executable = std::env::current_exe().context("finding this executable")?;
        let scratch = std::env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/var/tmp"), PathBuf::from);
        let kernels = self.open(&scratch)?;
        let choice = choose(self.accel, &kernels[0], &executable, &scratch)?;
        eprintln!("copybench: accelerator {}: {}", choice.accelerator, choice.reason);
        let label = label(choice.accelerator);
        let out = self.out.clone().unwrap_or_else(|| unused_directory(Path::new("results/kernels"), &label));
        let campaign = Campaign {
            kernels: &kernels,
            executable: &executable,
            accelerator: choice.accelerator,
            cpu: self.cpu.clone().unwrap_or_else(|| choice.accelerator.model().to_owned()),
            file_systems: self.file_systems(&selection)?,
            argv: self.argv(&words, choice.accelerator),
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
            eprintln!("copybench: {lacking}; skipped there");
        }
        let report = self.measure(&campaign, &choice, &label)?;
        self.conclude(&report, &out)
    }

    /// The filters with the defaults of this command.
    fn words(&self) -> anyhow::Result<Variables> {
        let mut words = self.cells.words();
        if words.source.is_some() {
            return Err(
                Fail::Use("guests have no file of this machine; leave out --source".to_owned()).into()
            );
        }
        if Selection::new(&words)?.names_no_cell() {
            words.sizes = Some(SIZE.to_owned());
            words.layouts = Some("dense".to_owned());
        }
        let names = || representatives(STRATEGIES).map(|strategy| strategy.name).collect::<Vec<_>>();
        words.strategies.get_or_insert_with(|| names().join(","));
        Ok(words)
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

    fn file_systems(&self, selection: &Selection) -> anyhow::Result<Vec<(FileSystem, Vec<CellLine>)>> {
        let mut file_systems = self.fs.clone();
        file_systems.sort_unstable();
        file_systems.dedup();
        let mut planned = Vec::new();
        for one in file_systems {
            let fs = FileSystems { source: one.name().to_owned(), target: one.name().to_owned() };
            let cells = planned_cells(selection, &fs, Scope::Small)?;
            planned.push((one, cells.iter().map(crate::measure::Cell::line).collect()));
        }
        Ok(planned)
    }

    /// What a guest is told to run.
    fn argv(&self, words: &Variables, accelerator: Accelerator) -> Vec<String> {
        let rounds = self.rounds.unwrap_or(usual(accelerator, [12, 2, 6]));
        let mut argv = ["copybench", "run", "--no-limits"].map(str::to_owned).to_vec();
        let options = [
            ("--strategy", words.strategies.clone()),
            ("--size", words.sizes.clone()),
            ("--layout", words.layouts.clone()),
            ("--cache", words.cache.clone()),
            ("--dst", words.dst.clone()),
            ("--end", words.end.clone()),
            ("--base", Some(self.base.clone())),
            ("--rounds", Some(rounds.to_string())),
            ("--seed", Some(self.seed.to_string())),
            ("--slowdown", self.slowdown.clone()),
        ];
        for (option, value) in options {
            argv.extend(value.map(|value| format!("{option}={value}")));
        }
        argv
    }

    fn measure(&self, campaign: &Campaign<'_>, choice: &Choice, label: &str) -> anyhow::Result<Report> {
        let argv: Vec<String> = super::argv();
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
        let bar = progress::Boots::new();
        let report = campaign.run(&run, &|text| bar.tell(text));
        drop(bar);
        report.with_context(|| format!("writing records below {}", campaign.out.display()))
    }

    /// The table, and what did not work.
    fn conclude(&self, report: &Report, out: &Path) -> anyhow::Result<()> {
        let runs = read_files(&report.records)?.runs;
        let usual = || usual_margin(runs.iter().map(|run| &run.run));
        let margin = self.margin.unwrap_or_else(usual);
        super::print(&kernels::page(&runs, &self.base, margin, Format::Text))?;
        super::print(&format!("\nrecords {}\n", out.display()))?;
        for failure in &report.failures {
            eprintln!("copybench: kernel {}, boot {}: {}", failure.release, failure.boot, failure.error);
        }
        match report.failures.len() {
            0 => Ok(()),
            failures => Err(Fail::Work(format!("{failures} boots failed; the records say why")).into()),
        }
    }
}

/// One of three by accelerator: KVM, plain emulation, counted emulation.
fn usual<T: Copy>(accelerator: Accelerator, [kvm, emulated, counted]: [T; 3]) -> T {
    match accelerator {
        Accelerator::Kvm { .. } => kvm,
        Accelerator::Tcg => emulated,
        Accelerator::Instructions => counted,
    }
}

/// Name of the machine in records. Counted instructions are the emulator's, whatever runs it.
fn label(accelerator: Accelerator) -> String {
    match accelerator {
        Accelerator::Instructions => "qemu-instructions".to_owned(),
        other => format!("{}-{other}", host::label()),
    }
}

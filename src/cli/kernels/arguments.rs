use crate::analysis::Margin;
use crate::cli::select::Cells;
use crate::cli::units::{duration, margin};
use crate::guest::{Accelerator, FileSystem, Wanted};
use crate::report::BASE;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Measure the same copies on several kernels, each in a virtual machine
///
/// Boots stock kernels under QEMU with this program as their init, measures in rounds on fresh file
/// systems, and says what each strategy costs on each kernel. Needs no root. Where KVM does not work,
/// guests are emulated and their executed instructions counted instead of time.
#[derive(Debug, Args)]
pub(crate) struct Kernels {
    /// A kernel: a Debian package of one, a vmlinuz with its lib/modules, or an unpacked tree
    #[arg(long, value_name = "PATH|DEB", required = true, num_args = 1..)]
    pub(super) kernel: Vec<PathBuf>,
    /// What runs the guests: auto (KVM where a trial boot works, else instructions), kvm, tcg (for
    /// function only: its times mean nothing), instructions
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(super) accel: Wanted,
    /// File systems: ext4, xfs, btrfs, f2fs, tmpfs
    #[arg(long, value_name = "FS,..", value_delimiter = ',', default_value = "ext4,tmpfs")]
    pub(super) fs: Vec<FileSystem>,
    #[command(flatten)]
    pub(super) cells: Cells,
    /// Try published claims on each kernel instead: all, or ids, or what ids begin with
    #[arg(long, value_name = "ID,..", num_args = 0.., value_delimiter = ',')]
    pub(super) claims: Option<Vec<String>>,
    /// The strategy that others are compared with
    #[arg(long, value_name = "S", default_value = BASE)]
    pub(super) base: String,
    /// Equivalence margin [default: 2%; 0.2% for instructions]
    #[arg(long, value_name = "SHARE", value_parser = margin)]
    pub(super) margin: Option<Margin>,
    /// Rounds in each cell and boot [default: 12; 6 for instructions, 5 with --claims]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) rounds: Option<u32>,
    /// Boots of each kernel [default: 6; 2 for instructions, to prove that they agree; 1 for tcg]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) boots: Option<u32>,
    /// Time for one boot, after which it is given up
    #[arg(long, value_name = "T", default_value = "10m", value_parser = duration)]
    pub(super) time_limit: Duration,
    /// Seed of the generated files and of the orders
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// Memory of a guest in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    pub(super) memory: u64,
    /// Processor of the guests, as QEMU's -cpu takes it [default: see docs/kernels.md]
    #[arg(long, value_name = "MODEL")]
    pub(super) cpu: Option<String>,
    /// More words for the kernels' command line, such as transparent_hugepage=never
    #[arg(long, value_name = "WORDS", default_value = "")]
    pub(super) append: String,
    /// Directory for records and consoles [default: results/local/DATE-LABEL]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Plant a real delay: ARM=SHARE or ARM=SHARE:STRATEGY,..
    #[arg(long, value_name = "ARM=SHARE", hide = true)]
    pub(super) slowdown: Option<String>,
}

impl Kernels {
    /// Each once.
    pub(super) fn wanted_file_systems(&self) -> Vec<FileSystem> {
        FileSystem::all().filter(|one| self.fs.contains(one)).collect()
    }
}

/// One of three by accelerator: KVM, plain emulation, counted emulation.
pub(super) fn usual<T: Copy>(accelerator: Accelerator, [kvm, emulated, counted]: [T; 3]) -> T {
    match accelerator {
        Accelerator::Kvm { .. } => kvm,
        Accelerator::Tcg => emulated,
        Accelerator::Instructions => counted,
    }
}

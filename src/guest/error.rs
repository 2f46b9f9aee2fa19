use std::io;
use std::path::PathBuf;

/// Why a kernel cannot be booted; found before booting it.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// A file or directory of the kernel cannot be used.
    #[error("{act} {}: {source}", path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The image is none that QEMU boots.
    #[error("{} is not a kernel that boots here: {what}", path.display())]
    NotAKernel {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The image is for another machine.
    #[error("{} is a kernel for {found}; only 64-bit x86 is supported", path.display())]
    Architecture {
        /// The file.
        path: PathBuf,
        /// What it is for.
        found: String,
    },
    /// A package or tree holds no image, or several.
    #[error("{}: {what}", path.display())]
    NoImage {
        /// The package or tree.
        path: PathBuf,
        /// What was looked for, and the cure.
        what: String,
    },
    /// A package cannot be used.
    #[error("{}: {what}", path.display())]
    Package {
        /// The package.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// There is no directory of modules for this release.
    #[error("no modules of kernel {release} (looked for {}); give its package, or a tree with lib/modules/{release}", looked.display())]
    NoModules {
        /// Release of the image.
        release: String,
        /// The likeliest directory.
        looked: PathBuf,
    },
    /// The list of what is built into a kernel is missing.
    #[error("reading {}: {source}; from Linux 7 on, Debian has it in linux-base-{release}, to be put beside the other packages", path.display())]
    NoList {
        /// The file that lists it.
        path: PathBuf,
        /// Release of the kernel.
        release: String,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// The modules belong to another kernel.
    #[error("{} holds modules of kernel {found}, but the image is {release}", directory.display())]
    ModulesOfAnotherVersion {
        /// Directory of the modules.
        directory: PathBuf,
        /// Release that they were built for.
        found: String,
        /// Release of the image.
        release: String,
    },
    /// A module that is needed is neither a file nor built in.
    #[error("kernel {release} has no module {name}, which a guest needs")]
    NoModule {
        /// Name of the module.
        name: String,
        /// Release of the kernel.
        release: String,
    },
    /// A module is damaged.
    #[error("{} is no module: {what}", path.display())]
    Module {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The kernel does not know a file system.
    #[error("kernel {release} has no {file_system}, neither built in nor as a module")]
    NoFileSystem {
        /// The file system.
        file_system: &'static str,
        /// Release of the kernel.
        release: String,
    },
}

/// Why a guest brought nothing, or not all.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The kernel does not fit.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// A program of this machine is missing.
    #[error("{program} is not installed; 'apt-get install {package}' or its like brings it")]
    NoProgram {
        /// The program.
        program: String,
        /// The Debian package that holds it.
        package: &'static str,
    },
    /// KVM was asked for, but no guest boots under it.
    #[error("{reason}; '--accel instructions' needs no KVM")]
    NoKvm {
        /// What trial boots showed.
        reason: String,
    },
    /// Making the guest's files, or starting QEMU, failed.
    #[error("{act}: {source}")]
    Host {
        /// What was tried, with the path.
        act: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A program of this machine refused.
    #[error("{program} failed: {output}")]
    Program {
        /// The program.
        program: String,
        /// What it printed.
        output: String,
    },
    /// The guest's kernel gave up.
    #[error("the guest panicked: {reason}{}", indented(log))]
    Panic {
        /// The line that says so.
        reason: String,
        /// The last lines of its console.
        log: String,
    },
    /// The guest did not end in time.
    #[error("the guest did not end within {seconds} s, and {}{}", if *spoke { "went silent" } else { "never spoke" }, indented(log))]
    TimeLimit {
        /// The limit.
        seconds: u64,
        /// Whether it began its orders.
        spoke: bool,
        /// The last lines of its console.
        log: String,
    },
    /// The guest ended before its orders were done, and no panic says why.
    #[error("the guest ended before it was done ({status}){}", indented(log))]
    Ended {
        /// How QEMU ended, and what it said.
        status: String,
        /// The last lines of its console.
        log: String,
    },
    /// The guest itself says what failed: a module, a mount, or its orders, as on a full disk.
    #[error("in the guest: {reason}{}", indented(log))]
    Reported {
        /// The chain of errors.
        reason: String,
        /// The last lines of its console.
        log: String,
    },
    /// What arrived is not what was sent.
    #[error("the guest's records were damaged on their way: {what}")]
    Damaged {
        /// What does not fit.
        what: String,
    },
}

impl BootError {
    /// Whether another boot may do better: QEMU's emulation can lose an update of a page table,
    /// which shows as a panic.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self, Self::Panic { .. })
    }

    /// Whether the environment or the input is at fault, not the guest.
    #[must_use]
    pub fn is_unfit(&self) -> bool {
        matches!(self, Self::Kernel(_) | Self::NoProgram { .. } | Self::NoKvm { .. })
    }
}

fn indented(log: &str) -> String {
    log.lines().fold(String::new(), |text, line| text + "\n    " + line)
}

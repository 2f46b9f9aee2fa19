use std::io;
use std::path::PathBuf;

/// Why a kernel cannot be booted; found before booting it.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    #[error("{act} {}: {source}", path.display())]
    Io { act: &'static str, path: PathBuf, source: io::Error },
    #[error("{} is not a kernel that boots here: {what}", path.display())]
    NotAKernel { path: PathBuf, what: String },
    #[error("{} is a kernel for {found}; only 64-bit x86 is supported", path.display())]
    Architecture { path: PathBuf, found: String },
    #[error("{}: {what}", path.display())]
    NoImage { path: PathBuf, what: String },
    #[error("{}: {what}", path.display())]
    Package { path: PathBuf, what: String },
    #[error("no modules of kernel {release} (looked for {}); give its package, or a tree with lib/modules/{release}", looked.display())]
    NoModules { release: String, looked: PathBuf },
    #[error("reading {}: {source}; from Linux 7 on, Debian has it in linux-base-{release}, to be put beside the other packages", path.display())]
    NoList { path: PathBuf, release: String, source: io::Error },
    #[error("{} holds modules of kernel {found}, but the image is {release}", directory.display())]
    ModulesOfAnotherVersion { directory: PathBuf, found: String, release: String },
    #[error("kernel {release} has no module {name}, which a guest needs")]
    NoModule { name: String, release: String },
    #[error(
        "kernel {release} has a file system that needs more than {most} modules, the limit; the next is {name}"
    )]
    TooManyModules { name: String, release: String, most: usize },
    #[error("{} is no module: {what}", path.display())]
    Module { path: PathBuf, what: String },
    #[error("kernel {release} has no {file_system}, neither built in nor as a module")]
    NoFileSystem { file_system: &'static str, release: String },
}

/// Why a guest brought nothing, or not all.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The kernel does not fit.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    #[error("{program} is not installed; 'apt-get install {package}' or its like brings it")]
    NoProgram { program: String, package: &'static str },
    #[error("{reason}; '--accel instructions' needs no KVM")]
    NoKvm { reason: String },
    #[error("{act}: {source}")]
    Host { act: String, source: io::Error },
    #[error("{program} failed: {output}")]
    Program { program: String, output: String },
    #[error("the guest panicked: {reason}{}", indented(log))]
    Panic { reason: String, log: String },
    #[error("the guest did not end within {seconds} s, and {}{}", if *spoke { "went silent" } else { "never spoke" }, indented(log))]
    TimeLimit { seconds: u64, spoke: bool, log: String },
    #[error("the guest ended before it was done ({status}){}", indented(log))]
    Ended { status: String, log: String },
    #[error("in the guest: {reason}{}", indented(log))]
    Reported { reason: String, log: String },
    #[error("the guest's records were damaged on their way: {what}")]
    Damaged { what: String },
}

impl BootError {
    /// Whether another boot may do better: QEMU's emulation can lose an update of a page table,
    /// which shows as a panic.
    pub fn is_panic(&self) -> bool {
        matches!(self, Self::Panic { .. })
    }

    /// Whether the environment or the input is at fault, not the guest.
    pub fn is_unfit(&self) -> bool {
        matches!(self, Self::Kernel(_) | Self::NoProgram { .. } | Self::NoKvm { .. })
    }
}

fn indented(log: &str) -> String {
    log.lines().fold(String::new(), |text, line| text + "\n    " + line)
}

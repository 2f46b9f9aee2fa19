//! Which accelerator a machine gets, found by booting: a `/dev/kvm` alone proves nothing.

use super::{Accelerator, Boot, BootError, Kernel, Wanted};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

const DEVICE: &str = "/dev/kvm";
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// A guest under a working KVM reaches its init in one or two seconds.
const TRIAL_LIMIT: Duration = Duration::from_secs(5);

/// An accelerator, and why it is this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub accelerator: Accelerator,
    /// A sentence for a reader, to be printed and recorded.
    pub reason: String,
}

/// Chooses; a trial boot takes the kernel and the executable of the guests to come. Errors: KVM was asked
/// for and does not work, or a trial boot could not even begin.
pub fn choose(
    wanted: Wanted,
    kernel: &Kernel,
    executable: &Path,
    scratch: &Path,
) -> Result<Choice, BootError> {
    let asked = |accelerator| Choice { accelerator, reason: "asked for".to_owned() };
    let trial = match wanted {
        Wanted::Tcg => return Ok(asked(Accelerator::Tcg)),
        Wanted::Instructions => return Ok(asked(Accelerator::Instructions)),
        Wanted::Auto | Wanted::Kvm => remembered_trial(kernel, executable, scratch)?,
    };
    match (trial.reduced, wanted) {
        (Some(reduced), _) => Ok(Choice { accelerator: Accelerator::Kvm { reduced }, reason: trial.reason }),
        (None, Wanted::Kvm) => Err(BootError::NoKvm { reason: trial.reason }),
        (None, _) => Ok(Choice { accelerator: Accelerator::Instructions, reason: trial.reason }),
    }
}

/// What trial boots under KVM showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Trial {
    /// Boot of the host that it holds for.
    host_boot: String,
    /// The processor model that works, see [`Accelerator::Kvm`]; null where none does.
    reduced: Option<bool>,
    reason: String,
}

fn remembered_trial(kernel: &Kernel, executable: &Path, scratch: &Path) -> Result<Trial, BootError> {
    let host_boot = fs::read_to_string(BOOT_ID).unwrap_or_default().trim().to_owned();
    let memory = memory();
    if let Some(trial) = recall(&memory, &host_boot) {
        return Ok(trial);
    }
    let trial = try_kvm(kernel, executable, scratch, &host_boot)?;
    // Where it cannot be remembered, the next command tries again.
    let _ = remember(&memory, &trial);
    Ok(trial)
}

fn try_kvm(kernel: &Kernel, executable: &Path, scratch: &Path, host_boot: &str) -> Result<Trial, BootError> {
    let of = |reduced, reason| Trial { host_boot: host_boot.to_owned(), reduced, reason };
    if let Err(error) = fs::OpenOptions::new().read(true).write(true).open(DEVICE) {
        return Ok(of(None, format!("KVM cannot be used: opening {DEVICE}: {error}")));
    }
    let mut failures = Vec::new();
    for reduced in [false, true] {
        let accelerator = Accelerator::Kvm { reduced };
        let model = accelerator.model();
        let mut boot = Boot::new(kernel, executable, accelerator, scratch);
        boot.settle = Duration::ZERO;
        boot.time_limit = TRIAL_LIMIT;
        match boot.run(&mut |_| ()) {
            Ok(outcome) => {
                let seconds = outcome.total.as_secs_f64();
                return Ok(of(Some(reduced), format!("KVM booted with -cpu {model} in {seconds:.1} s")));
            }
            Err(error) if error.is_unfit() => return Err(error),
            Err(error) => {
                let text = error.to_string();
                failures.push(format!("with -cpu {model}: {}", text.lines().next().unwrap_or_default()));
            }
        }
    }
    Ok(of(None, format!("KVM does not work here, by a trial boot: {}", failures.join("; "))))
}

/// The file that keeps the trial of this user, gone at the latest with the machine's boot.
fn memory() -> PathBuf {
    let user = rustix::process::getuid().as_raw();
    let directory = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    directory.join(format!("copybench-kvm-{user}.json"))
}

fn recall(memory: &Path, host_boot: &str) -> Option<Trial> {
    use std::os::unix::fs::MetadataExt;
    // In a directory that all can write to, another user may have put the file there.
    let owner = fs::symlink_metadata(memory).ok().filter(fs::Metadata::is_file)?.uid();
    let trial: Trial = serde_json::from_str(&fs::read_to_string(memory).ok()?).ok()?;
    (owner == rustix::process::getuid().as_raw() && trial.host_boot == host_boot).then_some(trial)
}

fn remember(memory: &Path, trial: &Trial) -> io::Result<()> {
    let directory = memory.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    serde_json::to_writer(&mut file, trial)?;
    file.persist(memory)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_holds_for_one_boot_of_the_host() {
        let place = tempfile::tempdir().unwrap();
        let memory = place.path().join("kvm.json");
        let trial =
            Trial { host_boot: "one".to_owned(), reduced: Some(true), reason: "it booted".to_owned() };
        assert_eq!(recall(&memory, "one"), None);
        remember(&memory, &trial).unwrap();
        assert_eq!(recall(&memory, "one"), Some(trial));
        assert_eq!(recall(&memory, "two"), None);
        fs::write(&memory, "not json").unwrap();
        assert_eq!(recall(&memory, "one"), None);
    }
}

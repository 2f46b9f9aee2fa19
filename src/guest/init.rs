//! The guest's side: the first process of its kernel.

mod disk;
mod port;

use super::assignment::{self, Assignment, Insertion};
use super::compression;
pub use super::stream::Sender;
use super::stream::Word;
use anyhow::{Context, anyhow};
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount};
use rustix::system::{RebootCommand, init_module, reboot};
use std::any::Any;
use std::fs;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

/// Does what the guest's host wants done, and sends record lines.
pub type Runner<'run> = dyn Fn(&Assignment, Sender) -> anyhow::Result<()> + 'run;

const TRACEFS: &str = "/sys/kernel/tracing";
const CLOCK_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/// Whether this process is the first of a guest that this program made, and so must call
/// [`main`] before it looks at its arguments: they are words of the kernel's command line.
pub fn is_init() -> bool {
    rustix::process::getpid().is_init() && Path::new(assignment::PATH).exists()
}

/// Prepares the guest, has `run` do what the assignment say, sends what it writes to the host, and
/// turns the guest off. Whatever fails is told to the host.
pub fn main(run: &Runner<'_>) -> ! {
    if let Err(error) = live(run) {
        // Not even the port could be opened; the console's log is all that is left.
        let _ = writeln!(std::io::stderr(), "copybench: {error:#}");
    }
    rustix::fs::sync();
    let _ = reboot(RebootCommand::PowerOff);
    // A kernel that cannot turn its machine off: the host ends it.
    loop {
        std::thread::sleep(Duration::from_secs(60));
    }
}

fn live(run: &Runner<'_>) -> anyhow::Result<()> {
    for (kind, at) in [("devtmpfs", "/dev"), ("proc", "/proc"), ("sysfs", "/sys")] {
        mount_new(kind, kind, Path::new(at))?;
    }
    // Tracepoints, by which system calls are counted; kernels without them are measured too.
    let _ = mount_new("tracefs", "tracefs", Path::new(TRACEFS));
    let sender = Sender::new(Box::new(port::Port::open(Path::new(assignment::RECORDS))?));
    match work(run, &sender) {
        Ok(()) => Ok(sender.finish()?),
        Err(error) => Ok(sender.say(&Word::Failed { reason: format!("{error:#}") })?),
    }
}

fn work(run: &Runner<'_>, sender: &Sender) -> anyhow::Result<()> {
    let text = fs::read(assignment::PATH).context("reading the assignment")?;
    let assignment: Assignment = serde_json::from_slice(&text).context("reading the assignment")?;
    for module in &assignment.modules {
        insert(module)?;
    }
    for mount in &assignment.mounts {
        let name = mount.file_system.name();
        let source = if mount.file_system.needs_disk() { disk::wait_for(name)? } else { name.into() };
        mount_new(&source.to_string_lossy(), name, &mount.at)?;
    }
    std::thread::sleep(Duration::from_millis(assignment.settle_milliseconds));
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let clock_source = fs::read_to_string(CLOCK_SOURCE).unwrap_or_default().trim().to_owned();
    sender.say(&Word::Ready { release, clock_source })?;
    // A panic would end init, and with it the kernel, before the host could be told.
    catch_unwind(AssertUnwindSafe(|| run(&assignment, sender.clone())))
        .unwrap_or_else(|panic| Err(anyhow!("it panicked: {}", message(&*panic))))
}

fn mount_new(source: &str, kind: &str, at: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(at).with_context(|| format!("making {}", at.display()))?;
    match mount(source, at, kind, MountFlags::empty(), None) {
        // Kernels with CONFIG_DEVTMPFS_MOUNT have mounted /dev already.
        Ok(()) | Err(Errno::BUSY) => Ok(()),
        Err(errno) => Err(errno).with_context(|| format!("mounting {source} as {kind} on {}", at.display())),
    }
}

fn insert(module: &Insertion) -> anyhow::Result<()> {
    let content =
        compression::read(&module.path).with_context(|| format!("reading {}", module.path.display()))?;
    match init_module(&content, c"") {
        Err(errno) if module.required && errno != Errno::EXIST => {
            Err(errno).with_context(|| format!("inserting {}", module.path.display()))
        }
        _ => Ok(()),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

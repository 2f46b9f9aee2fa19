//! A running QEMU.

use super::{Accelerator, BootError, program};
use crate::sys;
use rustix::process::Signal;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

const PROGRAM: &str = "qemu-system-x86_64";
const PACKAGE: &str = "qemu-system-x86";
/// Longest line that is taken from a guest, in bytes; a record line with every sample of a block
/// is far shorter.
const LINE_LIMIT: u64 = 16 << 20;

/// What a machine is made of.
#[derive(Clone, Debug)]
pub(super) struct Parts<'boot> {
    pub(super) accelerator: Accelerator,
    /// As `-cpu` takes it.
    pub(super) cpu: &'boot str,
    pub(super) memory_mib: u64,
    pub(super) image: &'boot Path,
    pub(super) initramfs: &'boot Path,
    pub(super) command_line: String,
    /// Images of disks with their serial numbers.
    pub(super) disks: Vec<(PathBuf, String)>,
    /// Where the console's output goes, the first serial port.
    pub(super) console: &'boot Path,
    /// Where QEMU's own complaints go.
    pub(super) complaints: &'boot Path,
}

/// A QEMU that ends at the latest when this is dropped, or when the thread that started it ends.
#[derive(Debug)]
pub(super) struct Machine {
    child: Child,
    lines: Receiver<Vec<u8>>,
}

/// What a machine does next.
#[derive(Debug)]
pub(super) enum Event {
    /// A line came from the second serial port.
    Line(Vec<u8>),
    /// QEMU ended.
    Ended(ExitStatus),
    /// Neither happened before the deadline.
    Late,
}

impl Machine {
    /// Whether QEMU is there. Errors: [`BootError::NoProgram`].
    pub(super) fn check() -> Result<(), BootError> {
        program::find(PROGRAM, PACKAGE).map(drop)
    }

    /// Version of QEMU, such as `7.2.22`. Errors: a missing QEMU, or one that cannot be run.
    pub(super) fn version() -> Result<String, BootError> {
        let printed = program::output(program::find(PROGRAM, PACKAGE)?.arg("--version"))?;
        let words = printed.split_whitespace().skip_while(|word| *word != "version").nth(1);
        Ok(words.unwrap_or_default().to_owned())
    }

    /// Starts QEMU. Errors: a missing QEMU, or one that cannot be started.
    pub(super) fn start(parts: &Parts<'_>) -> Result<Self, BootError> {
        let host = |source| BootError::Host { act: format!("starting {PROGRAM}"), source };
        let mut command = program::find(PROGRAM, PACKAGE)?;
        let complaints = std::fs::File::create(parts.complaints).map_err(host)?;
        arguments(&mut command, parts);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(complaints);
        let mut child = sys::child::tie(&mut command, Signal::KILL).spawn().map_err(host)?;
        let (sender, lines) = channel();
        let output = child.stdout.take();
        // It ends the child where no thread is to be had.
        let machine = Self { child, lines };
        if let Some(output) = output {
            std::thread::Builder::new().spawn(move || read_lines(output, &sender)).map_err(host)?;
        }
        Ok(machine)
    }

    /// Waits for what comes next; lines that came before the end come first.
    pub(super) fn next(&mut self, deadline: Instant) -> Result<Event, BootError> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.lines.recv_timeout(left) {
            Ok(line) => Ok(Event::Line(line)),
            Err(RecvTimeoutError::Timeout) => Ok(Event::Late),
            // The pipe closes a moment before the process is gone.
            Err(RecvTimeoutError::Disconnected) => Ok(Event::Ended(self.wait()?)),
        }
    }

    /// Lets QEMU end by itself for at most `grace`, then ends it.
    pub(super) fn end(&mut self, grace: Duration) {
        let deadline = Instant::now() + grace;
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn wait(&mut self) -> Result<ExitStatus, BootError> {
        self.child.wait().map_err(|source| BootError::Host { act: format!("waiting for {PROGRAM}"), source })
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

fn read_lines(output: ChildStdout, sender: &Sender<Vec<u8>>) {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        match output.by_ref().take(LINE_LIMIT).read_until(b'\n', &mut line) {
            Ok(1..) => {
                if line.last() == Some(&b'\n') {
                    line.pop();
                }
                // Nobody listens any more once the guest is given up.
                if sender.send(line).is_err() {
                    return;
                }
            }
            Ok(0) | Err(_) => return,
        }
    }
}

/// `qemu(1)`. Nothing but what is named here: no network, no display, no monitor.
fn arguments(command: &mut Command, parts: &Parts<'_>) {
    command
        .args(["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"])
        .args(["-machine", "q35", "-smp", "1", "-m"])
        .arg(parts.memory_mib.to_string())
        .args(parts.accelerator.arguments())
        .args(["-cpu", parts.cpu])
        .arg("-kernel")
        .arg(parts.image)
        .arg("-initrd")
        .arg(parts.initramfs)
        .arg("-append")
        .arg(&parts.command_line)
        .args(["-chardev", &format!("file,id=console,path={}", escaped(parts.console))])
        .args(["-serial", "chardev:console"])
        .args(["-chardev", "stdio,id=records,signal=off", "-serial", "chardev:records"]);
    for (index, (image, serial)) in parts.disks.iter().enumerate() {
        // The images are thrown away after one boot, so nothing need reach the host's disk.
        let image = escaped(image);
        command
            .args(["-drive", &format!("if=none,id=disk{index},format=raw,cache.no-flush=on,file={image}")])
            .args(["-device", &format!("virtio-blk-pci,drive=disk{index},serial={serial}")]);
    }
}

/// A comma ends an option's value, unless doubled.
fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Parts<'static> {
        Parts {
            accelerator: Accelerator::Instructions,
            cpu: Accelerator::Instructions.model(),
            memory_mib: 512,
            image: Path::new("/k"),
            initramfs: Path::new("/i"),
            command_line: "console=ttyS0".to_owned(),
            disks: vec![("/a,b/disk".into(), "ext4".to_owned())],
            console: Path::new("/c"),
            complaints: Path::new("/e"),
        }
    }

    #[test]
    fn a_counted_guest_has_one_processor_no_network_and_its_disks() {
        let mut command = Command::new(PROGRAM);
        arguments(&mut command, &parts());
        let text: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        let text = text.join(" ");
        for part in ["-smp 1", "-icount shift=0,sleep=off", "max,-erms,-fsrm,-cx16", "file=/a,,b/disk"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("-net") && !text.contains("-nic"));
    }

    #[test]
    fn lines_that_came_before_the_end_come_first() {
        let mut child = Command::new("printf").arg("a\\nb").stdout(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        read_lines(child.stdout.take().unwrap(), &sender);
        drop(sender);
        let mut machine = Machine { child, lines };
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut next = || machine.next(deadline).unwrap();
        assert!(matches!(next(), Event::Line(line) if line == b"a"));
        assert!(matches!(next(), Event::Line(line) if line == b"b"));
        assert!(matches!(next(), Event::Ended(status) if status.success()));
    }

    #[test]
    fn a_silent_machine_is_late_and_ends_when_dropped() {
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        let id = child.id();
        let (sender, lines) = channel();
        let mut machine = Machine { child, lines };
        assert!(matches!(machine.next(Instant::now()).unwrap(), Event::Late));
        drop((machine, sender));
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }
}

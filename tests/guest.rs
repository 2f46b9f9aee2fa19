//! Guests boot, say what was asked of them, and leave nothing behind. This very test program is
//! their init. Needs QEMU and a kernel from `scripts/kernels fetch`; `COPYBENCH_TEST_KERNELS`
//! names kernels elsewhere, separated by `:`, all of which are booted.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

mod common;
#[path = "guest/inside.rs"]
mod inside;

use common::kernels::{kernels, unfit};
use copybench::guest::{Accelerator, Boot, BootError, BootReport, FileSystem, Kernel, Wanted, choose, init};
use libtest_mimic::{Arguments, Failed, Trial};
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A test of one kernel, with a directory for the guest's files.
type Test = fn(&Kernel, &Path) -> Result<(), Failed>;

const TESTS: [(&str, Test); 9] = [
    ("all file systems are mounted and copied on (tcg)", |kernel, scratch| {
        copies(kernel, scratch, Accelerator::Tcg)
    }),
    ("all file systems are mounted and copied on (instructions)", |kernel, scratch| {
        copies(kernel, scratch, Accelerator::Instructions)
    }),
    ("two boots count the same instructions", same_instructions),
    ("a full disk is an error of the guest's, with its words", full_disk),
    ("a panic inside the command is told", panic_inside),
    ("a kernel that panics is booted once more, then told", kernel_panic),
    ("a guest that hangs is ended in time", hang),
    ("an init that ends is a panic of the kernel's", init_ends),
    ("nothing stays after Ctrl-C, and no process after SIGKILL", stopped),
];

/// Those of the guests of the committed results; kernels of clouds lack others.
const FILE_SYSTEMS: [&str; 4] = ["ext4", "xfs", "btrfs", "tmpfs"];

fn named(file_system: &str) -> FileSystem {
    file_system.parse().expect("a file system of guests")
}

/// Names the kernel that this program boots only to be stopped, in the directory it is called in.
const HANG: &str = "COPYBENCH_TEST_HANG";

fn main() {
    if init::is_init() {
        init::main(&inside::run);
    }
    if let Some(kernel) = std::env::var_os(HANG) {
        return hang_until_stopped(Path::new(&kernel));
    }
    let kernels = kernels();
    let reason = unfit(&kernels);
    let mut trials: Vec<Trial> = Vec::new();
    for (name, test) in TESTS {
        for (index, path) in kernels.iter().enumerate() {
            let path = path.clone();
            let label = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // Faults are the host's to notice, whatever the kernel.
            if index == 0 || name.starts_with("all") || name.starts_with("two") {
                trials.push(
                    Trial::test(format!("{name}: {label}"), move || with(&path, test))
                        .with_ignored_flag(reason.is_some()),
                );
            }
        }
        if kernels.is_empty() {
            trials.push(Trial::test(name, || Ok(())).with_ignored_flag(true));
        }
    }
    for trial in [
        Trial::test("KVM is taken only where a boot under it works", accelerator),
        Trial::test("packages bring the options that a copy can feel", configurations),
    ] {
        trials.push(trial.with_ignored_flag(reason.is_some()));
    }
    let mut arguments = Arguments::from_args();
    // Two processors do not boot four guests faster, and the time limits are real.
    arguments.test_threads = Some(1);
    if let Some(reason) = reason {
        trials = trials.into_iter().map(|trial| trial.with_kind(reason.clone())).collect();
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn with(path: &Path, test: Test) -> Result<(), Failed> {
    let scratch = tempfile::tempdir_in("/var/tmp")?;
    let kernel = Kernel::open(path, scratch.path())?;
    test(&kernel, scratch.path())?;
    drop(kernel);
    let left: Vec<_> = std::fs::read_dir(scratch.path())?.flatten().map(|entry| entry.path()).collect();
    if left.is_empty() { Ok(()) } else { Err(format!("left behind: {left:?}").into()) }
}

fn boot<'boot>(kernel: &'boot Kernel, own: &'boot Path, scratch: &'boot Path, order: &str) -> Boot<'boot> {
    let mut boot = Boot::new(kernel, own, Accelerator::Tcg, scratch);
    boot.argv = vec!["copybench".to_owned(), order.to_owned()];
    boot.settle = Duration::ZERO;
    boot.disk_bytes = 512 << 20;
    boot.time_limit = Duration::from_secs(120);
    boot
}

fn own() -> PathBuf {
    std::env::current_exe().expect("this program")
}

/// Boots with an order that is bound to fail.
fn failing(kernel: &Kernel, scratch: &Path, order: &str, change: fn(&mut Boot)) -> BootError {
    let own = own();
    let mut boot = boot(kernel, &own, scratch, order);
    change(&mut boot);
    boot.run(&mut |_| ()).expect_err("an order that fails")
}

fn copies(kernel: &Kernel, scratch: &Path, accelerator: Accelerator) -> Result<(), Failed> {
    let own = own();
    let mut boot = boot(kernel, &own, scratch, "copy");
    let console = tempfile::NamedTempFile::new()?;
    boot.accelerator = accelerator;
    boot.file_systems = FILE_SYSTEMS.map(named).to_vec();
    boot.console = Some(console.path().to_owned());
    let mut records = Vec::new();
    let outcome = boot.run(&mut |line| records.push(line.to_owned()))?;
    describe(kernel, accelerator, &outcome);
    assert_eq!(outcome.records as usize, records.len());
    assert!(outcome.initramfs_bytes < 16 << 20, "{} bytes", outcome.initramfs_bytes);
    assert!(records[0].contains(&format!("\"release\":\"{}\"", kernel.release())), "{}", records[0]);
    for file_system in FILE_SYSTEMS {
        let expected = format!("\"fs\":\"{file_system}\"");
        assert!(records.iter().any(|record| record.contains(&expected)), "no {expected} in {records:?}");
    }
    Ok(())
}

fn describe(kernel: &Kernel, accelerator: Accelerator, outcome: &BootReport) {
    println!(
        "{} {accelerator}: ready {:.1} s, first record {:.1} s, total {:.1} s, initramfs {:.1} MiB, clock {}, retried {:?}",
        kernel.release(),
        outcome.ready.as_secs_f64(),
        outcome.first_record.unwrap_or_default().as_secs_f64(),
        outcome.total.as_secs_f64(),
        outcome.initramfs_bytes as f64 / (1 << 20) as f64,
        outcome.clock_source,
        outcome.retried,
    );
}

fn same_instructions(kernel: &Kernel, scratch: &Path) -> Result<(), Failed> {
    let own = own();
    let mut medians = Vec::new();
    for _ in 0..2 {
        let mut boot = boot(kernel, &own, scratch, "time");
        boot.accelerator = Accelerator::Instructions;
        boot.file_systems = vec![named("ext4"), named("tmpfs")];
        boot.settle = Duration::from_secs(20);
        let mut median = Vec::new();
        let outcome = boot.run(&mut |line| median.extend(inside::median(line)))?;
        describe(kernel, Accelerator::Instructions, &outcome);
        medians.push(median);
    }
    println!("{} medians {medians:?}", kernel.release());
    assert_eq!(medians[0].len(), 2);
    for (one, other) in medians[0].iter().zip(&medians[1]) {
        let apart = (one / other - 1.0).abs();
        assert!(apart < 0.001, "medians {one} and {other} are {:.3} % apart", apart * 100.0);
    }
    Ok(())
}

fn full_disk(kernel: &Kernel, scratch: &Path) -> Result<(), Failed> {
    let error = failing(kernel, scratch, "fill", |boot| boot.file_systems = vec![named("ext4")]);
    let BootError::Reported { reason, .. } = &error else { return Err(format!("{error:?}").into()) };
    assert!(reason.contains("filling the disk") && reason.contains("No space left"), "{reason}");
    Ok(())
}

fn panic_inside(kernel: &Kernel, scratch: &Path) -> Result<(), Failed> {
    let error = failing(kernel, scratch, "panic", |_| ()).to_string();
    assert!(error.contains("in the guest: it panicked: as ordered"), "{error}");
    Ok(())
}

fn kernel_panic(kernel: &Kernel, scratch: &Path) -> Result<(), Failed> {
    let error =
        failing(kernel, scratch, "copy", |boot| boot.append = "rdinit=/nowhere root=/nowhere".to_owned());
    assert!(error.is_panic(), "{error:?}");
    assert!(error.to_string().contains("Kernel panic - not syncing"), "{error}");
    Ok(())
}

fn hang(kernel: &Kernel, scratch: &Path) -> Result<(), Failed> {
    let began = Instant::now();
    let error = failing(kernel, scratch, "hang", |boot| boot.time_limit = Duration::from_secs(15));
    assert!(matches!(error, BootError::TimeLimit { seconds: 15, spoke: true, .. }), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let silent = failing(kernel, scratch, "hang", |boot| boot.time_limit = Duration::from_millis(300));
    assert!(matches!(silent, BootError::TimeLimit { spoke: false, .. }), "{silent:?}");
    Ok(())
}

fn init_ends(kernel: &Kernel, scratch: &Path) -> Result<(), Failed> {
    let error = failing(kernel, scratch, "exit", |_| ());
    // The kernel panics when its init ends; what was sent until then arrived.
    assert!(matches!(&error, BootError::Panic { reason, .. } if reason.contains("init")), "{error:?}");
    Ok(())
}

fn stopped(kernel: &Kernel, scratch: &Path) -> Result<(), Failed> {
    for (signal, directory_stays) in [(Signal::INT, false), (Signal::KILL, true)] {
        let place = tempfile::tempdir_in(scratch)?;
        let mut child = Command::new(own())
            .env(HANG, kernel.image())
            .current_dir(place.path())
            .stdout(Stdio::null())
            .spawn()?;
        let deadline = Instant::now() + Duration::from_secs(60);
        while machines(place.path())? == 0 {
            assert!(Instant::now() < deadline, "no machine was started");
            std::thread::sleep(Duration::from_millis(20));
        }
        let id = Pid::from_child(&child);
        kill_process(id, signal)?;
        child.wait()?;
        let deadline = Instant::now() + Duration::from_secs(5);
        while machines(place.path())? > 0 {
            assert!(Instant::now() < deadline, "QEMU still runs after {signal:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        // What SIGKILL leaves behind is swept at the next start.
        let left = std::fs::read_dir(place.path())?.count();
        assert_eq!(left > 0, directory_stays, "{left} entries after {signal:?}");
    }
    Ok(())
}

/// Number of processes that name a directory in their arguments.
fn machines(directory: &Path) -> Result<usize, Failed> {
    let directory = directory.to_string_lossy().into_owned();
    let command_lines = std::fs::read_dir("/proc")?
        .flatten()
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    Ok(command_lines.filter(|line| String::from_utf8_lossy(line).contains(&directory)).count())
}

fn hang_until_stopped(image: &Path) {
    copybench::measure::clean_up_on_signals().expect("handlers of signals");
    let scratch = std::env::current_dir().expect("a directory");
    let own = own();
    let kernel = Kernel::open(image, &scratch).expect("a kernel");
    let error = boot(&kernel, &own, &scratch, "hang").run(&mut |_| ()).expect_err("no end");
    eprintln!("{error}");
}

fn accelerator() -> Result<(), Failed> {
    let scratch = tempfile::tempdir_in("/var/tmp")?;
    let kernel = Kernel::open(&kernels()[0], scratch.path())?;
    let choice = choose(Wanted::Auto, &kernel, &own(), scratch.path())?;
    println!("{}: {}", choice.accelerator, choice.reason);
    assert_ne!(choice.accelerator, Accelerator::Tcg);
    let began = Instant::now();
    assert_eq!(choose(Wanted::Auto, &kernel, &own(), scratch.path())?, choice);
    assert!(began.elapsed() < Duration::from_secs(1), "not remembered: {:?}", began.elapsed());
    assert_eq!(choose(Wanted::Tcg, &kernel, &own(), scratch.path())?.accelerator, Accelerator::Tcg);
    Ok(())
}

fn configurations() -> Result<(), Failed> {
    let scratch = tempfile::tempdir_in("/var/tmp")?;
    for path in kernels() {
        let kernel = Kernel::open(&path, scratch.path())?;
        let telling = kernel.config().ok_or("a package without a configuration")?.telling();
        assert_eq!(telling.get("CONFIG_TRANSPARENT_HUGEPAGE").map(String::as_str), Some("y"), "{telling:?}");
    }
    Ok(())
}

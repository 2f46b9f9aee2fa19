//! `copybench kernels` as its users meet it: what does not fit is named before anything boots, and
//! a guest's records are those of any run. The last test needs QEMU and a kernel from
//! `scripts/kernels fetch`, or one that `COPYBENCH_TEST_KERNELS` names.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use copybench::claims::{ClaimLine, ClaimVerdict};
use copybench::record::{Clock, read_files};
use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Offsets of the header of a bzImage, `Documentation/arch/x86/boot.rst`.
const BOOT_FLAG: usize = 0x1fe;
const MAGIC: usize = 0x202;
const VERSION: usize = 0x20e;
const LOAD_FLAGS: usize = 0x236;

type Test = fn() -> Result<(), Failed>;

fn main() {
    let tests: [(&str, Test); 8] = [
        ("without QEMU its package is named, exit 2", no_qemu),
        ("what is no kernel is named, exit 2", not_a_kernel),
        ("another architecture is named, exit 2", other_architecture),
        ("modules of another version are named, exit 2", other_modules),
        ("a file system that the kernel lacks is named, exit 2", lacking_file_system),
        ("wrong words are refused before a kernel is opened, exit 2", wrong_words),
        ("a kernel given twice is refused, exit 2", twice),
        ("of two that write to one directory, the second is refused, exit 2", two_at_a_time),
    ];
    let mut trials: Vec<Trial> = tests.into_iter().map(|(name, test)| Trial::test(name, test)).collect();
    let found = common::kernels::kernels();
    let reason = common::kernels::unfit(&found);
    let kernel = found.first().cloned();
    let real = |name: &'static str, test: fn(&Path) -> Result<(), Failed>| {
        let kernel = kernel.clone();
        let trial = Trial::test(name, move || kernel.as_deref().map_or(Ok(()), test));
        match reason.clone() {
            Some(reason) => trial.with_kind(reason).with_ignored_flag(true),
            None => trial,
        }
    };
    trials.push(real("a small matrix is measured on a stock kernel", small_matrix));
    trials.push(real("claims are tried on a stock kernel", claims_there));
    trials.push(real("a guest that does not end in time is a skip with its last words", too_slow));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn directory() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory")
}

fn kernels(here: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copybench"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("COPYBENCH_")) {
        command.env_remove(name);
    }
    command.env("TMPDIR", here).current_dir(here).arg("kernels").args(arguments).output().expect("copybench")
}

/// Standard error of a command that must exit with 2, before it made any record.
fn refused(here: &Path, arguments: &[&str]) -> String {
    let output = kernels(here, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(!here.join("results").exists() && !here.join("out").exists(), "{said}");
    said
}

#[track_caller]
fn says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
}

/// A tree with an image that is nothing but a header, and its modules.
fn tree(root: &Path, release: &str, modules_of: &str, built_in: &str) {
    let modules = root.join("lib/modules").join(release);
    fs::create_dir_all(modules.join("kernel")).expect("lib/modules");
    fs::write(modules.join("modules.builtin"), built_in).expect("modules.builtin");
    if modules_of != release {
        // A module is an ELF file; what it says of itself is in .modinfo.
        fs::write(modules.join("kernel/xfs.ko"), module(modules_of)).expect("a module");
    }
    fs::create_dir_all(root.join("boot")).expect("boot");
    fs::write(root.join("boot").join(format!("vmlinuz-{release}")), image(release)).expect("an image");
}

fn image(release: &str) -> Vec<u8> {
    let mut image = vec![0; 0x400];
    image[BOOT_FLAG..BOOT_FLAG + 2].copy_from_slice(&[0x55, 0xaa]);
    image[MAGIC..MAGIC + 4].copy_from_slice(b"HdrS");
    image[LOAD_FLAGS] = 1;
    image[VERSION..VERSION + 2].copy_from_slice(&0x100_u16.to_le_bytes());
    image[0x300..0x300 + release.len()].copy_from_slice(release.as_bytes());
    image
}

/// An ELF file with a section `.modinfo` that names a release.
fn module(release: &str) -> Vec<u8> {
    let modinfo = format!("vermagic={release} SMP mod_unload \0name=xfs\0");
    let names = b"\0.modinfo\0.shstrtab\0";
    let data = 64;
    let names_at = data + modinfo.len();
    let table_at = (names_at + names.len()).next_multiple_of(8);
    let mut file = vec![0_u8; 64];
    file[..8].copy_from_slice(b"\x7fELF\x02\x01\x01\x00");
    file[16..18].copy_from_slice(&1_u16.to_le_bytes());
    file[18..20].copy_from_slice(&62_u16.to_le_bytes());
    file[20..24].copy_from_slice(&1_u32.to_le_bytes());
    file[40..48].copy_from_slice(&(table_at as u64).to_le_bytes());
    file[52..54].copy_from_slice(&64_u16.to_le_bytes());
    file[58..60].copy_from_slice(&64_u16.to_le_bytes());
    file[60..62].copy_from_slice(&3_u16.to_le_bytes());
    file[62..64].copy_from_slice(&2_u16.to_le_bytes());
    file.extend(modinfo.as_bytes());
    file.extend(names);
    file.resize(table_at + 64, 0);
    for (name, kind, offset, size) in [(1_u32, 1_u32, data, modinfo.len()), (10, 3, names_at, names.len())] {
        let mut section = [0_u8; 64];
        section[..4].copy_from_slice(&name.to_le_bytes());
        section[4..8].copy_from_slice(&kind.to_le_bytes());
        section[24..32].copy_from_slice(&(offset as u64).to_le_bytes());
        section[32..40].copy_from_slice(&(size as u64).to_le_bytes());
        file.extend(section);
    }
    file
}

/// Drivers that a guest needs, built in.
const DRIVERS: &str = "kernel/drivers/virtio/virtio_pci.ko\nkernel/drivers/block/virtio_blk.ko\n";

fn no_qemu() -> Result<(), Failed> {
    let here = directory();
    tree(&here.path().join("k"), "6.1.0-test", "6.1.0-test", DRIVERS);
    let output = Command::new(env!("CARGO_BIN_EXE_copybench"))
        .args(["kernels", "--accel", "instructions", "--fs", "tmpfs", "--kernel", "k", "--out", "out"])
        .env("PATH", here.path())
        .env("TMPDIR", here.path())
        .current_dir(here.path())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    says(&said, &["qemu-system-x86_64 is not installed", "apt-get install qemu-system-x86"]);
    Ok(())
}

fn not_a_kernel() -> Result<(), Failed> {
    let here = directory();
    fs::write(here.path().join("notes"), "no kernel".repeat(200))?;
    says(&refused(here.path(), &["--kernel", "notes"]), &["notes is not a kernel"]);
    says(&refused(here.path(), &["--kernel", "missing"]), &["opening missing", "No such file"]);
    fs::write(here.path().join("linux-image-6.1.0_6.1_amd64.deb"), "no package")?;
    let said = refused(here.path(), &["--kernel", "linux-image-6.1.0_6.1_amd64.deb"]);
    says(&said, &["linux-image-6.1.0_6.1_amd64.deb", "cannot be unpacked"]);
    Ok(())
}

fn other_architecture() -> Result<(), Failed> {
    let here = directory();
    let mut arm = vec![0; 4096];
    arm[0x38..0x3c].copy_from_slice(b"ARM\x64");
    fs::write(here.path().join("Image"), arm)?;
    says(&refused(here.path(), &["--kernel", "Image"]), &["Image is a kernel for arm64"]);
    Ok(())
}

fn other_modules() -> Result<(), Failed> {
    let here = directory();
    tree(&here.path().join("k"), "6.1.0-test", "6.2.0-other", DRIVERS);
    says(
        &refused(here.path(), &["--kernel", "k"]),
        &["modules of kernel 6.2.0-other", "image is 6.1.0-test"],
    );
    Ok(())
}

fn lacking_file_system() -> Result<(), Failed> {
    let here = directory();
    tree(&here.path().join("k"), "6.1.0-test", "6.1.0-test", DRIVERS);
    let said = refused(here.path(), &["--accel", "instructions", "--fs", "xfs", "--kernel", "k"]);
    says(&said, &["kernel 6.1.0-test has no xfs"]);
    Ok(())
}

fn wrong_words() -> Result<(), Failed> {
    let here = directory();
    for (arguments, word) in [
        (&["--fs", "ntfs"][..], "no file system ntfs"),
        (&["--accel", "xen"], "no accelerator xen"),
        (&["--strategy", "mmap-mmpa"], "mmap-mmap"),
        (&["--source", "notes"], "leave out --source"),
        (&["--boots", "0"], "--boots"),
        (&["--claims", "C41-shraed"], "C41-shared"),
        (&["--claims", "C74"], "a guest can try none of C74"),
        (&["--claims", "W2", "--size", "1MiB"], "leave out --strategy"),
    ] {
        let said = refused(here.path(), &[&["--kernel", "missing"], arguments].concat());
        says(&said, &[word]);
    }
    Ok(())
}

fn twice() -> Result<(), Failed> {
    let here = directory();
    for name in ["one", "two"] {
        tree(&here.path().join(name), "6.1.0-test", "6.1.0-test", DRIVERS);
    }
    says(&refused(here.path(), &["--kernel", "one", "two"]), &["kernel 6.1.0-test is given twice"]);
    Ok(())
}

/// The second would find out after hours that it has no place for what it found.
fn two_at_a_time() -> Result<(), Failed> {
    use std::os::unix::fs::PermissionsExt;
    let here = directory();
    let here = here.path();
    for (name, release) in [("one", "6.1.0-test"), ("two", "6.2.0-test")] {
        tree(&here.join(name), release, release, DRIVERS);
    }
    // A guest that says nothing for long.
    let programs = here.join("programs");
    fs::create_dir(&programs)?;
    let emulator = programs.join("qemu-system-x86_64");
    let text = "#!/bin/sh\ncase $1 in --version) echo QEMU emulator version 7.2.0;; *) >begun; exec sleep 1000; esac\n";
    fs::write(&emulator, text)?;
    fs::set_permissions(&emulator, fs::Permissions::from_mode(0o755))?;
    let path = format!("{}:{}", programs.display(), std::env::var("PATH")?);
    let command = |kernel: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_copybench"));
        command.args(["kernels", "--accel=instructions", "--fs=tmpfs", "--claims=W2", "--out=out"]);
        command.args(["--kernel", kernel]).env("PATH", &path).env("TMPDIR", here).current_dir(here);
        command
    };
    let mut first = command("one").stderr(std::process::Stdio::null()).spawn()?;
    let begun = here.join("begun");
    while !begun.exists() && first.try_wait()?.is_none() {
        std::thread::yield_now();
    }
    for kernel in ["one", "two"] {
        let second = command(kernel).output()?;
        let said = String::from_utf8_lossy(&second.stderr).into_owned();
        assert_eq!(second.status.code(), Some(2), "{said}");
        says(&said, &["the record out/", "is writing it", "--out"]);
    }
    assert!(first.try_wait()?.is_none(), "the first one ended");
    first.kill()?;
    first.wait()?;
    assert!(here.join("out/6.1.0-test/run.jsonl").exists() && !here.join("out/6.2.0-test").exists());
    Ok(())
}

fn small_matrix(kernel: &Path) -> Result<(), Failed> {
    let here = directory();
    let kernel = kernel.to_string_lossy();
    let output = kernels(
        here.path(),
        &[
            "--accel=instructions",
            "--boots=2",
            "--rounds=2",
            "--size=1MiB",
            "--strategy=read-write-256k,mmap-write,direct-1m",
            "--out=out",
            "--kernel",
            &kernel,
        ],
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    says(&table, &["instructions per byte", "read-write-256k", "direct-1m on every kernel: it waits"]);
    let folder = fs::read_dir(here.path().join("out"))?.flatten().next().ok_or("no record")?.path();
    let read = read_files(&[folder.join("run.jsonl")])?;
    let run = &read.runs[0];
    assert_eq!(run.run.clock, Clock::Instructions);
    assert_eq!(run.run.guest.as_ref().map(|guest| guest.accel.as_str()), Some("instructions"));
    assert!(folder.ends_with(&run.run.host.kernel), "{} in {}", run.run.host.kernel, folder.display());
    let timed: Vec<_> = run.samples.iter().filter(|sample| !sample.copies.elapsed.is_empty()).collect();
    for process in [1, 2] {
        for cell in ["ext4|dense|1MiB|warm|new|none", "tmpfs|dense|1MiB|warm|new|none"] {
            let of = |strategy: &str| {
                let fits = |sample: &&&_| is(sample, cell, strategy, process);
                timed.iter().filter(fits).count()
            };
            let found = (of("read-write-256k"), of("mmap-write"));
            assert_eq!(found, (2, 2), "{cell} in boot {process}: {:#?}", run.skips);
        }
    }
    assert!(
        run.skips.iter().any(|skip| skip.strategy == "direct-1m" && skip.refused.reason.contains("waits"))
    );
    assert_eq!(run.end.as_ref().map(|end| end.samples), Some(run.samples.len() as u64));
    assert!(folder.join("console-1.log").exists() && folder.join("console-2.log").exists());
    let left: Vec<_> = fs::read_dir(here.path())?.flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["out"]);
    Ok(())
}

fn claims_there(kernel: &Path) -> Result<(), Failed> {
    let here = directory();
    let kernel = kernel.to_string_lossy();
    let output = kernels(
        here.path(),
        &["--accel=instructions", "--fs=tmpfs", "--claims=W2,C25-write", "--out=out", "--kernel", &kernel],
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    says(&table, &["tmpfs", "W2-time", "C25-write", "holds: 256"]);
    let lines = fs::read_to_string(here.path().join("out/claims.jsonl"))?;
    let lines: Vec<ClaimLine> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let ids: Vec<&str> = lines.iter().map(|line| line.id.as_str()).collect();
    assert_eq!(ids, ["W2", "W2-entries", "W2-time", "C25-write"]);
    for line in &lines {
        assert!(line.clock == Clock::Instructions && line.host == "qemu-instructions", "{line:?}");
        let version = line.kernel.split(['-', '+', '~']).next().unwrap_or_default();
        assert!(!version.is_empty() && table.contains(version), "{line:?}");
    }
    assert_eq!(lines[3].verdict, ClaimVerdict::Holds);
    Ok(())
}

fn is(sample: &copybench::record::SampleLine, cell: &str, strategy: &str, process: u32) -> bool {
    sample.cell == cell && sample.strategy == strategy && sample.process == process
}

fn too_slow(kernel: &Path) -> Result<(), Failed> {
    let here = directory();
    let kernel = kernel.to_string_lossy();
    let output = kernels(
        here.path(),
        &["--accel=tcg", "--fs=tmpfs", "--time-limit=1s", "--boots=1", "--out=out", "--kernel", &kernel],
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    says(&said, &["did not end within 1 s", "never spoke"]);
    let folder = fs::read_dir(here.path().join("out"))?.flatten().next().ok_or("no record")?.path();
    let read = read_files(&[folder.join("run.jsonl")])?;
    let [skip] = &read.runs[0].skips[..] else { panic!("{:?}", read.runs[0].skips) };
    assert!(skip.strategy == "*" && skip.refused.reason.contains("within 1 s"), "{skip:?}");
    assert!(!read.runs[0].run.is_comparable() && read.runs[0].end.is_some());
    Ok(())
}

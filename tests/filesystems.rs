//! `scripts/filesystems` makes what it says and leaves nothing behind, however it ends.

#[path = "common/tools.rs"]
mod tools;

use copybench::sys::file_system::FILE_SYSTEMS;
use libtest_mimic::{Arguments, Failed, Trial};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A test of the script with a directory for its images.
type Test = fn(&Path) -> Result<(), Failed>;

const AS_ANYONE: [(&str, Test); 2] = [
    ("wrong use is exit 2", wrong_use),
    ("the script makes disks by the programs that guests have theirs from", same_programs),
];

/// With the file systems that are made.
const AS_ROOT: [(&str, &[&str], Test); 9] = [
    (
        "the command finds each file system, empty, where it was called",
        &["ext4", "xfs", "btrfs", "tmpfs"],
        each_file_system,
    ),
    ("a second file system is another one of the same kind", &["xfs", "tmpfs"], second_file_system),
    ("overlay has an ext4 of its own below, and two have two", &["ext4"], overlay),
    ("f2fs is made, or skipped for a kernel without it", &["ext4"], f2fs),
    ("a command that fails is exit 1, and its exit code is told", &["ext4", "xfs", "tmpfs"], failing_command),
    ("a process left behind ends with the command", &["btrfs"], process_left_behind),
    ("SIGTERM ends the command and cleans up", &["ext4"], |images| stopped_by(images, Signal::TERM)),
    ("SIGKILL ends the command and cleans up", &["ext4"], |images| stopped_by(images, Signal::KILL)),
    ("what cannot be made is skipped by name with the hint", &["ext4", "tmpfs"], skipped),
];

fn main() {
    let trial = |name: &'static str, lacking: Option<String>, test: Test| {
        let trial = Trial::test(name, move || clean(test)).with_ignored_flag(lacking.is_some());
        trial.with_kind(lacking.unwrap_or_default())
    };
    let as_anyone = AS_ANYONE.map(|(name, test)| trial(name, tools::missing(&["python3"]), test));
    let as_root = AS_ROOT.map(|(name, kinds, test)| trial(name, tools::no_file_systems(kinds), test));
    let trials = as_anyone.into_iter().chain(as_root).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Runs a test, then waits for everything it made to be gone.
fn clean(test: Test) -> Result<(), Failed> {
    let images = TempDir::new()?;
    let mounts = mounts()?;
    test(images.path())?;
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let left = leftovers(images.path(), &mounts)?;
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("left behind: {left:?}").into());
        }
        sleep(Duration::from_millis(50));
    }
}

fn mounts() -> Result<BTreeSet<String>, Failed> {
    Ok(fs::read_to_string("/proc/self/mountinfo")?.lines().map(str::to_owned).collect())
}

fn leftovers(images: &Path, before: &BTreeSet<String>) -> Result<Vec<String>, Failed> {
    let mut left: Vec<String> = mounts()?.difference(before).cloned().collect();
    for file in fs::read_dir(images)? {
        left.push(file?.path().display().to_string());
    }
    for device in fs::read_dir("/sys/block")? {
        let backing = fs::read_to_string(device?.path().join("loop/backing_file")).unwrap_or_default();
        if Path::new(&backing).starts_with(images) {
            left.push(backing);
        }
    }
    Ok(left)
}

fn script(images: &Path, arguments: &[&str], command: &str) -> Command {
    let mut script = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/filesystems"));
    script.args(["--size", "512MiB"]).args(arguments).args(["--", "sh", "-c", command]);
    script.env("TMPDIR", images).env("COPYBENCH_TO", "elsewhere").stdin(Stdio::null());
    script
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn assert_exit(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
}

fn each_file_system(images: &Path) -> Result<(), Failed> {
    let command =
        r#"stat -f -c %T "$COPYBENCH_DIR"; ls -A "$COPYBENCH_DIR"; echo "${COPYBENCH_TO-unset}"; pwd"#;
    let output = script(images, &["--require"], command).current_dir("/usr").output()?;
    assert_exit(&output, 0);
    let expected = ["ext2/ext3", "xfs", "btrfs", "tmpfs"].map(|kind| format!("{kind}\nunset\n/usr\n"));
    assert_eq!(text(&output.stdout), expected.concat());
    for kind in ["ext4", "xfs", "btrfs", "tmpfs"] {
        assert!(text(&output.stderr).contains(&format!("filesystems: {kind}: passed")));
    }
    Ok(())
}

fn second_file_system(images: &Path) -> Result<(), Failed> {
    let command =
        r#"stat -f -c %T "$COPYBENCH_TO"; stat -c %d "$COPYBENCH_DIR" "$COPYBENCH_TO" | uniq | wc -l"#;
    let output = script(images, &["--require", "--two", "--fs", "xfs,tmpfs"], command).output()?;
    assert_exit(&output, 0);
    assert_eq!(text(&output.stdout), "xfs\n2\ntmpfs\n2\n");
    Ok(())
}

fn overlay(images: &Path) -> Result<(), Failed> {
    let command = r#"stat -f -c %T "$COPYBENCH_DIR" "$COPYBENCH_TO"; stat -c %d "$COPYBENCH_DIR" "$COPYBENCH_TO" | uniq | wc -l;
        ls -A "$COPYBENCH_DIR"; stat -f -c %T "$COPYBENCH_DIR"/../../overlay-0-layers"#;
    let output = script(images, &["--two", "--fs", "overlay"], command).output()?;
    let told = text(&output.stderr);
    if told.contains("skipped: this kernel has no overlay") {
        assert_exit(&output, 2);
        return Ok(());
    }
    assert_exit(&output, 0);
    assert_eq!(text(&output.stdout), "overlayfs\noverlayfs\n2\next2/ext3\n");
    Ok(())
}

fn f2fs(images: &Path) -> Result<(), Failed> {
    let output = script(images, &["--fs", "f2fs"], r#"stat -f -c %T "$COPYBENCH_DIR""#).output()?;
    let told = text(&output.stderr);
    let skipped = ["skipped: this kernel has no f2fs", "skipped: no mkfs.f2fs: install f2fs-tools"];
    if skipped.iter().any(|why| told.contains(why)) {
        assert_exit(&output, 2);
    } else {
        assert_exit(&output, 0);
        assert_eq!(text(&output.stdout), "f2fs\n");
    }
    Ok(())
}

fn failing_command(images: &Path) -> Result<(), Failed> {
    let command = r#"case $COPYBENCH_DIR in *ext4*) exit 3;; *xfs*) kill -KILL $$;; esac"#;
    let output = script(images, &["--fs", "ext4,xfs,tmpfs"], command).output()?;
    assert_exit(&output, 1);
    for verdict in ["ext4: exit 3", "xfs: killed by signal 9", "tmpfs: passed"] {
        assert!(text(&output.stderr).contains(verdict), "{}", text(&output.stderr));
    }
    Ok(())
}

fn process_left_behind(images: &Path) -> Result<(), Failed> {
    let command = r#"cd "$COPYBENCH_DIR"; setsid sleep 1000 >file &"#;
    let output = script(images, &["--fs", "btrfs"], command).output()?;
    assert_exit(&output, 0);
    Ok(())
}

fn stopped_by(images: &Path, signal: Signal) -> Result<(), Failed> {
    let command = r#"setsid sleep 1000 & echo ready; sleep 1000"#;
    let mut child = script(images, &["--fs", "ext4", "--two"], command)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut output = child.stdout.take().ok_or("no pipe")?;
    output.read_exact(&mut [0; 6])?;
    assert_eq!(leftovers(images, &mounts()?)?.len(), 2, "two loop devices while it runs");
    kill_process(id(&child)?, signal)?;
    // Ends when the last process that holds the pipe does.
    output.read_to_end(&mut Vec::new())?;
    assert_eq!(child.wait()?.code(), (signal == Signal::TERM).then_some(1));
    Ok(())
}

fn id(child: &Child) -> Result<Pid, Failed> {
    Ok(i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or("no process id")?)
}

fn skipped(images: &Path) -> Result<(), Failed> {
    let tools = TempDir::new()?;
    // Python is asked itself, as what stands in PATH may be a shim that needs more tools.
    let find = r#"
        python3 -c "import sys; print(sys.executable)"
        for tool in env mount umount sh; do command -v $tool; done"#;
    let found = text(&Command::new("sh").args(["-c", find]).output()?.stdout);
    for (name, path) in ["python3", "env", "mount", "umount", "sh"].into_iter().zip(found.lines()) {
        symlink(path, tools.path().join(name))?;
    }
    for (arguments, code) in [
        (vec!["--fs", "xfs,tmpfs"], 0),
        (vec!["--fs", "xfs,tmpfs", "--require"], 2),
        (vec!["--fs", "xfs"], 2),
    ] {
        let output = script(images, &arguments, "true").env("PATH", tools.path()).output()?;
        assert_exit(&output, code);
        let verdict = "xfs: skipped: no mkfs.xfs: install xfsprogs";
        assert!(text(&output.stderr).contains(verdict), "{}", text(&output.stderr));
    }
    let output = script(images, &["--fs", "ext4", "--size", "1000TiB"], "true").output()?;
    assert_exit(&output, 2);
    assert!(text(&output.stderr).contains("may fill 1024000.0 GiB"), "{}", text(&output.stderr));
    Ok(())
}

fn same_programs(_: &Path) -> Result<(), Failed> {
    let script = "import sys; sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True\n\
        from fresh_filesystem import KINDS\n\
        for kind, (maker, package, _) in KINDS.items(): print(kind, *((maker or [])[:1] + [package] * bool(maker)))";
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts");
    let output = Command::new("python3").args(["-c", script, scripts]).output()?;
    assert_exit(&output, 0);
    let made = text(&output.stdout);
    for known in FILE_SYSTEMS {
        let Some(guest) = &known.guest else { continue };
        let line = match guest.mkfs {
            Some(mkfs) => format!("{} {} {}", known.name, mkfs.program, mkfs.package),
            None => known.name.to_owned(),
        };
        assert!(made.lines().any(|found| found == line), "{line:?} is not in {made}");
    }
    Ok(())
}

fn wrong_use(images: &Path) -> Result<(), Failed> {
    for (arguments, reason) in [
        (["--fs", "ext5"], "unknown file system 'ext5'; known: ext4,xfs,btrfs,tmpfs,f2fs,overlay"),
        (["--size", "6GB"], "'6GB' is not a size such as 512MiB or 6GiB"),
    ] {
        let output = script(images, &arguments, "true").output()?;
        assert_exit(&output, 2);
        assert!(text(&output.stderr).contains(reason), "{}", text(&output.stderr));
    }
    for (arguments, reason) in
        [(&["--fs", "tmpfs"][..], "no command"), (&["--", "no-such-command"], "command not found")]
    {
        let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/filesystems"))
            .args(arguments)
            .output()?;
        assert_exit(&output, 2);
        assert!(text(&output.stderr).contains(reason), "{}", text(&output.stderr));
    }
    Ok(())
}

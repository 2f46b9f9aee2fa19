//! What `--out` may name by mistake. Each is refused in words of its own, and nothing of it changes.

use super::program::{SMALL, Test, copybench, directory, ends, expect, small_bench};
use copybench::measure::{RecordFile, ResumeError, begin_or_add, begin_or_resume, run_line};
use copybench::record::RunLine;
use libtest_mimic::Failed;
use rustix::fs::{CWD, FileType, Mode};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

pub(crate) const TESTS: &[Test] = &[
    ("no odd target loses a byte to what writes records", every_target),
    ("the command line refuses odd targets, and none of them changes", by_command),
    ("what stands beside the records of guests is not replaced", beside_records_of_guests),
    ("an export replaces files of an earlier export alone", exports),
    ("what was made for a record that does not come to be goes again", unmade),
];

pub(crate) const BENCH: &[Test] = &[("cargo bench refuses odd targets, and none of them changes", by_bench)];

/// Kinds of files, and contents of regular ones, are refused for reasons that are told apart.
const REASONS: &[(&str, &str)] = &[
    ("empty", "it is empty"),
    ("two lines without an end", "its first line is no run line"),
    ("a newer schema", "its schema is 3.0"),
    ("a newer minor schema", "its schema is 2.1"),
    ("a run line without an end", "its only line has no end"),
    ("a note after a record", "what follows its last line is no line"),
    ("pipe", "it is a pipe"),
    ("socket", "it is a socket"),
    ("directory", "it is a directory"),
    ("link", "it is a symbolic link to"),
    ("dangling link", "it is a symbolic link to nowhere"),
    ("read-only", "it is read-only"),
];

fn run() -> RunLine {
    run_line(&["copybench".to_owned(), "run".to_owned()], Path::new("."), Path::new("."), 1)
}

/// The first line of a record.
fn line(change: impl FnOnce(&mut RunLine)) -> String {
    let mut run = run();
    change(&mut run);
    serde_json::to_string(&copybench::record::Line::Run(run)).unwrap_or_default()
}

/// Contents of files that are no record that can grow.
fn contents() -> Vec<(&'static str, Vec<u8>)> {
    let first = line(|_| ());
    let of = |schema: &str| line(|run| schema.clone_into(&mut run.schema)) + "\n";
    let utf16: Vec<u8> = "notes\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let text = |text: &str| text.as_bytes().to_vec();
    let after = |rest: &[u8]| [first.as_bytes(), b"\n", rest].concat();
    vec![
        ("empty", Vec::new()),
        ("a newline", text("\n")),
        ("a line", text("notes\n")),
        ("two lines", text("two\nlines\n")),
        ("two lines without an end", text("two\nlines")),
        ("a word", text("x")),
        ("half a tag", text("{\"t\"")),
        ("a cut run line", first.as_bytes()[..40].to_vec()),
        ("a run line without an end", text(&first)),
        ("an object", text("{}\n")),
        ("an array", text("[1,2]\n")),
        ("a run line of something else", text("{\"t\":\"run\",\"distance\":7}\n")),
        ("a sample without a run", text("{\"t\":\"sample\",\"cell\":\"a\"}\n")),
        ("an older schema", text(&of("0.9"))),
        ("a newer schema", text(&of("3.0"))),
        ("a newer minor schema", text(&of("2.1"))),
        ("zeros", vec![0; 4096]),
        ("bytes", (0..=255).cycle().take(10_000).collect()),
        ("gzip", vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 10, 1, 2, 3]),
        ("megabytes without a newline", vec![b'x'; 3 << 20]),
        ("megabytes that begin as a record", [b"{\"t\":\"".to_vec(), vec![b'x'; 3 << 20]].concat()),
        ("a table", text("size,time\n1,2\n3,4")),
        ("a page", text("<!doctype html>\n<p>text")),
        ("UTF-16", utf16),
        ("a byte order mark", [b"\xef\xbb\xbf".to_vec(), after(b"")].concat()),
        ("a record after an empty line", [b"\n".to_vec(), after(b"")].concat()),
        (
            "a note between lines",
            after(b"note\n{\"t\":\"end\",\"samples\":0,\"skips\":0,\"wall_seconds\":1.0,\"steal\":0.0}\n"),
        ),
        ("a note after a record", after(b"my own note")),
        ("a number after a record", after(b"12")),
        ("zeros after a record", after(&[0; 100])),
        ("a quoted note after a record", after(b"\"note")),
        ("megabytes after a record", after(&vec![b'x'; 3 << 20])),
    ]
}

type Change = fn(&Path) -> std::io::Result<()>;

/// Where and how such a file may be.
const FORMS: &[(&str, &[u8], Change)] = &[
    ("plain", b"r.jsonl", |_| Ok(())),
    ("read-only", b"notes.txt", |path| fs::set_permissions(path, Permissions::from_mode(0o444))),
    ("closed", b"r", |path| fs::set_permissions(path, Permissions::from_mode(0o000))),
    ("of two names", b"two names.jsonl", |path| fs::hard_link(path, path.with_extension("also"))),
    ("of no text", b"\xff\n.jsonl", |_| Ok(())),
];

/// Everything below a directory that must not change.
fn state(below: &Path) -> std::io::Result<BTreeMap<PathBuf, String>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(below)? {
        let path = entry?.path();
        let there = fs::symlink_metadata(&path)?;
        let content = if there.is_file() { fs::read(&path).unwrap_or_default() } else { Vec::new() };
        let mut hash = std::hash::DefaultHasher::new();
        std::hash::Hash::hash(&content, &mut hash);
        let facts =
            (there.ino(), there.mode(), there.nlink(), there.size(), there.mtime(), there.mtime_nsec());
        let link = fs::read_link(&path).unwrap_or_default();
        found.insert(path.clone(), format!("{facts:?} {link:?} {}", std::hash::Hasher::finish(&hash)));
        if there.is_dir() {
            found.append(&mut state(&path)?);
        }
    }
    Ok(found)
}

/// What is no regular file, and names that no file can have.
fn kinds(here: &Path) -> Result<Vec<(&'static str, PathBuf)>, Failed> {
    let at = |name: &str| here.join(name);
    fs::create_dir(at("directory"))?;
    fs::create_dir(at("full"))?;
    fs::write(at("full/file"), "content")?;
    fs::write(at("file"), "content")?;
    rustix::fs::mknodat(CWD, at("pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0)?;
    // Its name goes with nothing but the directory.
    drop(UnixListener::bind(at("socket"))?);
    symlink("file", at("link"))?;
    symlink("nowhere", at("dangling link"))?;
    symlink("directory", at("link to a directory"))?;
    symlink("loop", at("loop"))?;
    symlink("/dev/full", at("link to a device"))?;
    fs::write(at("record.jsonl"), line(|_| ()) + "\n")?;
    symlink("record.jsonl", at("link to a record"))?;
    let long = "x".repeat(300);
    let mut kinds: Vec<(&'static str, PathBuf)> = [
        "directory",
        "full",
        "pipe",
        "socket",
        "link",
        "dangling link",
        "link to a directory",
        "loop",
        "link to a device",
        "link to a record",
    ]
    .map(|name| (name, at(name)))
    .to_vec();
    kinds.extend([
        ("below a file", at("file/r.jsonl")),
        ("below a dangling link", at("dangling link/r.jsonl")),
        ("below a loop", at("loop/r.jsonl")),
        ("a name that is too long", at(&long)),
        ("a new directory and a name that is too long", at("made").join(&long)),
        ("with a slash at the end", at("new/")),
        ("directory, with a slash", at("directory/")),
        ("itself", at(".")),
        ("the directory above", at("directory/..")),
    ]);
    for device in
        ["/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/stdout", "/proc/self/status", "/proc", "/"]
    {
        kinds.push(("of the system", PathBuf::from(device)));
    }
    Ok(kinds)
}

type Open = fn(&Path) -> Result<(), String>;

/// Those who write records, as their commands open them.
const WRITERS: &[(&str, Open)] = &[
    ("run", |path| told(begin_or_resume(path, run(), None).map(drop))),
    ("cargo bench", |path| told(begin_or_add(path, run()).map(drop))),
    ("kernels", |path| told(RecordFile::create(path).map(drop).map_err(ResumeError::from))),
];

fn told(result: Result<(), ResumeError>) -> Result<(), String> {
    result.map_err(|error| error.to_string())
}

fn every_target() -> Result<(), Failed> {
    let mut tried = 0;
    let mut reasons = BTreeSet::new();
    let mut check = |name: &str, path: &Path, here: &Path| -> Result<(), Failed> {
        let before = state(here)?;
        for (writer, open) in WRITERS {
            let error =
                open(path).err().ok_or_else(|| format!("{writer} took {name}: {}", path.display()))?;
            expect(error.contains("name another with --out"), &error)?;
            expect(before == state(here)?, &format!("{writer} changed {name}: {error}"))?;
            let known = REASONS.iter().find(|(case, _)| *case == name);
            if let Some((_, reason)) = known.filter(|_| *writer == "run") {
                expect(error.contains(reason), &format!("{name}: {error}"))?;
                reasons.insert(*reason);
            }
            tried += 1;
        }
        Ok(())
    };
    for (name, content) in contents() {
        for (form, file, change) in FORMS {
            let here = directory()?;
            let path = here.path().join(std::ffi::OsStr::from_bytes(file));
            fs::write(&path, &content)?;
            change(&path)?;
            check(if *form == "plain" { name } else { form }, &path, here.path())?;
        }
    }
    let here = directory()?;
    for (name, path) in kinds(here.path())? {
        check(name, &path, here.path())?;
    }
    expect(tried >= 200, &format!("{tried} targets only"))?;
    expect(reasons.len() == REASONS.len(), &format!("{reasons:?}"))
}

/// A tree of a kernel whose image is nothing but a header, which is as far as a refused `--out` comes.
fn kernel(root: &Path) -> Result<(), Failed> {
    let modules = root.join("lib/modules/6.1.0-test/kernel");
    fs::create_dir_all(&modules)?;
    let drivers = "kernel/drivers/virtio/virtio_pci.ko\nkernel/drivers/block/virtio_blk.ko\n";
    fs::write(modules.with_file_name("modules.builtin"), drivers)?;
    let mut image = vec![0; 0x400];
    for (at, bytes) in [
        (0x1fe, &[0x55, 0xaa][..]),
        (0x202, b"HdrS"),
        (0x236, &[1]),
        (0x20e, &0x100_u16.to_le_bytes()),
        (0x300, b"6.1.0-test"),
    ] {
        image[at..at + bytes.len()].copy_from_slice(bytes);
    }
    fs::create_dir_all(root.join("boot"))?;
    Ok(fs::write(root.join("boot/vmlinuz-6.1.0-test"), image)?)
}

fn guests(here: &Path, more: &[&str]) -> std::process::Command {
    let mut command = copybench(here, "kernels --accel instructions --fs tmpfs --kernel k");
    // Without QEMU nothing is booted, should the target be taken.
    command.args(more).env("PATH", here).env("TMPDIR", here);
    command
}

fn by_command() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    kernel(&here.join("k"))?;
    fs::write(here.join("notes"), "two\nlines")?;
    fs::write(here.join("empty"), "")?;
    fs::write(here.join("other-build"), line(|run| run.commit.sha = "0".repeat(40)) + "\n{\"t\":\"sam")?;
    let mut targets: Vec<PathBuf> = kinds(here)?.into_iter().take(6).map(|(_, path)| path).collect();
    targets.extend(["notes", "empty", "other-build", "/dev/null", "/dev/stdout"].map(|name| here.join(name)));
    let before = state(here)?;
    for target in &targets {
        let output = copybench(here, SMALL).arg("--out").arg(target).output()?;
        ends(&output, 2, &["--out"])?;
        let output = copybench(here, SMALL).env("COPYBENCH_OUT", target).output()?;
        ends(&output, 2, &["--out"])?;
        expect(before == state(here)?, &format!("{} changed", target.display()))?;
    }
    // The record of guests is in a folder of the kernel's name.
    for (out, word) in
        [("notes", "Not a directory"), ("pipe", "Not a directory"), ("link", "Not a directory")]
    {
        let output = guests(here, &["--out", out]).output()?;
        ends(&output, 2, &[word])?;
        expect(before == state(here)?, &format!("{out} changed"))?;
    }
    Ok(())
}

fn beside_records_of_guests() -> Result<(), Failed> {
    for (file, more) in [
        ("6.1.0-test/run.jsonl", &[][..]),
        ("6.1.0-test/console-2.log", &[]),
        ("claims.jsonl", &["--claims", "W2"]),
    ] {
        let here = directory()?;
        let here = here.path();
        kernel(&here.join("k"))?;
        let path = here.join("out").join(file);
        fs::create_dir_all(path.parent().ok_or("a parent")?)?;
        fs::write(&path, "mine")?;
        let before = state(here)?;
        let output = guests(here, &[&["--out", "out"], more].concat()).output()?;
        ends(&output, 2, &[file, "exists already"])?;
        let mut after = state(here)?;
        // A directory that was made for a record and removed again has left a time.
        let changed: Vec<PathBuf> = before.keys().filter(|path| path.is_dir()).cloned().collect();
        let mut before = before;
        for directory in changed {
            expect(
                before.remove(&directory).is_some() && after.remove(&directory).is_some(),
                "a directory went",
            )?;
        }
        expect(before == after, &format!("{after:?}"))?;
    }
    Ok(())
}

fn by_bench() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    fs::write(here.join("notes"), "two\nlines")?;
    fs::write(here.join("empty"), "")?;
    let mut targets: Vec<PathBuf> = kinds(here)?.into_iter().take(6).map(|(_, path)| path).collect();
    targets.extend(["notes", "empty", "/dev/null"].map(|name| here.join(name)));
    let before = state(here)?;
    for target in targets {
        let output = small_bench(here, "")?.env("COPYBENCH_OUT", &target).output()?;
        ends(&output, 2, &["COPYBENCH_OUT"])?;
        expect(before == state(here)?, &format!("{} changed", target.display()))?;
    }
    Ok(())
}

fn exports() -> Result<(), Failed> {
    let here = directory()?;
    let here = here.path();
    ends(&copybench(here, SMALL).args(["--out", "r.jsonl"]).output()?, 0, &[])?;
    let export = || copybench(here, "export --format otava --out otava r.jsonl").output();
    ends(&export()?, 0, &[])?;
    ends(&export()?, 0, &[])?;
    fs::write(here.join("otava/otava.yaml"), "mine: yes\n")?;
    ends(&export()?, 2, &["otava.yaml", "no file of an earlier export"])?;
    expect(fs::read(here.join("otava/otava.yaml"))? == b"mine: yes\n", "it was replaced")?;
    fs::remove_file(here.join("otava/otava.yaml"))?;
    fs::write(here.join("mine"), "mine")?;
    symlink("../mine", here.join("otava/otava.yaml"))?;
    ends(&export()?, 2, &["no regular file"])?;
    expect(fs::read(here.join("mine"))? == b"mine", "a link was followed")
}

fn unmade() -> Result<(), Failed> {
    let here = directory()?;
    drop(RecordFile::create(&here.path().join("a/b/r.jsonl"))?);
    expect(!here.path().join("a").exists(), "its directories are left")?;
    let file = RecordFile::create(&here.path().join("a/b/r.jsonl"))?;
    fs::write(here.path().join("a/mine"), "mine")?;
    drop(file);
    expect(here.path().join("a/mine").exists() && !here.path().join("a/b").exists(), "a file of somebody's")
}

/// A record that somebody else made, on a machine where this user may write to everything.
pub(crate) fn of_another_user() -> Result<(), Failed> {
    let here = directory()?;
    let path = here.path().join(std::ffi::OsString::from_vec(b"r.jsonl".to_vec()));
    fs::write(&path, line(|_| ()) + "\n")?;
    std::os::unix::fs::chown(&path, Some(65534), None)?;
    let before = state(here.path())?;
    for (writer, open) in WRITERS {
        let error = open(&path).err().ok_or(*writer)?;
        expect(error.contains("belongs to user 65534"), &error)?;
    }
    expect(before == state(here.path())?, "it changed")?;
    Ok(())
}

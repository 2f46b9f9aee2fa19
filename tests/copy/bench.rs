//! A directory to copy in, and the command to do it with.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// The command.
pub(crate) const COPYBENCH: &str = env!("CARGO_BIN_EXE_copybench");

/// The same, as a shell takes it.
pub(crate) const COPY: &str = concat!(env!("CARGO_BIN_EXE_copybench"), " copy");

/// A directory of `COPYBENCH_DIR`; without that, of the build directory.
pub(crate) struct Bench {
    directory: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let parent = std::env::var_os("COPYBENCH_DIR").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
        Self { directory: tempfile::tempdir_in(parent).unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// A file of `length` with data of 64 KiB at each of `offsets`.
    pub(crate) fn write_sparse(&self, name: &str, length: u64, offsets: &[u64]) {
        use std::os::unix::fs::FileExt;
        let file = fs::File::create(self.path(name)).unwrap();
        file.set_len(length).unwrap();
        for offset in offsets {
            file.write_all_at(&noise(64 << 10), *offset).unwrap();
        }
    }

    /// Bytes that are allocated to a file.
    pub(crate) fn allocated(&self, name: &str) -> u64 {
        fs::File::open(self.path(name)).unwrap().sync_all().unwrap();
        fs::metadata(self.path(name)).unwrap().blocks() * 512
    }

    /// Names in the directory.
    pub(crate) fn names(&self) -> Vec<String> {
        self.names_in("")
    }

    /// Names in a directory below it.
    pub(crate) fn names_in(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(directory)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A command that runs in the directory, without variables of ours.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("COPYBENCH_") {
                command.env_remove(name);
            }
        }
        command.current_dir(self.directory.path()).args(arguments);
        command
    }

    /// `copybench copy`.
    pub(crate) fn copy(&self, arguments: &[&str]) -> Output {
        self.command(COPYBENCH, &["copy"]).args(arguments).output().unwrap()
    }

    /// What a shell makes of `script`, with the command as `$COPY`.
    pub(crate) fn shell(&self, script: &str) -> Output {
        self.command("sh", &["-ec", script]).env("COPY", COPY).output().unwrap()
    }

    /// `copybench copy` under strace with these injections, as in `-e inject=`.
    pub(crate) fn inject(&self, injections: &[&str], arguments: &[&str]) -> Output {
        let mut command = self.command("strace", &["-f", "-o", "/dev/null"]);
        for injection in injections {
            command.args(["-e", &format!("inject={injection}")]);
        }
        command.args([COPYBENCH, "copy"]).args(arguments).output().unwrap()
    }
}

/// Standard error of a command that must succeed.
#[track_caller]
pub(crate) fn succeeds(output: Output) -> String {
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{}: {text}", output.status);
    text
}

/// Standard error of a command that must exit with this code.
#[track_caller]
pub(crate) fn fails(code: i32, output: Output) -> String {
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

/// Bytes without a period that a shifted copy could hide in, and without a page of zeros.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = length as u64 | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

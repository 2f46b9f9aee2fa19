//! What is not a regular file, as the source of a copy by a named strategy: refused at once, with the
//! reason. Pipes and devices are copied where no strategy is named, as streams.

use crate::{child, common};
use copybench::strategy::representatives;
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes, or names, a source below a directory.
type Source = fn(&Path) -> Result<PathBuf, Failed>;

/// With the code of the refusal: 2 for an option that does not go with the source.
const SOURCES: [(&str, i32, Source); 4] = [
    ("a FIFO", 2, fifo),
    ("a device", 2, |_| Ok("/dev/zero".into())),
    ("a directory", 1, directory),
    ("a socket", 1, socket),
];

pub(crate) fn tests() -> Vec<Trial> {
    let test = |(what, code, source): (&str, i32, Source)| {
        Trial::test(format!("special source::{what} is refused"), move || is_refused(code, source))
    };
    SOURCES.map(test).into()
}

fn is_refused(code: i32, source: Source) -> Result<(), Failed> {
    let here = tempfile::tempdir_in(common::places().0.path())?;
    let source = source(here.path())?;
    let target = here.path().join("target");
    for strategy in representatives(usize::MAX) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_copybench"));
        command.args(["copy", "--strategy", strategy.name]).arg(&source).arg(&target);
        let ended = child::run(&mut command, child::LIMIT)?;
        let what = if code == 2 { "--strategy" } else { source.to_str().unwrap_or("the source") };
        if ended.code != code || !ended.errors.contains(what) || target.exists() {
            return Err(format!("{}: {ended:?}", strategy.name).into());
        }
    }
    Ok(())
}

fn fifo(here: &Path) -> Result<PathBuf, Failed> {
    let path = here.join("fifo");
    let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR);
    rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, 0)?;
    Ok(path)
}

fn directory(here: &Path) -> Result<PathBuf, Failed> {
    let path = here.join("directory");
    std::fs::create_dir(&path)?;
    Ok(path)
}

fn socket(here: &Path) -> Result<PathBuf, Failed> {
    let path = here.join("socket");
    std::os::unix::net::UnixListener::bind(&path)?;
    Ok(path)
}

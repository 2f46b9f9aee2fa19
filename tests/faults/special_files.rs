//! What is not a regular file, as a source of the command: refused at once, with the reason.

use crate::{child, common};
use copybench::strategy::representatives;
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes, or names, a source below a directory.
type Source = fn(&Path) -> Result<PathBuf, Failed>;

const SOURCES: [(&str, Source); 4] = [
    ("a FIFO", fifo),
    ("a device", |_| Ok("/dev/zero".into())),
    ("a directory", directory),
    ("a socket", socket),
];

pub(crate) fn tests() -> Vec<Trial> {
    let test = |(what, source): (&str, Source)| {
        Trial::test(format!("special source::{what} is refused"), move || is_refused(source))
    };
    SOURCES.map(test).into()
}

fn is_refused(source: Source) -> Result<(), Failed> {
    let here = tempfile::tempdir_in(common::places().0.path())?;
    let source = source(here.path())?;
    let target = here.path().join("target");
    for strategy in representatives(usize::MAX) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_copybench"));
        command.args(["copy", "--strategy", strategy.name]).arg(&source).arg(&target);
        let ended = child::run(&mut command, child::LIMIT)?;
        let named = source.to_str().is_some_and(|source| ended.errors.contains(source));
        if ended.code != 1 || !named || target.exists() {
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

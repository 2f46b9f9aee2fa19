use super::Fail;
use crate::measure::closest;
use crate::strategy::{self, Method, Span, Strategy};
use anyhow::Context;
use clap::Args;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Copy a file by one strategy
#[derive(Debug, Args)]
pub(super) struct Copy {
    /// The strategy; `copybench list` shows them
    #[arg(long, value_name = "S")]
    strategy: String,
    /// The file to copy
    #[arg(value_name = "SRC")]
    source: PathBuf,
    /// Where to; an existing file is written over
    #[arg(value_name = "DST")]
    target: PathBuf,
}

impl Copy {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let strategy = find(&self.strategy)?;
        let source = open_source(&self.source)?;
        let is_new = self.target.symlink_metadata().is_err();
        let target = open_target(&self.target, &source)?;
        let fails =
            || format!("copying {} to {} by {}", self.source.display(), self.target.display(), strategy.name);
        match strategy.method {
            Method::Handles(_) => strategy.copy(&source, &target, Span::WHOLE),
            Method::Paths(copy) => {
                // Some take only a target that does not exist.
                if is_new {
                    std::fs::remove_file(&self.target).map_err(in_words).with_context(fails)?;
                }
                copy(&self.source, &self.target)
            }
        }
        .with_context(fails)?;
        Ok(())
    }
}

/// The strategy of that name.
fn find(name: &str) -> anyhow::Result<&'static Strategy> {
    strategy::find(name).ok_or_else(|| {
        let closest = closest(name, strategy::all().map(|(_, strategy)| strategy.name));
        let offer = if closest.is_empty() {
            "`copybench list` shows all".to_owned()
        } else {
            format!("did you mean {}?", closest.join(" or "))
        };
        Fail::Use(format!("no strategy is called {name:?}; {offer}")).into()
    })
}

fn open_source(path: &Path) -> anyhow::Result<File> {
    let what = || format!("opening the source {}", path.display());
    let kind = std::fs::metadata(path).map_err(in_words).with_context(what)?;
    if !kind.is_file() {
        let kind = if kind.is_dir() { "a directory" } else { "not a regular file" };
        return Err(Fail::Work(format!(
            "the source {} is {kind}; only regular files are copied",
            path.display()
        ))
        .into());
    }
    File::open(path).map_err(in_words).with_context(what)
}

/// Opens the target without cutting it, as it may be the source under another name.
fn open_target(path: &Path, source: &File) -> anyhow::Result<File> {
    let what = || format!("opening the target {}", path.display());
    let target = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(in_words)
        .with_context(what)?;
    let (from, to) = (rustix::fs::fstat(source)?, rustix::fs::fstat(&target)?);
    if (from.st_dev, from.st_ino) == (to.st_dev, to.st_ino) {
        return Err(Fail::Work(format!("{} is the source itself; nothing was copied", path.display())).into());
    }
    Ok(target)
}

/// The error with its errno by name.
fn in_words(error: std::io::Error) -> anyhow::Error {
    match rustix::io::Errno::from_io_error(&error) {
        Some(errno) => anyhow::anyhow!("{}", crate::sys::errno::describe(errno)),
        None => error.into(),
    }
}

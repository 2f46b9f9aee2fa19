//! The process that is traced: `copybench explain-child STRATEGY SET-UP SOURCE TARGET`.

use crate::measure::Setup;
use crate::strategy::{self, Method, Task, Workspace};
use crate::sys::mapping::{Access, Flags, Mapping, Sharing};
use crate::sys::marker::{self, Mark};
use anyhow::{Context, bail};
use std::ffi::OsString;
use std::fs::File;
use std::path::Path;

/// The hidden subcommand that must lead to [`child`] with the arguments that follow it.
pub const CHILD: &str = "explain-child";

/// Copies between marks; the rest is done before the first, so that the trace has the copy alone. With a
/// kept workspace that is another copy. Errors: for the parent to read on standard error; the process is to
/// end with a failure.
pub fn child(arguments: &[OsString]) -> anyhow::Result<()> {
    let [name, setup, source, target] = arguments else {
        bail!("{CHILD}: write STRATEGY SET-UP SOURCE TARGET")
    };
    let strategy = name.to_str().and_then(strategy::find);
    let strategy = strategy.with_context(|| format!("no strategy is called {name:?}"))?;
    let (source, target) = (Path::new(source), Path::new(target));
    let from = File::open(source).with_context(|| format!("open {}", source.display()))?;
    // The first mapping installs a signal handler, which is no part of a copy.
    let _ =
        Mapping::new(&from, 0, 1, Flags { sharing: Sharing::Shared, access: Access::Read, populate: false });
    match &strategy.method {
        Method::Paths(_) | Method::Command(_) => {
            drop(from);
            marked(|| strategy.copy_paths(source, target)).transpose()?;
        }
        Method::Handles(_) => {
            let create = || {
                let mut options = File::options();
                let to = options.read(true).write(true).create_new(true).open(target);
                to.with_context(|| format!("create {}", target.display()))
            };
            let workspace = Workspace::new();
            if setup == Setup::Kept.name() {
                strategy.copy(Task::whole(&from, &create()?, &workspace))?;
                std::fs::remove_file(target).with_context(|| format!("remove {}", target.display()))?;
            }
            let to = create()?;
            marked(|| strategy.copy(Task::whole(&from, &to, &workspace)))?;
        }
    }
    Ok(())
}

fn marked<T>(copy: impl FnOnce() -> T) -> T {
    marker::set(Mark::Begin);
    let copied = copy();
    marker::set(Mark::End);
    copied
}

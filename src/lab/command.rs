//! How the lab's children are started.

use crate::sys::child::THIS;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The hidden subcommand that must lead to [`child`](super::child()) with the arguments that follow it.
pub const CHILD: &str = "lab-child";

/// A child that takes longer for anything is given up.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// A command that runs a child of the lab in its directory.
pub(super) fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(THIS);
    command.arg(CHILD).args(arguments).current_dir(directory);
    command
}

//! Programs of this machine that guests need.

use super::BootError;
use rustix::fs::{Access, access};
use std::path::PathBuf;
use std::process::Command;

/// Where programs of the administrator stand, which the PATH of others may lack.
const ADMINISTRATOR: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// A command for a program. Errors: [`BootError::NoProgram`] with the Debian package that holds it.
pub(super) fn find(name: &str, package: &'static str) -> Result<Command, BootError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories: Vec<PathBuf> =
        std::env::split_paths(&path).chain(ADMINISTRATOR.map(PathBuf::from)).collect();
    let may_run = |path: &PathBuf| path.is_file() && access(path, Access::EXEC_OK).is_ok();
    let found = directories.iter().map(|directory| directory.join(name)).find(may_run);
    found.map(Command::new).ok_or_else(|| BootError::NoProgram { program: name.to_owned(), package })
}

/// Runs a command to its end; what it printed, standard output first. Errors: [`BootError::Program`] with
/// all that it printed, where it fails.
pub(super) fn output(command: &mut Command) -> Result<String, BootError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let host = |source| BootError::Host { act: format!("running {program}"), source };
    let output = command.output().map_err(host)?;
    let printed = [&output.stdout[..], &output.stderr[..]].concat();
    let printed = String::from_utf8_lossy(&printed).trim().to_owned();
    if output.status.success() { Ok(printed) } else { Err(BootError::Program { program, output: printed }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_names_its_package() {
        let error = find("no-such-program", "some-package").unwrap_err();
        assert!(error.is_unfit() && error.to_string().contains("some-package"), "{error}");
    }

    #[test]
    fn a_program_that_refuses_is_quoted() {
        let mut command = Command::new("sh");
        let error = output(command.args(["-c", "echo why >&2; exit 3"])).unwrap_err().to_string();
        assert!(error.contains("why"), "{error}");
    }
}

//! Files that a command writes where the user says, and may write again.

use super::Fail;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Refuses to replace what is there and not `is_own`; `flag` names another place.
pub(super) fn refuse_foreign(path: &Path, flag: &str, is_own: impl Fn(&Path) -> bool) -> anyhow::Result<()> {
    let foreign = |what: &str| {
        let text = format!("{} is {what}, which is not replaced; name another {flag}", path.display());
        Err(Fail::Use(text).into())
    };
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => foreign(&format!("not to be looked at ({error})")),
        Ok(there) if !there.is_file() => foreign("no regular file"),
        Ok(_) if is_own(path) => Ok(()),
        Ok(_) => foreign("no file of an earlier export"),
    }
}

/// Writes a file that is whole at every moment, and follows no link.
pub(super) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

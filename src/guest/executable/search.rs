//! Where the loader looks for shared libraries, `ld.so(8)`.

use std::path::{Path, PathBuf};

const BUILT_IN: [&str; 6] =
    ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"];
const CONFIGURATION: &str = "/etc/ld.so.conf";
/// Files that include each other would never end.
const DEPTH: u32 = 8;

/// Directories of this machine: configured ones, then those that loaders have built in.
pub(super) fn system() -> Vec<PathBuf> {
    let mut directories = configured(Path::new(CONFIGURATION), DEPTH);
    directories.extend(BUILT_IN.map(PathBuf::from));
    directories
}

/// Directories in an `RPATH` or `RUNPATH` of `file`.
pub(super) fn of_file(list: &str, file: &Path) -> Vec<PathBuf> {
    let origin = file.parent().unwrap_or(Path::new("/")).to_string_lossy();
    list.split(':')
        .filter(|entry| !entry.is_empty())
        .map(|entry| entry.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin).into())
        .collect()
}

/// `ld.so.conf`: a directory a line, or `include PATTERN` with a `*` in the file's name.
fn configured(file: &Path, depth: u32) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let mut directories = Vec::new();
    for line in text.lines().filter_map(|line| line.split('#').next()).map(str::trim) {
        match line.strip_prefix("include") {
            Some(pattern) if depth > 0 => {
                for included in included(&file.with_file_name("").join(pattern.trim())) {
                    directories.extend(configured(&included, depth - 1));
                }
            }
            None if line.starts_with('/') => directories.push(line.into()),
            _ => {}
        }
    }
    directories
}

fn included(pattern: &Path) -> Vec<PathBuf> {
    let name = pattern.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Some((before, after)) = name.split_once('*') else { return vec![pattern.to_owned()] };
    let entries = pattern.parent().and_then(|directory| std::fs::read_dir(directory).ok());
    let mut files: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.starts_with(before) && name.ends_with(after)
        })
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_directories_come_in_order_and_includes_end() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
        write("ld.so.conf", "include conf.d-*.conf # those of packages\n/opt/lib\ninclude ld.so.conf\n");
        write("conf.d-b.conf", "/b\n");
        write("conf.d-a.conf", "# none\n/a\n");
        let directories = configured(&place.path().join("ld.so.conf"), 1);
        assert_eq!(directories[..3], ["/a", "/b", "/opt/lib"].map(PathBuf::from));
    }

    #[test]
    fn origin_is_the_directory_of_the_file() {
        let found = of_file("$ORIGIN/../lib::/x:${ORIGIN}", Path::new("/opt/bin/program"));
        assert_eq!(found, ["/opt/bin/../lib", "/x", "/opt/bin"].map(PathBuf::from));
    }
}

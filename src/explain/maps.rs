//! The lines of `/proc/PID/maps`, field by field (`proc_pid_maps(5)`).

mod field;

pub use field::Field;

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// One mapping of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Addresses, the end excluded.
    pub addresses: Range<u64>,
    /// What may be done with the memory.
    pub permissions: Permissions,
    /// Offset in the file, in bytes, of the first address.
    pub offset: u64,
    /// Major and minor number of the file's device. On btrfs it is not what `stat(2)` says.
    pub device: (u32, u32),
    /// Inode number of the file; 0 where no file is mapped.
    pub inode: u64,
    /// Path of the file, or a name in brackets such as `[heap]`; none for anonymous memory. A
    /// deleted file's path ends in ` (deleted)`.
    pub path: Option<PathBuf>,
    /// The line as the kernel wrote it.
    pub line: String,
}

/// The four letters of the second field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// `PROT_READ`.
    pub read: bool,
    /// `PROT_WRITE`.
    pub write: bool,
    /// `PROT_EXEC`.
    pub execute: bool,
    /// `MAP_SHARED`; otherwise `MAP_PRIVATE`.
    pub shared: bool,
}

/// A line that is not of `/proc/PID/maps`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a line of /proc/PID/maps: {0:?}")]
pub struct ParseError(String);

impl Region {
    pub fn length(&self) -> u64 {
        self.addresses.end - self.addresses.start
    }

    /// Whether the path is that of a file that has no name any more.
    pub fn is_deleted(&self) -> bool {
        self.path.as_deref().is_some_and(|path| path.as_os_str().as_encoded_bytes().ends_with(b" (deleted)"))
    }

    /// Whether this maps the file at `path`, by its name.
    pub fn is_of(&self, path: &Path) -> bool {
        self.path.as_deref() == Some(path)
    }

    /// Whether any address of the range is mapped by this.
    pub fn overlaps(&self, range: &Range<u64>) -> bool {
        self.addresses.start < range.end && range.start < self.addresses.end
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |set, letter| if set { letter } else { '-' };
        let sharing = if self.shared { 's' } else { 'p' };
        write!(
            formatter,
            "{}{}{}{sharing}",
            letter(self.read, 'r'),
            letter(self.write, 'w'),
            letter(self.execute, 'x')
        )
    }
}

impl FromStr for Region {
    type Err = ParseError;

    fn from_str(line: &str) -> Result<Self, ParseError> {
        parse(line).ok_or_else(|| ParseError(line.to_owned()))
    }
}

/// All mappings of a process, by address. Errors: those of reading `/proc/ID/maps`; `InvalidData` for a
/// line of another form.
pub fn read(id: impl fmt::Display) -> io::Result<Vec<Region>> {
    let text = std::fs::read(super::proc_directory(id).join("maps"))?;
    let lines = String::from_utf8_lossy(&text);
    lines.lines().map(|line| line.parse().map_err(io::Error::other)).collect()
}

fn parse(line: &str) -> Option<Region> {
    let mut rest = line;
    let (start, end) = next_field(&mut rest)?.split_once('-')?;
    let addresses = u64::from_str_radix(start, 16).ok()?..u64::from_str_radix(end, 16).ok()?;
    let &[read, write, execute, sharing] = next_field(&mut rest)?.as_bytes() else { return None };
    let offset = u64::from_str_radix(next_field(&mut rest)?, 16).ok()?;
    let (major, minor) = next_field(&mut rest)?.split_once(':')?;
    let device = (u32::from_str_radix(major, 16).ok()?, u32::from_str_radix(minor, 16).ok()?);
    let inode = next_field(&mut rest)?.parse().ok()?;
    let path = rest.trim_start_matches(' ');
    let permissions = Permissions {
        read: read == b'r',
        write: write == b'w',
        execute: execute == b'x',
        shared: matches!(sharing, b's' | b'S'),
    };
    (addresses.start <= addresses.end && b"psPS".contains(&sharing)).then(|| Region {
        addresses,
        permissions,
        offset,
        device,
        inode,
        // The kernel escapes a line feed, and only that.
        path: (!path.is_empty()).then(|| path.replace("\\012", "\n").into()),
        line: line.to_owned(),
    })
}

fn next_field<'line>(rest: &mut &'line str) -> Option<&'line str> {
    let (field, after) = rest.split_once(' ').unwrap_or((rest, ""));
    *rest = after;
    (!field.is_empty()).then_some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARED: &str =
        "7f1bb8000000-7f1bb8100000 rw-s 00001000 08:1a 1835011                    /home/a b/lmfile";

    #[test]
    fn a_file_mapping_is_told_field_by_field() {
        let region: Region = SHARED.parse().unwrap();
        assert_eq!(region.length(), 1 << 20);
        assert_eq!(region.permissions.to_string(), "rw-s");
        assert_eq!((region.offset, region.device, region.inode), (4096, (8, 26), 1_835_011));
        assert!(region.is_of(Path::new("/home/a b/lmfile")) && !region.is_deleted());
        let fields = region.fields();
        let values: Vec<_> = fields.iter().map(|field| field.value.as_str()).collect();
        assert_eq!(
            values,
            ["7f1bb8000000-7f1bb8100000", "rw-s", "00001000", "08:1a", "1835011", "/home/a b/lmfile"]
        );
        assert_eq!(fields[1].meaning, "PROT_READ | PROT_WRITE; s is MAP_SHARED");
    }

    #[test]
    fn anonymous_memory_has_no_path_and_no_inode() {
        let region: Region = "7f1bb8000000-7f1bb8100000 ---p 00000000 00:00 0 ".parse().unwrap();
        assert_eq!((region.inode, region.path.clone()), (0, None));
        assert!(region.fields()[1].meaning.starts_with("PROT_NONE; p is MAP_PRIVATE"));
        let heap: Region = "01-02 rw-p 00000000 00:00 0                  [heap]".parse().unwrap();
        assert_eq!(heap.path.as_deref(), Some(Path::new("[heap]")));
    }

    #[test]
    fn a_deleted_file_and_an_escaped_line_feed_are_understood() {
        let region: Region = "01-02 r--s 00000000 00:01 7   /tmp/a\\012b (deleted)".parse().unwrap();
        assert!(region.is_deleted());
        assert_eq!(region.path.unwrap(), Path::new("/tmp/a\nb (deleted)"));
    }

    #[test]
    fn other_lines_are_refused() {
        for line in ["", "Rss: 4 kB", "01-02 rw-p", "02-01 rw-p 0 00:00 0", "01-02 rw-x 0 00:00 0"] {
            assert!(line.parse::<Region>().is_err(), "{line:?}");
        }
    }

    #[test]
    fn this_process_has_mappings_in_order() {
        let regions = read("self").unwrap();
        assert!(regions.iter().any(|region| region.permissions.execute));
        assert!(regions.is_sorted_by_key(|region| region.addresses.start));
    }
}

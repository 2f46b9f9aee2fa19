use super::CopierError;
use rustix::fs::{FileType, Stat, fstat, stat};
use std::fs::File;
use std::path::{Path, PathBuf};

/// The open source, as it was when it was opened.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) stat: Stat,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, CopierError> {
        let act = "opening the source";
        check_kind(path, stat(path).map_err(CopierError::call(act, path))?)?;
        let file = File::open(path).map_err(CopierError::call(act, path))?;
        let stat = fstat(&file).map_err(CopierError::call("asking for the size of", path))?;
        check_kind(path, stat)?;
        Ok(Self { file, path: path.to_owned(), stat })
    }

    /// Its length; files of procfs say 0 and hold more, files of sysfs say a page and hold less.
    pub(super) fn size(&self) -> u64 {
        self.stat.st_size.unsigned_abs()
    }

    /// Whether it gives its bytes once, in their order, and no size: a pipe or a device.
    pub(super) fn is_stream(&self) -> bool {
        !FileType::from_raw_mode(self.stat.st_mode).is_file()
    }

    /// Whether `other` is the same file under any name.
    pub(super) fn is(&self, other: &Stat) -> bool {
        (self.stat.st_dev, self.stat.st_ino) == (other.st_dev, other.st_ino)
    }
}

fn check_kind(path: &Path, stat: Stat) -> Result<(), CopierError> {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => "a directory",
        FileType::Socket => "a socket",
        _ => return Ok(()),
    };
    Err(CopierError::Kind { path: path.to_owned(), kind })
}

use super::{CopierError, CopyRequest};
use rustix::fs::{FileType, Stat, fstat, stat};
use std::fs::File;
use std::path::PathBuf;

/// The open source, as it was when it was opened.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) stat: Stat,
}

impl Source {
    /// What cannot be copied is refused before it is opened: that of a pipe waits for its writer.
    pub(super) fn open(request: &CopyRequest<'_>) -> Result<Self, CopierError> {
        let (act, path) = ("opening the source", request.source);
        check(request, stat(path).map_err(CopierError::call(act, path))?)?;
        let file = File::open(path).map_err(CopierError::call(act, path))?;
        let stat = fstat(&file).map_err(CopierError::call("asking for the size of", path))?;
        check(request, stat)?;
        Ok(Self { file, path: path.to_owned(), stat })
    }

    /// Its length; files of procfs say 0 and hold more, files of sysfs say a page and hold less.
    pub(super) fn size(&self) -> u64 {
        self.stat.st_size.unsigned_abs()
    }

    /// Whether it gives its bytes once, in their order, and no size: a pipe or a device.
    pub(super) fn is_stream(&self) -> bool {
        is_stream(self.stat)
    }

    /// Whether `other` is the same file under any name.
    pub(super) fn is(&self, other: &Stat) -> bool {
        (self.stat.st_dev, self.stat.st_ino) == (other.st_dev, other.st_ino)
    }
}

fn is_stream(stat: Stat) -> bool {
    !FileType::from_raw_mode(stat.st_mode).is_file()
}

fn check(request: &CopyRequest<'_>, stat: Stat) -> Result<(), CopierError> {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::Directory => "a directory",
        FileType::Socket => "a socket",
        _ if is_stream(stat) => return request.check_stream(),
        _ => return Ok(()),
    };
    Err(CopierError::Kind { path: request.source.to_owned(), kind })
}

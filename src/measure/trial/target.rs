use super::error::TrialError;
use crate::cache::{CacheState, establish};
use crate::fixture::{Place, Source};
use crate::strategy::DstMode;
use crate::sys::errno::during;
use crate::sys::fiemap;
use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A target in the state that a cell asks for.
#[derive(Debug)]
pub(crate) enum Target {
    /// A file without a name, open for reading and writing.
    Unnamed(File),
    /// A path in a private directory.
    Named(PathBuf),
}

impl Target {
    /// The target, open for reading.
    pub(crate) fn open(&self) -> Result<File, TrialError> {
        match self {
            Self::Unnamed(file) => file.try_clone(),
            Self::Named(path) => File::open(path),
        }
        .map_err(|source| TrialError::Prepare { act: "opening the copy", source })
    }
}

/// Makes a target for a copy between open files. `kept` is the target of an earlier trial, used
/// again where overwriting asks for blocks that are on the device already.
pub(crate) fn unnamed(
    place: &Place,
    source: &Source,
    mode: DstMode,
    cache: CacheState,
    kept: Option<File>,
) -> Result<File, TrialError> {
    if let (DstMode::Overwrite, Some(file)) = (mode, kept) {
        fill_with_other_bytes(source, &file)?;
        if is_settled(&file, source.size())? {
            cool(&file, source, cache)?;
            return Ok(file);
        }
    }
    let file = place.unnamed().map_err(|error| TrialError::Prepare {
        act: "making the target",
        source: std::io::Error::other(error),
    })?;
    prepare(&file, source, mode, cache)?;
    Ok(file)
}

/// Makes a target at `path`; for the mode `new` there is none.
pub(crate) fn named(
    path: &Path,
    source: &Source,
    mode: DstMode,
    cache: CacheState,
) -> Result<(), TrialError> {
    let io = |source| TrialError::Prepare { act: "making the target", source };
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    if mode == DstMode::New {
        return Ok(());
    }
    let file = File::options().read(true).write(true).create_new(true).open(path).map_err(io)?;
    prepare(&file, source, mode, cache)
}

fn prepare(file: &File, source: &Source, mode: DstMode, cache: CacheState) -> Result<(), TrialError> {
    match mode {
        DstMode::New => Ok(()),
        DstMode::Preallocated if source.size() == 0 => Ok(()),
        DstMode::Preallocated => {
            let allocated = rustix::fs::fallocate(file, FallocateFlags::empty(), 0, source.size());
            Ok(during("allocating the target", allocated)?)
        }
        DstMode::Overwrite => {
            fill_with_other_bytes(source, file)?;
            during("settling the target", rustix::fs::fdatasync(file))?;
            cool(file, source, cache)
        }
    }
}

/// Each byte the complement of the source's, so that a byte that is not copied is never right by
/// chance.
fn fill_with_other_bytes(source: &Source, target: &File) -> Result<(), TrialError> {
    let mut buffer = vec![0; 1 << 20];
    let mut at = 0;
    while at < source.size() {
        let length = during("reading the source", rustix::io::pread(source.file(), &mut buffer, at))?;
        if length == 0 {
            break;
        }
        buffer[..length].iter_mut().for_each(|byte| *byte = !*byte);
        let mut done = 0;
        while done < length {
            let write = rustix::io::pwrite(target, &buffer[done..length], at + done as u64);
            done += during("filling the target", write)?;
        }
        at += length as u64;
    }
    Ok(during("cutting the target", rustix::fs::ftruncate(target, source.size()))?)
}

/// A cold cell has neither file in the page cache.
fn cool(file: &File, source: &Source, cache: CacheState) -> Result<(), TrialError> {
    match cache {
        CacheState::Warm => Ok(()),
        CacheState::Cold => Ok(establish(file, source.size(), CacheState::Cold).map(drop)?),
    }
}

/// Whether every byte has a block of its own on the device.
fn is_settled(file: &File, size: u64) -> Result<bool, TrialError> {
    let allocated =
        during("asking for the target's blocks", rustix::fs::fstat(file))?.st_blocks.unsigned_abs() * 512;
    match fiemap::extents(file) {
        Err(Errno::OPNOTSUPP | Errno::NOTTY) => Ok(allocated >= size),
        Err(errno) => {
            Err(TrialError::Prepare { act: "asking for the target's extents", source: errno.into() })
        }
        Ok(extents) => {
            let own = extents.iter().filter(|extent| !extent.delayed && !extent.shared && !extent.unwritten);
            Ok(own.map(|extent| extent.length).sum::<u64>() >= size)
        }
    }
}

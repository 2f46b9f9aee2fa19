//! One change to a file on disk and to the bytes in memory that stand for it.

use copybench::sys::mapping::{Access, Flags, Mapping, Sharing};
use rustix::fs::{FallocateFlags, fallocate};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Which of the two files.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Source,
    Target,
}

/// One change to one file.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    pub side: Side,
    pub at: u64,
    pub length: u64,
    pub change: Change,
}

/// What is done to the range.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// `pwrite(2)` of bytes drawn from this seed.
    Write(u8),
    /// Stores through a shared mapping, as far as the file reaches.
    Store(u8),
    /// A hole.
    Punch,
    /// The file ends, or is made to end, where the range begins.
    Cut,
    /// `fallocate(2)`.
    Allocate { keep_size: bool },
}

/// Bytes without a period that a misplaced page could hide in.
fn bytes(seed: u8, length: u64) -> Vec<u8> {
    let mix = |index: u64| ((index + u64::from(seed)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8;
    (0..length).map(mix).collect()
}

/// Puts `bytes` into the model at `at`, with zeros before them where it was shorter.
pub(crate) fn put(model: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let (at, end) = (at as usize, at as usize + bytes.len());
    if !bytes.is_empty() {
        model.resize(model.len().max(end), 0);
        model[at..end].copy_from_slice(bytes);
    }
}

impl Edit {
    /// Makes the change in both; returns the mapping that it was made through.
    pub(crate) fn apply(&self, file: &File, model: &mut Vec<u8>) -> io::Result<Option<Mapping>> {
        let Self { at, length, .. } = *self;
        let inside = length.min((model.len() as u64).saturating_sub(at));
        match self.change {
            Change::Write(seed) => {
                let bytes = bytes(seed, length);
                file.write_all_at(&bytes, at)?;
                put(model, at, &bytes);
            }
            Change::Store(_) if inside == 0 => {}
            Change::Store(seed) => {
                let bytes = bytes(seed, inside);
                let mapping = store(file, at, &bytes)?;
                put(model, at, &bytes);
                return Ok(Some(mapping));
            }
            Change::Punch if length == 0 => {}
            Change::Punch => {
                let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
                fallocate(file, flags, at, length)?;
                put(model, at, &vec![0; inside as usize]);
            }
            Change::Cut => {
                file.set_len(at)?;
                model.resize(at as usize, 0);
            }
            Change::Allocate { .. } if length == 0 => {}
            Change::Allocate { keep_size: true } => {
                fallocate(file, FallocateFlags::KEEP_SIZE, at, length)?;
            }
            Change::Allocate { keep_size: false } => {
                fallocate(file, FallocateFlags::empty(), at, length)?;
                model.resize(model.len().max((at + length) as usize), 0);
            }
        }
        Ok(None)
    }
}

/// Stores by memory alone: from a mapping of a scratch file to a shared one of `file`.
fn store(file: &File, at: u64, bytes: &[u8]) -> io::Result<Mapping> {
    let scratch = File::from(rustix::fs::memfd_create(c"bytes", rustix::fs::MemfdFlags::CLOEXEC)?);
    scratch.write_all_at(bytes, 0)?;
    let flags = |access| Flags { sharing: Sharing::Shared, access, populate: false };
    let from = Mapping::new(&scratch, 0, bytes.len(), flags(Access::Read))?;
    let mut to = Mapping::new(file, at, bytes.len(), flags(Access::ReadWrite))?;
    from.copy_to(&mut to, bytes.len())?;
    match to.fault() {
        None => Ok(to),
        Some(offset) => Err(io::Error::other(format!("no page for byte {offset} of the mapping"))),
    }
}

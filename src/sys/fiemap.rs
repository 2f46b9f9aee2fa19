//! `FS_IOC_FIEMAP`: the extents of a file, as its file system tells them.
//!
//! For reporting only: where a file is dirty, an extent may be told as unwritten although its
//! data is in the page cache, so a copy must not skip what this calls unwritten.
//!
//! Reference: `Documentation/filesystems/fiemap.rst` of the kernel.

use rustix::fd::{AsFd, AsRawFd};
use rustix::io::Errno;

const FS_IOC_FIEMAP: libc::Ioctl = 0xC020_660B_u32 as libc::Ioctl;
const BATCH: usize = 512;
const FLAG_LAST: u32 = 0x1;
const FLAG_DELALLOC: u32 = 0x4;
const FLAG_UNWRITTEN: u32 = 0x800;
const FLAG_SHARED: u32 = 0x2000;

/// One extent; all figures in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Offset in the file.
    pub logical: u64,
    /// Offset on the device; meaningless while `delayed`.
    pub physical: u64,
    pub length: u64,
    /// Not yet given a place on the device.
    pub delayed: bool,
    /// Allocated, reads as zeros.
    pub unwritten: bool,
    /// Used by another file too.
    pub shared: bool,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct RawExtent {
    logical: u64,
    physical: u64,
    length: u64,
    reserved64: [u64; 2],
    flags: u32,
    reserved: [u32; 3],
}

#[repr(C)]
struct Request {
    start: u64,
    length: u64,
    flags: u32,
    mapped: u32,
    count: u32,
    reserved: u32,
    extents: [RawExtent; BATCH],
}

/// All extents of `file`, in order of their offset in the file. Errors: `EOPNOTSUPP` where the file system
/// has no extents to tell of (tmpfs, FUSE); others of `ioctl(2)`.
pub fn extents(file: impl AsFd) -> Result<Vec<Extent>, Errno> {
    let mut all = Vec::new();
    let mut request = Box::new(Request {
        start: 0,
        length: u64::MAX,
        flags: 0,
        mapped: 0,
        count: BATCH as u32,
        reserved: 0,
        extents: [RawExtent::default(); BATCH],
    });
    loop {
        // SAFETY: the request has the layout of linux/fiemap.h with room for `count` extents.
        let returned = unsafe { libc::ioctl(file.as_fd().as_raw_fd(), FS_IOC_FIEMAP, &raw mut *request) };
        match super::check(returned as libc::ssize_t) {
            // What a file system says that leaves the call to a handler of its own.
            Err(Errno::NOTTY) => return Err(Errno::OPNOTSUPP),
            other => other?,
        };
        let batch = &request.extents[..request.mapped as usize];
        all.extend(batch.iter().map(|raw| Extent {
            logical: raw.logical,
            physical: raw.physical,
            length: raw.length,
            delayed: raw.flags & FLAG_DELALLOC != 0,
            unwritten: raw.flags & FLAG_UNWRITTEN != 0,
            shared: raw.flags & FLAG_SHARED != 0,
        }));
        match batch.last() {
            Some(last) if last.flags & FLAG_LAST == 0 => {
                request.start = last.logical + last.length;
                request.length = u64::MAX - request.start;
            }
            _ => return Ok(all),
        }
    }
}

//! `FS_IOC_FIEMAP`: the extents of a file, as its file system tells them.
//!
//! For reporting only: where a file is dirty, an extent may be told as unwritten although its
//! data is in the page cache, so a copy must not skip what this calls unwritten.
//!
//! What a file system tells is not trusted to make sense: a list that does not go on, or that goes on past
//! the end of all files, is an error.
//!
//! Reference: `Documentation/filesystems/fiemap.rst` of the kernel.

use rustix::fd::{AsFd, AsRawFd};
use rustix::io::Errno;
use std::ptr;

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
struct FiemapRequest {
    start: u64,
    length: u64,
    flags: u32,
    mapped: u32,
    count: u32,
    reserved: u32,
    extents: [RawExtent; BATCH],
}

/// All extents of `file`, in order of their offset in the file. Errors: `EOPNOTSUPP` where the file system
/// has no extents to tell of (tmpfs, FUSE); `EIO` where what it tells makes no sense; others of `ioctl(2)`.
pub fn extents(file: impl AsFd) -> Result<Vec<Extent>, Errno> {
    let fd = file.as_fd().as_raw_fd();
    collect(|request| {
        // SAFETY: the request has the layout of linux/fiemap.h with room for `count` extents, every bit
        // pattern of which is valid.
        let returned = unsafe { libc::ioctl(fd, FS_IOC_FIEMAP, ptr::from_mut(request)) };
        match super::check(returned as libc::ssize_t) {
            // What a file system says that leaves the call to a handler of its own.
            Err(Errno::NOTTY) => Err(Errno::OPNOTSUPP),
            other => other.map(drop),
        }
    })
}

fn collect(mut ask: impl FnMut(&mut FiemapRequest) -> Result<(), Errno>) -> Result<Vec<Extent>, Errno> {
    let mut all = Vec::new();
    let mut request = Box::new(FiemapRequest {
        start: 0,
        length: u64::MAX,
        flags: 0,
        mapped: 0,
        count: BATCH as u32,
        reserved: 0,
        extents: [RawExtent::default(); BATCH],
    });
    loop {
        ask(&mut request)?;
        let batch = request.extents.get(..request.mapped as usize).ok_or(Errno::IO)?;
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
                let next = last.logical.checked_add(last.length);
                request.start = next.filter(|next| *next > request.start).ok_or(Errno::IO)?;
                request.length = u64::MAX - request.start;
            }
            _ => return Ok(all),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a file system that answers with these extents, one a call.
    fn told(extents: &[(u64, u64, u32)]) -> Result<Vec<Extent>, Errno> {
        let mut extents = extents.iter();
        collect(|request| {
            let Some(&(logical, length, flags)) = extents.next() else { return Err(Errno::NODATA) };
            request.extents[0] = RawExtent { logical, length, flags, ..RawExtent::default() };
            request.mapped = 1;
            Ok(())
        })
    }

    #[test]
    fn a_list_goes_on_from_where_it_ended() {
        let lengths = |told: Vec<Extent>| told.iter().map(|extent| extent.length).collect::<Vec<_>>();
        assert_eq!(told(&[(0, 4096, 0), (8192, 512, FLAG_LAST)]).map(lengths), Ok(vec![4096, 512]));
    }

    #[test]
    fn a_list_without_sense_has_an_end() {
        assert_eq!(told(&[(0, 0, 0); 3]), Err(Errno::IO));
        assert_eq!(told(&[(4096, 4096, 0), (4096, 4096, 0)]), Err(Errno::IO));
        assert_eq!(told(&[(4096, 4096, 0), (0, 4096, 0)]), Err(Errno::IO));
        assert_eq!(told(&[(u64::MAX, 1, 0)]), Err(Errno::IO));
        let more_than_asked_for = |request: &mut FiemapRequest| {
            request.mapped = request.count + 1;
            Ok(())
        };
        assert_eq!(collect(more_than_asked_for), Err(Errno::IO));
    }
}

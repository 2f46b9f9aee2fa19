//! The only `unsafe` code: one small file a kernel facility that rustix, memmap2 and io-uring
//! do not cover, with safe types on the outside.
#![allow(unsafe_code)]

pub mod address_space;
pub mod aio;
pub mod aligned;
pub mod cachestat;
pub mod child;
pub mod clone_range;
pub mod close;
pub mod device_reads;
pub mod direct;
pub mod errno;
pub mod fault;
pub mod fiemap;
pub mod file_size_signal;
pub mod file_system;
pub mod inode_flags;
pub mod mapped_bytes;
pub mod mapping;
pub mod marker;
pub mod perf_event;
pub mod private_memory;
pub mod process_stat;
pub mod ptrace;
pub mod rusage;
pub mod slice_copy;
pub mod slots;
pub mod store;
pub mod sync_file_range;
pub mod temporary_name;
pub mod tracefs;
pub mod uring;
pub mod vmsplice;

use rustix::io::{Errno, ReadWriteFlags};

/// The size of a page of memory, in bytes.
pub fn page_size() -> usize {
    rustix::param::page_size()
}

/// Drops what was read or written from the page cache afterwards (Linux 6.14); rustix does not name
/// it yet.
pub const RWF_DONTCACHE: ReadWriteFlags =
    ReadWriteFlags::from_bits_retain(libc::RWF_DONTCACHE.cast_unsigned());

/// The errno that the last libc call of this thread left, for calls that rustix does not wrap.
fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// Turns the `-1` convention of libc into a `Result`.
fn check(returned: libc::ssize_t) -> Result<usize, Errno> {
    usize::try_from(returned).map_err(|_| last_errno())
}

/// Where tests make files: `scripts/filesystems` names one, on each of its file systems.
#[cfg(test)]
pub(crate) fn test_directory() -> std::path::PathBuf {
    std::env::var_os("COPYBENCH_DIR").unwrap_or_else(|| "/var/tmp".into()).into()
}

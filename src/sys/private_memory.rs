//! Memory of this process alone: what a copy takes beside the page cache.
//!
//! References: `proc_pid_statm(5)`.

use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

mod sampler;

pub use sampler::{Peak, Sampler};

/// Bytes of anonymous memory that this process has, by `/proc/self/statm`: buffers, stacks, private
/// copies of a mapping's pages, but no mapped page of a file. Some kernels are off by up to 32 pages a CPU.
fn private_bytes_of(statm: &File) -> io::Result<u64> {
    let mut text = [0; 256];
    let length = statm.read_at(&mut text, 0)?;
    let text = str::from_utf8(&text[..length]).map_err(io::Error::other)?;
    let mut pages = text.split_ascii_whitespace().skip(1).map(str::parse::<u64>);
    let (Some(Ok(resident)), Some(Ok(shared))) = (pages.next(), pages.next()) else {
        return Err(Errno::BADMSG.into());
    };
    Ok(resident.saturating_sub(shared) * super::page_size() as u64)
}

/// Gives back what the allocator holds of freed memory, so that a buffer which gets it again is
/// seen as new. Does nothing where the C library cannot.
pub fn give_back_unused() {
    #[cfg(target_env = "gnu")]
    // SAFETY: touches only memory that the allocator has free.
    unsafe {
        libc::malloc_trim(0);
    }
}

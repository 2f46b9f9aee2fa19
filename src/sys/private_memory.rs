//! Memory of this process alone: what a copy takes beside the page cache.
//!
//! References: `proc_pid_statm(5)`, `proc_pid_status(5)` (`VmHWM`), `proc_pid_clear_refs(5)`.

use rustix::io::Errno;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;

mod sampler;

pub use sampler::{Peak, Sampler};

/// Bytes of anonymous memory that this process has now: buffers, stacks, private copies of a
/// mapping's pages, but no mapped page of a file. Some kernels are off by up to 32 pages a CPU.
///
/// # Errors
/// Of reading `/proc/self/statm`.
pub fn private_bytes() -> io::Result<u64> {
    private_bytes_of(&File::open("/proc/self/statm")?)
}

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

/// Most bytes of memory that this process ever had at once since [`reset_peak`], mapped pages of
/// files included. Exact even for a moment; where nothing is mapped, its growth is the private
/// memory's.
///
/// # Errors
/// Of reading `/proc/self/status`.
pub fn peak_resident_bytes() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Ok(kibibytes.ok_or(Errno::BADMSG)? * 1024)
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

/// Lets the peak begin anew from what is resident now.
///
/// # Errors
/// Of writing `/proc/self/clear_refs`.
pub fn reset_peak() -> io::Result<()> {
    fs::write("/proc/self/clear_refs", "5")
}

//! SIGXFSZ, which ends a process that writes beyond its limit of file size (`RLIMIT_FSIZE`).

use rustix::io::Errno;

/// Ignores SIGXFSZ in this process and its children: such a write is refused with `EFBIG`.
pub fn ignore() -> Result<(), Errno> {
    // SAFETY: no handler of ours is replaced, and ignoring a signal touches no memory.
    let previous = unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    if previous == libc::SIG_ERR { Err(super::last_errno()) } else { Ok(()) }
}

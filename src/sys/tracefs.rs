//! The kernel's tracepoints, by name: `/sys/kernel/tracing/events`.
//!
//! Where nobody has mounted tracefs, a mount that no path leads to will do, and changes nothing
//! for others; it takes `CAP_SYS_ADMIN`.
//!
//! References: `Documentation/trace/ftrace.rst` of the kernel, `fsopen(2)`, `fsmount(2)`.

use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};
use std::fs::File;
use std::io::Read;

const PLACES: [&str; 2] = ["/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"];

/// The directory of all tracepoints.
#[derive(Debug)]
pub struct Tracepoints(OwnedFd);

impl Tracepoints {
    /// Opens the directory, where tracefs is mounted or in a mount of our own. Errors: `EACCES` and `EPERM`
    /// where that takes privileges; `ENODEV` in a kernel without tracing.
    pub fn open() -> Result<Self, Errno> {
        let directory = OFlags::DIRECTORY | OFlags::CLOEXEC;
        for place in PLACES {
            match rustix::fs::openat(CWD, place, directory, Mode::empty()) {
                Err(Errno::NOENT) => {}
                opened => return opened.map(Self),
            }
        }
        let context = rustix::mount::fsopen("tracefs", FsOpenFlags::FSOPEN_CLOEXEC)?;
        rustix::mount::fsconfig_create(&context)?;
        let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY;
        let root = rustix::mount::fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
        rustix::fs::openat(&root, "events", directory, Mode::empty()).map(Self)
    }

    /// The number of a tracepoint such as `syscalls/sys_enter_read`. Errors: `ENOENT` where the kernel has
    /// none of that name; others of `open(2)` and `read(2)`.
    pub fn id(&self, name: &str) -> Result<u64, Errno> {
        let path = format!("{name}/id");
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(&self.0, path, flags, Mode::empty())?);
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        text.trim().parse().map_err(|_| Errno::BADMSG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_tracepoints_or_is_refused() {
        match Tracepoints::open() {
            Ok(tracepoints) => {
                assert!(tracepoints.id("raw_syscalls/sys_enter").unwrap() > 0);
                assert_eq!(tracepoints.id("raw_syscalls/no_such"), Err(Errno::NOENT));
            }
            Err(errno) => assert!(matches!(errno, Errno::ACCESS | Errno::PERM | Errno::NODEV), "{errno}"),
        }
    }
}

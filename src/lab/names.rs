//! Names of errnos and signals, as the manual has them.

use rustix::io::Errno;

/// Those that `mmap(2)`, `munmap(2)` and `open(2)` may give here.
const ERRNOS: [(Errno, &str); 15] = [
    (Errno::ACCESS, "EACCES"),
    (Errno::AGAIN, "EAGAIN"),
    (Errno::BADF, "EBADF"),
    (Errno::BUSY, "EBUSY"),
    (Errno::EXIST, "EEXIST"),
    (Errno::FAULT, "EFAULT"),
    (Errno::INVAL, "EINVAL"),
    (Errno::IO, "EIO"),
    (Errno::NODEV, "ENODEV"),
    (Errno::NOENT, "ENOENT"),
    (Errno::NOMEM, "ENOMEM"),
    (Errno::NXIO, "ENXIO"),
    (Errno::OPNOTSUPP, "EOPNOTSUPP"),
    (Errno::OVERFLOW, "EOVERFLOW"),
    (Errno::PERM, "EPERM"),
];

/// `works`, or the errno by name.
pub(super) fn outcome<T>(result: Result<T, Errno>) -> String {
    result.map_or_else(errno, |_| "works".to_owned())
}

/// The errno by name.
pub(super) fn errno(errno: Errno) -> String {
    let known = ERRNOS.iter().find(|(known, _)| *known == errno);
    known.map_or_else(|| format!("errno {}", errno.raw_os_error()), |(_, name)| (*name).to_owned())
}

/// The signal by name.
pub(super) fn signal(signal: i32) -> String {
    signal_hook::low_level::signal_name(signal)
        .map_or_else(|| format!("signal {signal}"), std::borrow::ToOwned::to_owned)
}

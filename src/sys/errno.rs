//! The names of errnos, which neither std nor rustix gives.

use rustix::io::Errno;

macro_rules! names {
    ($($name:ident)*) => {
        const NAMES: &[(i32, &str)] = &[$((libc::$name, stringify!($name))),*];
    };
}

names! {
    E2BIG EACCES EAGAIN EBADF EBUSY ECANCELED ECHILD EDEADLK EDOM EDQUOT EEXIST EFAULT EFBIG EINTR
    EINVAL EIO EISDIR ELOOP EMFILE EMLINK ENAMETOOLONG ENFILE ENODATA ENODEV ENOENT ENOEXEC ENOLCK
    ENOMEM ENOSPC ENOSYS ENOTDIR ENOTEMPTY ENOTRECOVERABLE ENOTSOCK ENOTTY ENXIO EOPNOTSUPP
    EOVERFLOW EPERM EPIPE ERANGE EROFS ESPIPE ESRCH ESTALE ETIMEDOUT ETXTBSY EUCLEAN EXDEV
}

/// The symbolic name, such as `ENOSPC`.
pub fn name(errno: Errno) -> Option<&'static str> {
    let number = errno.raw_os_error();
    NAMES.iter().find(|(value, _)| *value == number).map(|(_, name)| *name)
}

/// The name and what the system says about it: `ENOSPC (No space left on device)`.
pub fn describe(errno: Errno) -> String {
    let text = errno.to_string();
    let meaning = text.split(" (os error").next().unwrap_or(&text);
    name(errno).map_or_else(|| text.clone(), |name| format!("{name} ({meaning})"))
}

/// A system call that refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {}", describe(*errno))]
pub struct Refused {
    /// Its name, or what was being done.
    pub call: &'static str,
    pub errno: Errno,
}

/// Names the call that an errno came from.
pub fn during<T>(call: &'static str, result: Result<T, Errno>) -> Result<T, Refused> {
    result.map_err(|errno| Refused { call, errno })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errno_has_the_name_of_its_manual_page() {
        assert_eq!(name(Errno::NOSPC), Some("ENOSPC"));
        assert_eq!(name(Errno::XDEV), Some("EXDEV"));
    }
}

use rustix::io::Errno;

const ONE_MOUNT: &str = "name two directories of the same mount with --dir and --to";
const SHARING: &str = "use a file system that shares extents: btrfs, or xfs made with reflink=1";
const FLAGGED: &str =
    "use ext4 or xfs under a later kernel: each file system took up this flag in a release of its own";
const PIPE: &str = "run as root, or raise /proc/sys/fs/pipe-max-size and pipe-user-pages-soft";

/// What a user can do about a call that a strategy rests on and the kernel refuses.
const HINTS: &[(&str, Errno, &str)] = &[
    ("copy_file_range", Errno::XDEV, ONE_MOUNT),
    ("ioctl(FICLONE)", Errno::XDEV, ONE_MOUNT),
    ("ioctl(FICLONERANGE)", Errno::XDEV, ONE_MOUNT),
    ("ioctl(FICLONE)", Errno::OPNOTSUPP, SHARING),
    ("ioctl(FICLONERANGE)", Errno::OPNOTSUPP, SHARING),
    ("preadv2", Errno::OPNOTSUPP, FLAGGED),
    ("pwritev2", Errno::OPNOTSUPP, FLAGGED),
    ("IORING_OP_READ", Errno::OPNOTSUPP, FLAGGED),
    ("IORING_OP_WRITE", Errno::OPNOTSUPP, FLAGGED),
    (
        "io_uring_setup",
        Errno::PERM,
        "set /proc/sys/kernel/io_uring_disabled to 0; a container's seccomp filter may forbid it too",
    ),
    (
        "io_uring_setup",
        Errno::NOSYS,
        "boot a kernel with CONFIG_IO_URING, outside of containers that hide it",
    ),
    ("io_uring_setup", Errno::NOMEM, "raise the limit of locked memory: ulimit -l"),
    ("io_setup", Errno::AGAIN, "raise /proc/sys/fs/aio-max-nr"),
    ("io_setup", Errno::NOSYS, "boot a kernel with CONFIG_AIO"),
    ("fcntl(F_SETPIPE_SZ)", Errno::PERM, PIPE),
    ("clone", Errno::AGAIN, "raise the limit of processes: ulimit -u"),
    ("statx", Errno::OPNOTSUPP, "use a file system with direct I/O: ext4, xfs, btrfs"),
];

/// The hint for `call` refused with `errno`, where there is one.
pub(super) fn hint(call: &str, errno: Errno) -> Option<&'static str> {
    let known = HINTS.iter().find(|(name, refused, _)| *name == call && *refused == errno);
    known.map(|(.., hint)| *hint).or(match errno {
        Errno::NOSPC | Errno::DQUOT => Some("free some space there, or name another directory"),
        Errno::NOMEM => Some("free some memory, or raise the limit of address space: ulimit -v"),
        Errno::MFILE => Some("raise the limit of open files: ulimit -n"),
        _ => None,
    })
}

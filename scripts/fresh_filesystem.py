"""A file system made from nothing, which leaves nothing behind when its last user is gone.

Its image is a file without a name on a loop device that clears itself, so the kernel takes both
away with the mount, even after SIGKILL. Meant for a mount namespace of its own.
"""

import errno
import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
import time

# How to make each one, the package that has its mkfs, and the options to mount it with.
# noinit_itable: no kernel thread that fills inode tables while something is measured.
# overlay has both layers on an ext4 of its own, as a container has them.
KINDS = {
    "ext4": (["mkfs.ext4", "-q", "-F"], "e2fsprogs", "noinit_itable"),
    "xfs": (["mkfs.xfs", "-q", "-f", "-m", "reflink=1"], "xfsprogs", "defaults"),
    "btrfs": (["mkfs.btrfs", "-q", "-f"], "btrfs-progs", "defaults"),
    "tmpfs": (None, None, "size={length}"),
    "f2fs": (["mkfs.f2fs", "-q", "-f"], "f2fs-tools", "defaults"),
    "overlay": (
        ["mkfs.ext4"],
        "e2fsprogs",
        "lowerdir={layers}/lower,upperdir={layers}/upper,workdir={layers}/work",
    ),
}
# Those that every kernel of a distribution has and that differ in how they copy.
USUAL = ["ext4", "xfs", "btrfs", "tmpfs"]
# Beside an overlay: what it lies over.
LAYERS = "-layers"
IMAGES = os.environ.get("TMPDIR") or "/var/tmp"
GIB = 1 << 30
# Seconds that a busy file system gets before it is left to go with its namespace.
PATIENCE = 5

# linux/loop.h
LOOP_CTL_GET_FREE, LOOP_CONFIGURE, LO_FLAGS_AUTOCLEAR = 0x4C82, 0x4C0A, 4


class Unfit(Exception):
    """Why a file system cannot be made here, and the hint."""


def check(kind, length):
    """Raises Unfit where it is known beforehand that `length` bytes of this kind cannot be had."""
    if os.geteuid() != 0:
        raise Unfit("mounts need root: run it with sudo")
    if not mountable(kind):
        raise Unfit(f"this kernel has no {kind}: modprobe {kind} finds no module")
    maker, package, _ = KINDS[kind]
    if maker is None:
        with open("/proc/meminfo", encoding="ascii") as lines:
            free = {line.split(":")[0]: int(line.split()[1]) << 10 for line in lines}["MemAvailable"]
        where = "memory"
    else:
        if not shutil.which(maker[0]):
            raise Unfit(f"no {maker[0]}: install {package}")
        free, where = shutil.disk_usage(IMAGES).free, IMAGES
    if length > free:
        raise Unfit(
            f"may fill {length / GIB:.1f} GiB, and {where} has {free / GIB:.1f} GiB free: "
            "choose a smaller --size or another TMPDIR"
        )


def mountable(kind):
    """Whether the kernel knows the kind, by itself or once a module is loaded, which is done here."""
    def known():
        with open("/proc/filesystems", encoding="ascii") as lines:
            return any(line.split()[-1] == kind for line in lines)

    if not known() and shutil.which("modprobe"):
        subprocess.run(["modprobe", "-q", kind], stderr=subprocess.DEVNULL, check=False)
    return known()


def tool(*command):
    """Runs a command that says nothing if all is well."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        words = (result.stderr or result.stdout).split()
        raise Unfit(f"{' '.join(command)}: {' '.join(words) or f'exit {result.returncode}'}")


def hidden_directory():
    """A directory that only this mount namespace sees, in place of one that has nothing to hide."""
    for path in ("/mnt", "/media", "/srv"):
        if os.path.isdir(path) and not os.listdir(path) and os.getcwd() != path:
            tool("mount", "-t", "tmpfs", "-o", "mode=755,size=1m", "copybench", path)
            return path
    raise Unfit("none of /mnt, /media and /srv is an empty directory to mount over: make one")


def loop_device(length):
    """An open loop device on a sparse image without a name."""
    if not os.path.exists("/dev/loop-control"):
        raise Unfit("no /dev/loop-control: modprobe loop")
    with tempfile.TemporaryFile(dir=IMAGES, buffering=0) as image:
        os.ftruncate(image.fileno(), length)
        # struct loop_config: the image, its block size by default, a struct loop_info64 that is
        # zero but for its flags. Set with the image, so that there is no moment without them.
        config = struct.pack("=II52xI240x", image.fileno(), 0, LO_FLAGS_AUTOCLEAR)
        while True:
            with open("/dev/loop-control", "rb") as control:
                number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
            device = open(f"/dev/loop{number}", "r+b", buffering=0)
            try:
                fcntl.ioctl(device, LOOP_CONFIGURE, config)
                return device
            except OSError as error:
                device.close()
                if error.errno == errno.EINVAL:
                    raise Unfit(f"{device.name}: LOOP_CONFIGURE needs Linux 5.8") from error
                # Somebody else may have been faster to take it.
                if error.errno != errno.EBUSY:
                    raise


def make(kind, length, path):
    """Makes a file system and mounts it at the new directory `path`."""
    maker, _, flags = KINDS[kind]
    layers = path + LAYERS
    flags = flags.format(length=length, layers=layers)
    os.mkdir(path)
    if kind == "overlay":
        make("ext4", length, layers)
        for name in ("lower", "upper", "work"):
            os.mkdir(os.path.join(layers, name))
        tool("mount", "-t", kind, "-o", flags, "copybench", path)
        return
    if maker is None:
        tool("mount", "-t", kind, "-o", flags, "copybench", path)
        return
    with loop_device(length) as device:
        tool(*maker, device.name)
        tool("mount", "-t", kind, "-o", flags, device.name, path)


def unmount(path):
    """Unmounts and so waits for what was written, which would disturb what comes next."""
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(["umount", path], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        if time.monotonic() > deadline:
            return
        time.sleep(0.1)
    if os.path.isdir(path + LAYERS):
        unmount(path + LAYERS)

use rustix::io::Errno;
use std::fs::File;

/// Cuts or extends `file`; repeats after a signal, which ftruncate(2) allows to end the call.
pub fn set_length(file: &File, length: u64) -> Result<(), Errno> {
    rustix::io::retry_on_intr(|| rustix::fs::ftruncate(file, length))
}

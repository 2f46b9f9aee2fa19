//! Two harmless system calls that tell a tracer where a copy begins and where it ends.
//!
//! `getppid(2)` takes no arguments, so the kernel ignores those given here; a tracer sees them.
//! Outside a tracer the cost is two of the cheapest calls there are.

/// Arguments that no library passes to a call without parameters.
const MAGIC: u64 = 0x636f_7079_6265_6e63;

/// A place in the course of a traced process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// What follows belongs to the copy.
    Begin,
    /// What follows does not.
    End,
}

pub fn set(mark: Mark) {
    // SAFETY: getppid reads and writes no memory of this process, whatever its arguments.
    unsafe { libc::syscall(libc::SYS_getppid, MAGIC, code(mark)) };
}

/// The mark that a system call with this number and these arguments sets, if it sets one.
pub fn recognise(number: u64, arguments: &[u64; 6]) -> Option<Mark> {
    let marks = u64::try_from(libc::SYS_getppid) == Ok(number) && arguments[0] == MAGIC;
    [Mark::Begin, Mark::End].into_iter().find(|&mark| marks && arguments[1] == code(mark))
}

fn code(mark: Mark) -> u64 {
    match mark {
        Mark::Begin => 1,
        Mark::End => 2,
    }
}

//! System calls by name, and their sums.

use serde::Serialize;
use std::ops::Range;

/// Errnos are the negative returns from here on.
const LOWEST_ERRNO: i64 = -4095;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Name, or `syscall_N` for one that the table does not know.
    pub name: String,
    /// Thread that called.
    pub task: i32,
    /// Arguments as registers; those beyond the call's parameters mean nothing.
    pub arguments: [u64; 6],
    /// What it returned, an errno as a negative number; none where it never did.
    pub returned: Option<i64>,
}

/// All calls of one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Total {
    pub name: String,
    /// How many.
    pub calls: u64,
    /// How many of them failed.
    pub errors: u64,
    /// Bytes moved by calls that move data, or covered by those on memory ranges; none for others.
    pub bytes: Option<u64>,
}

impl Call {
    /// A call that has not returned yet.
    pub fn new(task: i32, number: u64, arguments: [u64; 6]) -> Self {
        Self { name: name(number), task, arguments, returned: None }
    }

    /// Whether it returned an errno.
    pub fn failed(&self) -> bool {
        self.returned.is_some_and(|returned| (LOWEST_ERRNO..0).contains(&returned))
    }

    /// Bytes moved (what it returned), or the length of the memory range that it was given.
    pub fn bytes(&self) -> Option<u64> {
        let moved = || self.returned.and_then(|returned| u64::try_from(returned).ok()).unwrap_or(0);
        match self.name.as_str() {
            "read" | "write" | "pread64" | "pwrite64" | "readv" | "writev" | "preadv" | "pwritev"
            | "preadv2" | "pwritev2" | "sendfile" | "copy_file_range" | "splice" | "tee" | "vmsplice" => {
                Some(moved())
            }
            "mmap" | "munmap" | "msync" | "madvise" => {
                Some(if self.failed() { 0 } else { self.arguments[1] })
            }
            _ => None,
        }
    }

    /// Memory range of a call whose first two arguments are an address and a length.
    pub(super) fn range(&self) -> Range<u64> {
        self.arguments[0]..self.arguments[0].saturating_add(self.arguments[1])
    }

    /// What a finished `mmap` has mapped.
    pub(super) fn mapped(&self) -> Option<Range<u64>> {
        let start = u64::try_from(self.returned?).ok()?;
        (self.name == "mmap").then(|| start..start.saturating_add(self.arguments[1]))
    }
}

/// Sums by name, in the order of the first call of each.
pub fn totals<'calls>(calls: impl IntoIterator<Item = &'calls Call>) -> Vec<Total> {
    let mut totals: Vec<Total> = Vec::new();
    for call in calls {
        let index = totals.iter().position(|total| total.name == call.name).unwrap_or_else(|| {
            totals.push(Total { name: call.name.clone(), calls: 0, errors: 0, bytes: None });
            totals.len() - 1
        });
        let total = &mut totals[index];
        total.calls += 1;
        total.errors += u64::from(call.failed());
        if let Some(bytes) = call.bytes() {
            *total.bytes.get_or_insert(0) += bytes;
        }
    }
    totals
}

fn name(number: u64) -> String {
    usize::try_from(number)
        .ok()
        .and_then(syscalls::Sysno::new)
        .map_or_else(|| format!("syscall_{number}"), |call| call.name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str, length: u64, returned: i64) -> Call {
        Call { name: name.to_owned(), task: 1, arguments: [0, length, 0, 0, 0, 0], returned: Some(returned) }
    }

    #[test]
    fn sums_keep_order_and_count_what_was_moved() {
        let calls = [
            call("mmap", 8192, 0x1000),
            call("read", 0, 100),
            call("read", 0, -4),
            call("munmap", 8192, 0),
            call("getpid", 7, 7),
            call("read", 0, 0),
        ];
        let total = |name: &str, calls, errors, bytes| Total { name: name.to_owned(), calls, errors, bytes };
        let expected = [
            total("mmap", 1, 0, Some(8192)),
            total("read", 3, 1, Some(100)),
            total("munmap", 1, 0, Some(8192)),
            total("getpid", 1, 0, None),
        ];
        assert_eq!(totals(&calls), expected);
    }

    #[test]
    fn numbers_have_names() {
        let number = u64::try_from(libc::SYS_copy_file_range).unwrap();
        assert_eq!(name(number), "copy_file_range");
        assert_eq!(name(99_999), "syscall_99999");
    }

    #[test]
    fn only_a_successful_mmap_maps() {
        assert_eq!(call("mmap", 4096, 0x1000).mapped(), Some(0x1000..0x2000));
        assert_eq!(call("mmap", 4096, -22).mapped(), None);
        assert_eq!(call("mremap", 4096, 0x1000).mapped(), None);
    }
}

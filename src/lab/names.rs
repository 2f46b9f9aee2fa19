//! Outcomes in the words of the manual.

use crate::sys::errno;
use rustix::io::Errno;

/// `works`, or the errno by name.
pub(super) fn outcome<T>(result: Result<T, Errno>) -> String {
    let Some(refused) = result.err() else { return "works".to_owned() };
    errno::name(refused).map_or_else(|| format!("errno {}", refused.raw_os_error()), str::to_owned)
}

pub(super) fn signal(signal: i32) -> String {
    signal_hook::low_level::signal_name(signal).map_or_else(|| format!("signal {signal}"), str::to_owned)
}

//! The limit of open descriptors (`RLIMIT_NOFILE`); rustix panics where a sandbox refuses to tell it.
//!
//! Reference: `getrlimit(2)`.

/// How many descriptors this process may have, as far as the kernel tells.
#[must_use]
pub fn descriptor_limit() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the kernel fills in a structure of its own layout, or nothing.
    let returned = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    (returned == 0).then_some(limit.rlim_cur)
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_is_room_for_the_standard_streams() {
        assert!(super::descriptor_limit().is_none_or(|limit| limit >= 3));
    }
}

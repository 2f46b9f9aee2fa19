use super::{Copied, Counts, Observation, Observer, Refusal, Schedule};
use crate::sys::fiemap::{Extent, extents};
use crate::sys::file_system::FileSystem;
use rustix::io::Errno;

pub(super) static OBSERVER: Observer = Observer {
    name: "extents",
    summary: "Bytes of the target that share extents with another file (FIEMAP), and those allocated",
    counters: &["shared_bytes", "allocated_bytes"],
    schedule: Schedule::Last,
    prepare: || Ok(Box::new(Extents)),
};

struct Extents;

impl Observation for Extents {
    fn counts(&mut self, copied: &Copied<'_>) -> Result<Counts, Refusal> {
        let refused = |act: &'static str| move |errno: Errno| Refusal::unexpected(act, &errno.into());
        let stat = rustix::fs::fstat(copied.target).map_err(refused("fstat"))?;
        // Without FIEMAP_FLAG_SYNC, which would write out what is to be looked at as it is: shared
        // extents show at once on xfs and btrfs, and so do those that wait for their place.
        let told = match extents(copied.target) {
            Ok(told) => Some(told),
            Err(Errno::OPNOTSUPP) => None,
            Err(errno) => return Err(refused("ioctl(FS_IOC_FIEMAP)")(errno)),
        };
        let mut counts = Counts::new();
        if let Some(told) = told {
            // xfs allocates more behind the end of a file that grows, which is not of the copy.
            let end = copied.bytes.next_multiple_of(u64::try_from(stat.st_blksize).unwrap_or(1).max(1));
            let inside = |extent: &Extent| extent.length.min(end.saturating_sub(extent.logical));
            counts.push(("allocated_bytes", told.iter().map(inside).sum()));
            counts.push(("shared_bytes", told.iter().filter(|extent| extent.shared).map(inside).sum()));
        } else {
            counts.push(("allocated_bytes", stat.st_blocks.unsigned_abs() * 512));
            let known = FileSystem::of(copied.target).map_err(refused("fstatfs"))?;
            // The pages of tmpfs belong to one file each; a server may share out of sight.
            if known.is_some_and(|known| !known.may_share) {
                counts.push(("shared_bytes", 0));
            }
        }
        Ok(counts)
    }
}

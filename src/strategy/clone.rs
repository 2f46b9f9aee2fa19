//! FICLONE and FICLONERANGE: the target shares the source's extents, and nothing is copied
//! (`ioctl_ficlonerange(2)`). A dirty source is written out first.

use super::advance::MOST;
use super::error::{Cause, CopyError, During};
use super::mapped::over_windows;
use super::{Family, Holes, Mechanism, Sharing, Strategy, Task};
use crate::sys::clone_range::clone_range;
use rustix::io::{Errno, retry_on_intr};
use std::fs::File;

pub(super) static FAMILY: Family = Family {
    name: "clone",
    summary: "FICLONE and FICLONERANGE: share the extents instead of copying",
    strategies: &[
        variant("ficlone", "FICLONE of the whole file", whole),
        variant("ficlonerange", "FICLONERANGE, up to 1 GiB a call", |task| ranges(task, MOST)),
        variant("ficlonerange-16m", "FICLONERANGE, 16 MiB a call", |task| ranges(task, 16 << 20)),
    ],
};

const fn variant(name: &'static str, summary: &'static str, copy: Mechanism) -> Strategy {
    Strategy { holes: Holes::Kept, sharing: Sharing::Always, ..Strategy::handles(name, summary, copy) }
}

fn whole(task: Task<'_>) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    if !span.is_whole() {
        return Err(CopyError::at(0, Cause::WholeOnly));
    }
    let clone = || {
        let (had, before) = (length(target)?, length(source)?);
        cutting(target, before, || {
            retry_on_intr(|| rustix::fs::ioctl_ficlone(target, source)).during("ioctl(FICLONE)").map(drop)
        })?;
        let now = length(target)?;
        // A target that was as long or longer does not tell where the source ended.
        Ok(if now > had { now } else { before.min(length(source)?) })
    };
    clone().map_err(|cause| CopyError::at(0, cause))
}

fn ranges(task: Task<'_>, chunk: u64) -> Result<u64, CopyError> {
    let Task { source, target, span, .. } = task;
    check_blocks(task).map_err(|cause| CopyError::at(0, cause))?;
    over_windows(source, span, chunk, |step| {
        let length = step.length as u64;
        let clone =
            || clone_range(source, step.source, target, step.target, length).during("ioctl(FICLONERANGE)");
        if span.is_whole() { cutting(target, step.target + length, clone) } else { clone() }?;
        Ok(step.length)
    })
}

/// Tries `clone`, and once more with the target cut at `end`: a last block that is not full cannot
/// be shared while the target goes on behind it. A target that cannot be cloned to at all stays
/// as it is.
fn cutting(target: &File, end: u64, clone: impl Fn() -> Result<(), Cause>) -> Result<(), Cause> {
    match clone() {
        Err(Cause::Call { errno: Errno::INVAL, .. }) if length(target)? > end => {
            super::set_length(target, end).during("ftruncate")?;
            clone()
        }
        other => other,
    }
}

/// Refuses a range that is not made of blocks before any of it is shared: only the source's last
/// block may be cut, by its end, where nothing of the target stays behind it.
fn check_blocks(task: Task<'_>) -> Result<(), Cause> {
    let Task { source, target, span, .. } = task;
    let block = rustix::fs::fstatvfs(source).during("fstatvfs")?.f_frsize.max(512);
    let end = length(source)?;
    let wanted = span.length.map_or(end, |length| span.source.saturating_add(length).min(end));
    if wanted <= span.source {
        return Ok(());
    }
    let last = span.target.saturating_add(wanted - span.source);
    let cut_by_the_end = wanted == end && (span.is_whole() || last >= length(target)?);
    let aligned = |offset: u64| offset.is_multiple_of(block);
    if aligned(span.source) && aligned(span.target) && (aligned(wanted) || cut_by_the_end) {
        return Ok(());
    }
    Err(Cause::Call { call: "ioctl(FICLONERANGE)", errno: Errno::INVAL })
}

fn length(file: &File) -> Result<u64, Cause> {
    Ok(rustix::fs::fstat(file).during("fstat")?.st_size.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::Workspace;
    use std::os::unix::fs::FileExt;

    #[test]
    fn a_longer_target_is_replaced_or_left_alone() {
        let directory = std::env::var_os("COPYBENCH_DIR").unwrap_or_else(|| "/var/tmp".into());
        let [source, target] = [(), ()].map(|()| tempfile::tempfile_in(&directory).unwrap());
        source.write_all_at(&[1; 300_001], 0).unwrap();
        for strategy in FAMILY.strategies {
            target.write_all_at(&[2; 400_000], 0).unwrap();
            let (length, byte) = match strategy.copy(Task::whole(&source, &target, &Workspace::new())) {
                Ok(copied) => (copied, 1),
                Err(error) => {
                    assert_eq!(error.errno(), Some(Errno::OPNOTSUPP), "{}: {error}", strategy.name);
                    (400_000, 2)
                }
            };
            let mut found = vec![0; target.metadata().unwrap().len() as usize];
            target.read_exact_at(&mut found, 0).unwrap();
            assert_eq!(found.len() as u64, length, "{}", strategy.name);
            assert!(found.iter().all(|found| *found == byte), "{}", strategy.name);
            assert!(length == 400_000 || length == 300_001, "{}", strategy.name);
        }
    }
}

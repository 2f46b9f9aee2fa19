use super::error::TrialError;
use crate::fixture::{Layout, Place, PrivateDirectory, Source, SourceError};
use crate::strategy::{Workspace, commands};
use crate::units::format_size;
use std::borrow::Borrow;
use std::cell::{Cell, OnceCell};
use std::fs::File;
use std::path::PathBuf;

/// What the trials of one source share. The source and the place are borrowed or shared.
pub struct Stage<S: Borrow<Source>, P: Borrow<Place>> {
    source: S,
    place: P,
    private: OnceCell<PrivateDirectory>,
    /// What strategies keep from one copy to the next.
    pub(crate) workspace: Workspace,
    /// Target of the last overwriting trial.
    pub(crate) kept: Cell<Option<File>>,
}

/// Why trials cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    #[error("not enough space in {}: a {layout} source of {} and its copy need {}, {} are free; name another directory with --dir or COPYBENCH_DIR, or smaller sizes with --size or COPYBENCH_SIZES", directory.display(), format_size(*size), mebibytes(*needed), mebibytes(*free))]
    Space { directory: PathBuf, layout: &'static str, size: u64, needed: u64, free: u64 },
    /// The source cannot be had.
    #[error(transparent)]
    Source(#[from] SourceError),
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

impl<S: Borrow<Source>, P: Borrow<Place>> Stage<S, P> {
    /// A stage for copies of `source` into `place`.
    pub fn new(source: S, place: P) -> Self {
        Self { source, place, private: OnceCell::new(), workspace: Workspace::new(), kept: Cell::new(None) }
    }

    pub(crate) fn source(&self) -> &Source {
        self.source.borrow()
    }

    pub(crate) fn place(&self) -> &Place {
        self.place.borrow()
    }

    /// The path at which strategies that need one find their target.
    pub(crate) fn private_path(&self) -> Result<PathBuf, TrialError> {
        if self.private.get().is_none() {
            let made = self.place().private().map_err(|error| TrialError::Prepare {
                act: "making a private directory",
                source: std::io::Error::other(error),
            })?;
            let _ = self.private.set(made);
        }
        Ok(self.private.get().map(|private| private.path().join("target")).unwrap_or_default())
    }
}

/// Makes a source, with a name where commands of the user's are to find it.
pub(crate) fn generate(
    place: &Place,
    layout: &'static Layout,
    size: u64,
    seed: u64,
) -> Result<Source, SourceError> {
    let generate = if commands().is_empty() { Source::generate } else { Source::generate_named };
    generate(place, layout, size, seed)
}

/// Refuses a source and copy that the two directories have no room for, before anything is written. Errors:
/// [`StageError::Space`] with the figures.
pub(crate) fn check_space(
    from: &Place,
    to: &Place,
    layout: &'static Layout,
    size: u64,
) -> Result<(), StageError> {
    // What a file system keeps for its own tables.
    const RESERVE: u64 = 8 << 20;
    let source = layout.disk_space(size);
    let together = from.path() == to.path() || same_device(from, to);
    let wants = if together { vec![(from, source + size)] } else { vec![(from, source), (to, size)] };
    for (place, wanted) in wants {
        let free = place.free_space().map_err(SourceError::Place)?;
        let needed = wanted + RESERVE;
        if free < needed {
            let directory = place.path().to_owned();
            return Err(StageError::Space { directory, layout: layout.name, size, needed, free });
        }
    }
    Ok(())
}

fn same_device(from: &Place, to: &Place) -> bool {
    let device = |place: &Place| rustix::fs::stat(place.path()).map(|stat| stat.st_dev);
    device(from).is_ok() && device(from) == device(to)
}

use super::{Copied, Counts, OBSERVERS, Observation, Observer, Refusal};
use std::fs::File;

/// Observers at work around one copy.
pub struct Watch {
    observations: Vec<(&'static Observer, Box<dyn Observation>)>,
    refused: Vec<(&'static Observer, Refusal)>,
}

#[derive(Debug, Default)]
pub struct Watched {
    /// Counters by key.
    pub counts: Counts,
    /// Observers that told nothing, and why.
    pub refused: Vec<(&'static Observer, Refusal)>,
}

impl Watch {
    /// Makes the observers ready.
    pub fn prepare(observers: impl IntoIterator<Item = &'static Observer>) -> Self {
        let (mut observations, mut refused) = (Vec::new(), Vec::new());
        for observer in observers {
            match (observer.prepare)() {
                Ok(observation) => observations.push((observer, observation)),
                Err(refusal) => refused.push((observer, refusal)),
            }
        }
        Self { observations, refused }
    }

    /// Right before the copy.
    pub fn begin(&mut self) {
        for (_, observation) in self.observations.iter_mut().rev() {
            observation.begin();
        }
    }

    /// Right after the copy.
    pub fn end(&mut self) {
        for (_, observation) in &mut self.observations {
            observation.end();
        }
    }

    /// What was counted.
    pub fn counts(self, copied: &Copied<'_>) -> Watched {
        let mut watched = Watched { counts: Counts::new(), refused: self.refused };
        for (observer, mut observation) in self.observations {
            match observation.counts(copied) {
                Ok(counts) => watched.counts.extend(counts),
                Err(refusal) => watched.refused.push((observer, refusal)),
            }
        }
        watched
    }
}

/// Observers that have nothing to tell this user on this machine, found by letting each observe
/// nothing. `scratch` is a file on the file system of the targets.
pub fn refused(scratch: &File) -> Vec<(&'static Observer, Refusal)> {
    let mut refused = Vec::new();
    for &observer in OBSERVERS {
        let mut watch = Watch::prepare([observer]);
        watch.begin();
        watch.end();
        refused.extend(watch.counts(&Copied { source: scratch, target: scratch, bytes: 0 }).refused);
    }
    refused
}

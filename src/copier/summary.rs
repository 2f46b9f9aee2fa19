use super::choose::{Chain, shares};
use super::event::{Event, Summary};
use super::{CopyRequest, When};
use crate::strategy::{self, Sharing};

/// Gathers the words of GNU cp's `--debug` line from what happens.
#[derive(Debug)]
pub(super) struct Tally(Summary);

impl Tally {
    pub(super) fn new(request: &CopyRequest<'_>) -> Self {
        let avoided = request.reflink == When::Never || request.holes() != When::Auto;
        Self(Summary {
            offload: if avoided { "avoided" } else { "unknown" },
            reflink: if request.reflink == When::Never { "no" } else { "unknown" },
            sparse: match request.sparse {
                Some(When::Always) => "zeros",
                _ => "no",
            },
        })
    }

    pub(super) fn chosen(&mut self, chain: &Chain) {
        if chain.clone.is_none() {
            self.0.reflink = "no";
        }
    }

    pub(super) fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Copied { by, .. } if is_clone(by) => self.0.reflink = "yes",
            Event::Copied { by, .. } if is_offload(by) => self.0.offload = "yes",
            Event::Changed { from, .. } if is_clone(from) => self.0.reflink = "unsupported",
            Event::Changed { from, .. } if is_offload(from) => self.0.offload = "unsupported",
            Event::Copied { .. } if self.0.offload == "unknown" => self.0.offload = "no",
            Event::Hole { .. } if self.0.sparse == "zeros" => self.0.sparse = "SEEK_HOLE + zeros",
            Event::Hole { .. } if self.0.sparse == "no" => self.0.sparse = "SEEK_HOLE",
            _ => {}
        }
    }

    pub(super) fn summary(&self) -> Summary {
        self.0
    }
}

fn is_clone(name: &str) -> bool {
    strategy::find(name).is_some_and(|strategy| strategy.sharing == Sharing::Always)
}

/// Whether the file system or a server may copy by itself.
fn is_offload(name: &str) -> bool {
    shares(name) && !is_clone(name)
}

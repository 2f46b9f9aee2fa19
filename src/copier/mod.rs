//! What `copybench copy` does beyond one strategy: choose a mechanism, go on with another at the
//! exact byte where one gives up, keep holes, and let the target be whole at every moment.
//!
//! A whole copy onto a regular file, or one to be, goes to a file without a name in the target's
//! directory, which takes the target's name when it is complete. Where that cannot be, or would lose
//! something that a target had, it is done as cp does: a new file is made under the target's name, and one
//! that exists is written in place. Pipes and devices are written as a stream.
//!
//! Nothing beside the copying is necessary. What is refused there is done without, and only errors that
//! tell of the disk end a copy.

mod attributes;
mod choose;
mod destination;
mod entry;
mod error;
mod event;
mod fastest;
mod interrupt;
mod job;
mod length;
mod request;
mod resume;
mod row;
mod segments;
mod source;
mod staged;
mod stream;
mod summary;
mod transfer;

pub use choose::is_candidate;
pub use error::CopierError;
pub use event::{Event, Reason, Summary, Written};
pub use interrupt::clean_up_on_signals;
pub use request::{CopyRequest, Part, When};

use crate::strategy::Workspace;
use destination::Destination;
use job::Job;
use source::Source;
use summary::Tally;

/// Copies as `request` says, telling what happens, and returns the number of bytes of the source
/// that the target stands for, holes included.
///
/// # Errors
/// See [`CopierError`]. A target that existed is then as it was, unless it was written in place;
/// one that did not exist does not exist.
pub fn copy(request: &CopyRequest<'_>, tell: &mut dyn FnMut(Event<'_>)) -> Result<u64, CopierError> {
    request.check()?;
    let source = Source::open(request)?;
    request.check_range(source.size())?;
    let place = Destination::find(request, &source)?;
    let mut tally = Tally::new(request);
    let workspace = Workspace::new();
    let copied = Job { request, source: &source, workspace: &workspace }.run(place, &mut tally, tell)?;
    tell(Event::Done(tally.summary()));
    Ok(copied)
}

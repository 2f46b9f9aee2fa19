//! From a selection of cells and strategies to samples in a record.

mod availability;
mod cell;
mod clock;
mod interrupt;
mod plan;
mod recorder;
mod selection;
mod sequence;
mod size;
mod stage;
mod target;
mod trial;

pub use availability::{Availability, Refused, availability};
pub use cell::{Cell, End};
pub use clock::{Clock, WallClock};
pub use interrupt::clean_up_on_signals;
pub use plan::{Entry, Plan, Refusal, Scope};
pub use recorder::{Recorder, commit, default_record_path, run_line};
pub use selection::{Selection, SelectionError, Variables, closest};
pub use sequence::{Block, source_of};
pub use size::{format_size, parse_size};
pub use stage::{Stage, StageError};
pub use trial::{Look, Outcome, TrialError};

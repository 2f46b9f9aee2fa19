//! From a selection of cells and strategies to samples in a record.

mod cell;
mod plan;
mod recorder;
mod rounds;
mod trial;
mod worker;

pub use cell::{Cell, End, Setup};
pub use plan::availability::{Availability, availability};
pub use plan::selection::{Selection, SelectionError, Variables, closest};
pub use plan::variables::{UnknownVariable, VARIABLES, Variable, check_environment};
pub use plan::{Entry, Plan, Refusal, Scope, planned_cells};
pub use recorder::interrupt::{advise, clean_up_on_signals, tell_the_end};
pub use recorder::privacy::Hidden;
pub use recorder::record_file::{RecordFile, RecordFileError};
pub use recorder::resume::{ResumeError, begin_or_add, begin_or_resume};
pub use recorder::{OWN_RECORDS, Recorder, commit, default_record_path, run_line, unused_directory};
pub use rounds::calibration::Calibrating;
pub use rounds::confirmation::measure_again;
pub use rounds::order::{Order, new_order_seed};
pub use rounds::session::{Against, SessionOutcome, Settings, Watcher, run_rounds};
pub use rounds::{Contestant, Entrant, Listener, NamedArm, Progress, Rounds, RoundsError, Seen, Slowdown};
pub use trial::clock::{Clock, WallClock};
pub use trial::error::TrialError;
pub use trial::limit::{LIMITS, Limit};
pub use trial::sequence::{Block, source_of};
pub use trial::stage::{Stage, StageError};
pub use trial::{Inspection, Outcome};
pub use worker::arm::{Arm, ArmError};
pub use worker::protocol::{PROTOCOL, Reply, Request};
pub use worker::{Answer, Worker, serve};

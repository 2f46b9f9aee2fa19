use super::output::OutputError;
use crate::copier::CopierError;
use crate::fixture::{PlaceError, SourceError};
use crate::guest::{BootError, KernelError};
use crate::measure::{
    ArmError, RecordFileError, ResumeError, RoundsError, SelectionError, StageError, UnknownVariable,
};
use crate::record::ReadError;
use crate::strategy::CommandError;
use std::process::ExitCode;

/// An error that says itself whether the work failed or could not begin.
#[derive(Debug, thiserror::Error)]
pub enum Fail {
    /// The work failed: exit 1.
    #[error("{0}")]
    Work(String),
    /// Wrong use, or an environment that does not fit: exit 2.
    #[error("{0}")]
    Use(String),
}

/// 1 where the work failed, 2 for wrong use or an unfit environment.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    let unfit = error.chain().any(|cause| {
        matches!(cause.downcast_ref(), Some(Fail::Use(_)))
            || matches!(cause.downcast_ref(), Some(SourceError::Place(_) | SourceError::Fixture { .. }))
            || matches!(cause.downcast_ref(), Some(CopierError::Options(_)))
            || cause.is::<SelectionError>()
            || cause.is::<CommandError>()
            || cause.is::<PlaceError>()
            || cause.is::<StageError>()
            || cause.is::<ReadError>()
            || cause.is::<ResumeError>()
            || cause.is::<RecordFileError>()
            || cause.is::<UnknownVariable>()
            || cause.is::<ArmError>()
            || matches!(cause.downcast_ref(), Some(RoundsError::Arm(_) | RoundsError::Died { .. }))
            || cause.is::<KernelError>()
            || cause.downcast_ref::<BootError>().is_some_and(BootError::is_unfit)
    });
    ExitCode::from(if unfit { 2 } else { 1 })
}

/// What went wrong and why, outermost first. Some errors say their cause themselves, which is not said
/// twice.
pub fn describe(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.ends_with(&cause) && !text.contains(&format!("{cause};")) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Whether the reader of standard output went away, which is no failure of ours.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().filter_map(OutputError::behind).any(OutputError::is_broken_pipe)
}

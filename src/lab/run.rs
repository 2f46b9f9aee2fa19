use super::notes::Notes;
use super::{EXERCISE_FILE, EXERCISE_LENGTH, Lab, STATEMENTS, Summary, page};
use crate::fixture::Place;
use anyhow::{Context, ensure};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// Tries every statement in a private directory of `place` and writes what is seen to `out`; at the end
/// gives the path of the exercise's file to `race`, for the two exercises on it (W15, W16), and writes what
/// that returns. Errors: [`crate::fixture::PlaceError`] where no directory can be made; an error of `out`
/// or of `race`. A statement that does not hold is no error: see [`Summary::failures`].
pub fn run(
    place: &Place,
    out: &mut dyn Write,
    race: impl FnOnce(&Path) -> anyhow::Result<String>,
) -> anyhow::Result<Summary> {
    let started = Instant::now();
    let private = place.private()?;
    let directory = private.path().canonicalize().context("the lab's directory")?;
    let lab = Lab { directory: &directory };
    let exercise = lab.file(EXERCISE_FILE, &[])?;
    exercise.set_len(EXERCISE_LENGTH).context("make lmfile 1 GiB long, all of it a hole")?;
    drop(exercise);

    page::opening(out)?;
    let mut verdicts = Vec::with_capacity(STATEMENTS.len());
    for statement in STATEMENTS {
        let mut notes = Notes::default();
        let outcome = (statement.check)(&lab, &mut notes);
        let verdict = notes.verdict(outcome);
        page::statement(out, statement, notes.seen(), &verdict)?;
        verdicts.push((statement.id, verdict));
    }
    let raced = race(&directory.join(EXERCISE_FILE)).context("run the two exercises on lmfile")?;
    page::exercises(out, &raced)?;
    drop(private);
    ensure!(!directory.exists(), "remove {}: it is still there", directory.display());
    let summary = Summary { verdicts, elapsed: started.elapsed() };
    page::closing(out, &summary)?;
    Ok(summary)
}

//! What a signal leaves behind, and what the user is told then.

use crate::strategy::end_programs;
use crate::sys::temporary_name;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Records that are being written.
static RECORDS: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

/// What the command said about going on.
static ADVICE: Mutex<Option<Advice>> = Mutex::new(None);

type Advice = Box<dyn Fn() -> String + Send>;

#[derive(Debug)]
struct Entry {
    id: u64,
    path: PathBuf,
    samples: u64,
    is_written: bool,
    /// Made for the record: directories, the outermost first, and the file.
    made: Vec<PathBuf>,
}

/// A record that is being written. When it is dropped before a line was written, what was made for it
/// goes.
#[derive(Debug)]
pub(crate) struct UnderWay(u64);

/// While this is held, no signal ends the process.
pub(crate) struct Writing {
    records: MutexGuard<'static, Vec<Entry>>,
    id: u64,
}

/// Notes that the record at `path` is being written, and what was made for it.
pub(crate) fn under_way(path: &Path, made: Vec<PathBuf>) -> UnderWay {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    locked(&RECORDS).push(Entry { id, path: path.to_owned(), samples: 0, is_written: false, made });
    UnderWay(id)
}

impl UnderWay {
    pub(crate) fn writing(&self) -> Writing {
        Writing { records: locked(&RECORDS), id: self.0 }
    }
}

impl Writing {
    /// Counts what was written.
    pub(crate) fn wrote(mut self, lines: &[u8]) {
        let Some(entry) = self.records.iter_mut().find(|entry| entry.id == self.id) else { return };
        entry.is_written = true;
        let lines = lines.split_inclusive(|byte| *byte == b'\n');
        entry.samples += lines.filter(|line| line.starts_with(br#"{"t":"sample""#)).count() as u64;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut records = locked(&RECORDS);
        let Some(index) = records.iter().position(|entry| entry.id == self.0) else { return };
        records.swap_remove(index).close();
    }
}

impl Entry {
    fn close(self) {
        if !self.is_written {
            unmake(&self.made);
        }
    }
}

/// Removes files and directories that were made, the last first. What others have put into a directory
/// keeps it.
pub(crate) fn unmake(made: &[PathBuf]) {
    for path in made.iter().rev() {
        let _ = match std::fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => std::fs::remove_dir(path),
            other => other,
        };
    }
}

/// From here on, SIGINT, SIGTERM and SIGHUP remove what has a name on disk, say what is kept, and end
/// the process with 128 and the signal's number.
pub fn clean_up_on_signals() -> io::Result<()> {
    temporary_name::clean_up_on_signals(|signal| {
        end_programs();
        tell_the_end(signal);
    })
}

/// What a user is to be told when a signal ends the process: how to go on from what is kept.
pub fn advise(advice: impl Fn() -> String + Send + 'static) {
    *locked(&ADVICE) = Some(Box::new(advice));
}

/// Says on standard error what is kept and how to go on. No record is written any more after this.
pub fn tell_the_end(signal: i32) {
    let mut records = locked(&RECORDS);
    let text = sentence(signal, &records, locked(&ADVICE).as_ref().map(|advice| advice()));
    let mut errors = io::stderr();
    // A line that shows progress may stand there.
    let clear = if errors.is_terminal() { "\r\x1b[2K" } else { "" };
    // Nobody may be there to read it.
    let _ = errors.write_all(format!("{clear}{text}\n").as_bytes());
    records.drain(..).for_each(Entry::close);
    // Held until the end, so that no line is begun.
    std::mem::forget(records);
}

fn sentence(signal: i32, records: &[Entry], advice: Option<String>) -> String {
    let name = match signal {
        SIGINT => "SIGINT",
        SIGTERM => "SIGTERM",
        SIGHUP => "SIGHUP",
        _ => "a signal",
    };
    let mut text = format!("copybench: ended by {name}; ");
    let written: Vec<&Entry> = records.iter().filter(|entry| entry.is_written).collect();
    if written.is_empty() {
        text += "there is nothing to keep";
    }
    for (index, entry) in written.iter().enumerate() {
        let before = if index == 0 { "kept " } else { ", " };
        let _ = write!(text, "{before}{} ({} new samples)", entry.path.display(), entry.samples);
    }
    if let Some(advice) = advice {
        let _ = write!(text, "; {advice}");
    }
    text
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

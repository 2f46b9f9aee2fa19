//! The file of a record: looked at before it is locked, locked before it is mended, and written
//! through the one descriptor that was looked at. What is no record is never changed.

use super::interrupt::{self, UnderWay};
use crate::record::{Line, ReadError, SCHEMA, Visitor, visit};
use crate::sys::errno::describe;
use crate::sys::temporary_name;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::fs::{File, Metadata};
use std::io::{self, BufReader, Read, Seek, Write};
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// No line of a record is longer by far.
const LONGEST_LINE: u64 = 1 << 20;
/// How every line begins.
const BEGINNING: &[u8] = br#"{"t":""#;
/// Times that the name may come to mean another file while it is opened.
const ATTEMPTS: u32 = 10;
const HINT: &str = "name another with --out or COPYBENCH_OUT";

/// A record that this process alone writes. One that was made goes again when it is dropped before
/// anything was written, with the directories that were made for it.
#[derive(Debug)]
pub struct RecordFile {
    file: File,
    path: PathBuf,
    /// Where its last whole line ends.
    whole: u64,
    /// Whether half a line follows.
    is_cut: bool,
    under_way: UnderWay,
}

/// Why a file is not written to. Nothing of it was changed.
#[derive(Debug, thiserror::Error)]
#[error("the record {}: {why}", path.display())]
pub struct RecordFileError {
    path: PathBuf,
    why: Why,
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("{act}: {}; {HINT}", describe(*.errno))]
    Call { act: &'static str, errno: Errno },
    #[error("it is {0}, and records are regular files; {HINT}")]
    Kind(&'static str),
    #[error("it is a symbolic link to {}; name the file itself, or {HINT}", .0.display())]
    Link(PathBuf),
    #[error("it belongs to user {owner}, and this is user {user}; {HINT}")]
    Owner { owner: u32, user: u32 },
    #[error("it is read-only; make it writable if it is to grow, or {HINT}")]
    ReadOnly,
    #[error("it is empty, so no record that could grow; remove it, or {HINT}")]
    Empty,
    #[error("{0}, so it is no record of copybench and was left as it is; {HINT}")]
    Foreign(&'static str),
    #[error("its schema is {found}, and this copybench adds to records of {SCHEMA} alone; {HINT}")]
    Schema { found: String },
    #[error("{0}; it was left as it is; {HINT}")]
    Content(#[from] ReadError),
    #[error("{} is writing it; wait for its end, or {HINT}", holder.as_deref().unwrap_or("another process"))]
    Held { holder: Option<String> },
    #[error("it exists already; {HINT}")]
    Exists,
    #[error("its name came to mean another file again and again; {HINT}")]
    Restless,
}

impl RecordFile {
    /// Opens the record at `path`, whose lines are given to `take`, or makes it. Errors: it cannot be made,
    /// is no record, belongs to somebody else or is being written.
    pub fn open(path: &Path, take: &mut impl Visitor) -> Result<Self, RecordFileError> {
        let mut opened = || -> Result<Self, Why> {
            for _ in 0..ATTEMPTS {
                match look(path)? {
                    Some(there) => {
                        if let Some(record) = Self::existing(path, &there, take)? {
                            return Ok(record);
                        }
                    }
                    None => match Self::new(path) {
                        Err(Why::Exists) => {}
                        other => return other,
                    },
                }
            }
            Err(Why::Restless)
        };
        opened().map_err(|why| RecordFileError { path: path.to_owned(), why })
    }

    /// Makes the record at `path`, where no file may be. Errors: it exists or cannot be made.
    pub fn create(path: &Path) -> Result<Self, RecordFileError> {
        let made = match look(path) {
            Ok(None) => Self::new(path),
            Ok(Some(_)) => Err(who_holds(path).unwrap_or(Why::Exists)),
            Err(why) => Err(why),
        };
        made.map_err(|why| RecordFileError { path: path.to_owned(), why })
    }

    /// Makes sure that nothing is at `path`, where something beside a record is to be written. Errors:
    /// something is there.
    pub fn check_vacant(path: &Path) -> Result<(), RecordFileError> {
        let why = match look(path) {
            Ok(None) => return Ok(()),
            Ok(Some(_)) => Why::Exists,
            Err(why) => why,
        };
        Err(RecordFileError { path: path.to_owned(), why })
    }

    /// Keeps `path`, where something beside records is to be written in the end, for this process alone as
    /// long as what is returned lives. Errors: something is there, or another process keeps something in
    /// that directory.
    pub fn reserve(path: &Path) -> Result<File, RecordFileError> {
        let reserved = || {
            let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let directory = rustix::fs::open(directory.unwrap_or(Path::new(".")), flags, Mode::empty());
            let directory =
                File::from(directory.map_err(|errno| call("opening its directory")(errno.into()))?);
            lock(&directory)?;
            Ok(directory)
        };
        let directory = reserved().map_err(|why| RecordFileError { path: path.to_owned(), why })?;
        Self::check_vacant(path).map(|()| directory)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn new(path: &Path) -> Result<Self, Why> {
        let mut made = Made::default();
        made.parents(path).map_err(call("making its directory"))?;
        let flags = OFlags::CREATE | OFlags::EXCL | access();
        let mode = Mode::from_raw_mode(0o666);
        let file = match rustix::fs::open(path, flags, mode) {
            Ok(file) => File::from(file),
            Err(Errno::EXIST) => return Err(Why::Exists),
            Err(errno) => return Err(Why::Call { act: "making it", errno }),
        };
        made.0.push(path.to_owned());
        lock_new(&file)?;
        let under_way = interrupt::under_way(path, std::mem::take(&mut made.0));
        Ok(Self { file, path: path.to_owned(), whole: 0, is_cut: false, under_way })
    }

    /// `None` where `path` names another file by now.
    fn existing(path: &Path, there: &Metadata, take: &mut impl Visitor) -> Result<Option<Self>, Why> {
        let mut file = match rustix::fs::open(path, access(), Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT | Errno::LOOP) => return Ok(None),
            Err(errno) => return Err(Why::Call { act: "opening it for writing", errno }),
        };
        let is_same = |other: &Metadata| (other.dev(), other.ino()) == (there.dev(), there.ino());
        if !is_same(&file.metadata().map_err(call("looking at it"))?) {
            return Ok(None);
        }
        // Who has just made it may not have written a whole line yet.
        check_first_line(&file).map_err(|why| lock(&file).err().unwrap_or(why))?;
        lock(&file)?;
        if !std::fs::symlink_metadata(path).is_ok_and(|now| is_same(&now)) {
            return Ok(None);
        }
        let size = file.metadata().map_err(call("looking at it"))?.len();
        let whole = end_of_lines(&file, size)?;
        let is_cut = check_tail(&file, whole, size)?;
        file.rewind().map_err(call("reading it"))?;
        visit(path, BufReader::with_capacity(1 << 17, (&file).take(whole)), &mut None, take)?;
        let under_way = interrupt::under_way(path, Vec::new());
        Ok(Some(Self { file, path: path.to_owned(), whole, is_cut, under_way }))
    }
}

impl Write for RecordFile {
    /// Takes whole lines. The handler of a signal waits until they are written.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let writing = self.under_way.writing();
        if std::mem::take(&mut self.is_cut) {
            self.file.set_len(self.whole)?;
        }
        self.file
            .write_all(lines)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.path.display())))?;
        writing.wrote(lines);
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was made for a record that does not come to be.
#[derive(Default)]
struct Made(Vec<PathBuf>);

impl Made {
    fn parents(&mut self, path: &Path) -> io::Result<()> {
        let missing = path.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty());
        let missing: Vec<&Path> =
            missing.take_while(|parent| std::fs::symlink_metadata(parent).is_err()).collect();
        for parent in missing.into_iter().rev() {
            match std::fs::create_dir(parent) {
                Ok(()) => self.0.push(parent.to_owned()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && parent.is_dir() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        interrupt::unmake(&self.0);
    }
}

/// For appending; neither waits for the other end of a pipe nor follows a link.
fn access() -> OFlags {
    OFlags::RDWR | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC
}

/// What the name means, without opening it, which a pipe or a device would notice. None where
/// there is nothing.
fn look(path: &Path) -> Result<Option<Metadata>, Why> {
    let there = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(call("looking at it"))?,
    };
    let kind = there.file_type();
    if kind.is_symlink() {
        return Err(Why::Link(std::fs::read_link(path).unwrap_or_default()));
    }
    let kinds = [
        (kind.is_dir(), "a directory"),
        (kind.is_fifo(), "a pipe"),
        (kind.is_socket(), "a socket"),
        (kind.is_char_device() || kind.is_block_device(), "a device"),
        (!kind.is_file(), "something else"),
    ];
    if let Some((_, kind)) = kinds.iter().find(|(is, _)| *is) {
        return Err(Why::Kind(kind));
    }
    let user = rustix::process::geteuid().as_raw();
    if there.uid() != user {
        return Err(Why::Owner { owner: there.uid(), user });
    }
    if there.mode() & 0o222 == 0 {
        return Err(Why::ReadOnly);
    }
    Ok(Some(there))
}

fn check_first_line(file: &File) -> Result<(), Why> {
    let mut text = Vec::new();
    let mut block = vec![0; 1 << 14];
    let end = loop {
        let count = file.read_at(&mut block, text.len() as u64).map_err(call("reading it"))?;
        if let Some(end) = block[..count].iter().position(|byte| *byte == b'\n') {
            break text.len() + end;
        }
        text.extend_from_slice(&block[..count]);
        match count {
            0 if text.is_empty() => return Err(Why::Empty),
            0 => return Err(Why::Foreign("its only line has no end")),
            _ if text.len() as u64 > LONGEST_LINE => return Err(Why::Foreign("its first line has no end")),
            _ => {}
        }
        // Most files that are no record show it in their first bytes.
        if !text.starts_with(BEGINNING) {
            break text.len();
        }
    };
    let from = text.len();
    text.extend_from_slice(&block[..end.saturating_sub(from)]);
    let foreign = Why::Foreign("its first line is no run line");
    let Ok(line) = serde_json::from_slice::<serde_json::Value>(&text[..end]) else { return Err(foreign) };
    let schema = line.get("schema").and_then(serde_json::Value::as_str);
    match (line.get("t").and_then(serde_json::Value::as_str), schema) {
        (Some("run"), Some(SCHEMA)) if matches!(serde_json::from_value(line.clone()), Ok(Line::Run(_))) => {
            Ok(())
        }
        (Some("run"), Some(found)) if found != SCHEMA => Err(Why::Schema { found: found.to_owned() }),
        _ => Err(foreign),
    }
}

/// Where the last whole line ends.
fn end_of_lines(file: &File, size: u64) -> Result<u64, Why> {
    let start = size.saturating_sub(LONGEST_LINE);
    let mut tail = vec![0; usize::try_from(size - start).unwrap_or(0)];
    file.read_exact_at(&mut tail, start).map_err(call("reading it"))?;
    let last = tail.iter().rposition(|byte| *byte == b'\n');
    last.map(|last| start + last as u64 + 1).ok_or(Why::Foreign("its last line is too long"))
}

/// Whether a line that a killed run left unfinished follows; it is an error if something else does.
fn check_tail(file: &File, whole: u64, size: u64) -> Result<bool, Why> {
    let mut tail = vec![0; usize::try_from(size - whole).unwrap_or(0)];
    file.read_exact_at(&mut tail, whole).map_err(call("reading it"))?;
    if tail.is_empty() {
        return Ok(false);
    }
    let begins = tail.starts_with(BEGINNING) || BEGINNING.starts_with(&tail);
    let is_line = match serde_json::from_slice::<Line>(&tail) {
        Ok(_) => true,
        Err(error) => crate::record::is_cut(&tail, &error),
    };
    if begins && is_line { Ok(true) } else { Err(Why::Foreign("what follows its last line is no line")) }
}

fn lock(file: &File) -> Result<(), Why> {
    match temporary_name::lock(file) {
        Ok(()) => Ok(()),
        Err(Errno::WOULDBLOCK) => Err(Why::Held { holder: holder(file) }),
        Err(errno) => Err(Why::Call { act: "locking it", errno }),
    }
}

/// Others who find a new file lock it for a moment, to see whether somebody has.
fn lock_new(file: &File) -> Result<(), Why> {
    for _ in 0..ATTEMPTS {
        if temporary_name::lock(file) != Err(Errno::WOULDBLOCK) {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    lock(file)
}

/// Who is writing an existing record.
fn who_holds(path: &Path) -> Option<Why> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    lock(&file).err().filter(|why| matches!(why, Why::Held { .. }))
}

/// The process that has the lock, by `proc_locks(5)`.
fn holder(file: &File) -> Option<String> {
    let inode = format!(":{}", file.metadata().ok()?.ino());
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    // The device is left out: some file systems have one of their own for each subvolume.
    let holders: Vec<&str> = locks
        .lines()
        .map(|line| line.split_whitespace().skip(1).collect::<Vec<_>>())
        .filter(|fields| fields.first() == Some(&"FLOCK"))
        .filter(|fields| fields.get(4).is_some_and(|file| file.ends_with(&inode)))
        .filter_map(|fields| fields.get(3).copied())
        .collect();
    let [process] = holders[..] else { return None };
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    Some(match name.trim() {
        "" => format!("process {process}"),
        name => format!("process {process} ({name})"),
    })
}

fn call(act: &'static str) -> impl Fn(io::Error) -> Why {
    move |error| Why::Call { act, errno: Errno::from_io_error(&error).unwrap_or(Errno::IO) }
}

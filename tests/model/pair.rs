//! A source and a target on disk with their models, and what a copy may do to them.

use crate::edit::{Edit, Side, put};
use copybench::strategy::{Cause, CopyError, Span, Strategy, Task, Workspace};
use copybench::sys::mapping::Mapping;
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Of every file system that the test is meant for.
pub(crate) const BLOCK: u64 = 4096;

/// A file and what it should hold.
struct Modelled {
    file: File,
    model: Vec<u8>,
    /// Mappings that stores went through, kept as a program that works on the file would.
    mappings: Vec<Mapping>,
}

/// How a copy ended that did nothing wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Copied,
    /// It takes no such range, and touched nothing.
    RefusedRange,
}

/// The two files of a copy.
pub(crate) struct Pair {
    source: Modelled,
    target: Modelled,
    /// Used by every strategy in turn, also after one that failed.
    workspace: Workspace,
}

impl Modelled {
    fn new(directory: &Path) -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile_in(directory)?, model: Vec::new(), mappings: Vec::new() })
    }

    fn read(&self) -> Result<Vec<u8>, String> {
        let read = || {
            let mut found = vec![0; self.file.metadata()?.len() as usize];
            self.file.read_exact_at(&mut found, 0)?;
            Ok(found)
        };
        read().map_err(|error: io::Error| format!("reading back: {error}"))
    }

    fn check(&self, what: &str) -> Result<(), String> {
        same(what, &self.read()?, &self.model)
    }
}

/// Names the first difference.
fn same(what: &str, found: &[u8], expected: &[u8]) -> Result<(), String> {
    if found.len() != expected.len() {
        return Err(format!("{what} is {} bytes long, not {}", found.len(), expected.len()));
    }
    // One memcmp in the usual case; the search is slow without optimization.
    if found == expected {
        return Ok(());
    }
    match found.iter().zip(expected).position(|(found, expected)| found != expected) {
        None => Ok(()),
        Some(at) => Err(format!("byte {at} of {what} is {:#x}, not {:#x}", found[at], expected[at])),
    }
}

impl Pair {
    pub(crate) fn new(from: &Path, to: &Path) -> io::Result<Self> {
        Ok(Self { source: Modelled::new(from)?, target: Modelled::new(to)?, workspace: Workspace::new() })
    }

    pub(crate) fn edit(&mut self, edit: &Edit) -> io::Result<()> {
        let Modelled { file, model, mappings } = match edit.side {
            Side::Source => &mut self.source,
            Side::Target => &mut self.target,
        };
        mappings.extend(edit.apply(file, model)?);
        Ok(())
    }

    /// Copies on disk and in the model, and compares both files.
    pub(crate) fn copy(&mut self, strategy: &Strategy, span: Span) -> Result<End, String> {
        let mut end = End::Copied;
        let there = (self.source.model.len() as u64).saturating_sub(span.source);
        let wanted = span.length.unwrap_or(there);
        let there = there.min(wanted);
        let Self { source, target, workspace } = self;
        match strategy.copy(Task { source: &source.file, target: &target.file, span, workspace }) {
            Ok(copied) if copied == wanted && there == wanted => self.put(span, there),
            Ok(copied) => return Err(format!("it copied {copied} of {wanted}, of which {there} are there")),
            Err(CopyError { cause: Cause::SourceEnded, copied }) if there < wanted => {
                self.adopt(span, there, copied)?;
            }
            Err(CopyError { cause: Cause::WholeOnly, .. }) if !span.is_whole() => end = End::RefusedRange,
            // Clones and O_DIRECT take ranges of blocks only, and say so before they touch anything.
            Err(CopyError { cause: Cause::Call { errno: Errno::INVAL, .. }, .. })
                if !is_of_blocks(span, there) =>
            {
                end = End::RefusedRange;
            }
            Err(error) => return Err(error.to_string()),
        }
        self.target.check("the target")?;
        self.source.check("the source")?;
        Ok(end)
    }

    fn put(&mut self, span: Span, length: u64) {
        let from = span.source as usize;
        let bytes = if length == 0 { &[] } else { &self.source.model[from..from + length as usize] };
        put(&mut self.target.model, span.target, bytes);
        if span.is_whole() {
            self.target.model.truncate(length as usize);
        }
    }

    /// A range of which the source has only `there` bytes: the copy owes those that it counted,
    /// and may have left anything in the rest of them, but nothing outside.
    fn adopt(&mut self, span: Span, there: u64, copied: u64) -> Result<(), String> {
        if copied > there {
            return Err(format!("it counted {copied} bytes, but the source has {there}"));
        }
        self.put(span, copied);
        let found = self.target.read()?;
        let start = (span.target + copied).min(found.len() as u64) as usize;
        let end = (span.target + there).min(found.len() as u64) as usize;
        put(&mut self.target.model, start as u64, &found[start..end.max(start)]);
        Ok(())
    }
}

/// Of a range of which the source has `there` bytes.
fn is_of_blocks(span: Span, there: u64) -> bool {
    [span.source, span.target, there].iter().all(|bytes| bytes.is_multiple_of(BLOCK))
}

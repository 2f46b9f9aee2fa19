use super::attributes;
use super::choose::{Chain, Facts, choose};
use super::event::{Event, Written};
use super::place::Place;
use super::source::Source;
use super::staged::Staged;
use super::stream::stream;
use super::summary::Tally;
use super::transfer::Transfer;
use super::{CopierError, Part, Request};
use crate::strategy::{CopyError, DstMode, Method, Span, Strategy, Task, Workspace, set_length};
use crate::sys::close::close;
use crate::sys::file_system::FileSystem;
use crate::verify::{Promise, compare, verify};
use rustix::fs::{Advice, Mode, fadvise, fsync};
use std::fs::File;
use std::path::Path;

/// One copy with its open source.
pub(super) struct Job<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) source: &'a Source,
    pub(super) workspace: &'a Workspace,
}

type Tell<'a> = &'a mut dyn FnMut(Event<'_>);

/// A strategy that takes paths.
type ByPaths = fn(&Path, &Path) -> Result<u64, CopyError>;

impl Job<'_> {
    pub(super) fn run(&self, place: Place, tally: &mut Tally, tell: Tell<'_>) -> Result<u64, CopierError> {
        match place {
            Place::Staged { staged, path, mode, replaced } => {
                self.staged(staged, &path, mode, replaced.as_ref(), tally, tell)
            }
            Place::Itself { file, made, reason } => {
                tell(Event::Target { written: Written::InPlace, reason: Some(reason) });
                let result = self.in_place(file, made.as_ref().map(|(_, mode)| *mode), tally, tell);
                if let (Err(_), Some((path, _))) = (&result, &made) {
                    // A target that this copy made is not left half done.
                    let _ = std::fs::remove_file(path);
                }
                result
            }
            Place::Stream { file } => {
                tell(Event::Target { written: Written::Stream, reason: None });
                self.stream(file, tally, tell)
            }
        }
    }

    fn staged(
        &self,
        mut staged: Staged,
        path: &Path,
        mode: Mode,
        replaced: Option<&File>,
        tally: &mut Tally,
        tell: Tell<'_>,
    ) -> Result<u64, CopierError> {
        let written = if staged.path().is_some() { Written::Temporary } else { Written::Unnamed };
        tell(Event::Target { written, reason: None });
        let copied = match (self.paths(), staged.path()) {
            (Some((strategy, copy)), Some(temporary)) => {
                if !overwrites(strategy) {
                    std::fs::remove_file(temporary).map_err(CopierError::call("making way at", temporary))?;
                }
                let copied = self.between_paths(strategy.name, copy, temporary, tell)?;
                staged.open_again()?;
                if let Some(replaced) = replaced {
                    attributes::adopt(&staged.file, replaced)
                        .map_err(CopierError::call("keeping owner and attributes of", path))?;
                }
                copied
            }
            _ => self.transfer(&staged.file, tally, tell)?,
        };
        self.verify(&staged.file, copied)?;
        attributes::finish(&staged.file, path, Some(mode), &self.source.stat, tell)?;
        // Closing a twin of the descriptor shows what closing would, while there is time.
        let twin = staged.file.try_clone().map_err(CopierError::call("closing", path))?;
        close(twin).map_err(CopierError::call("closing", path))?;
        staged.publish(path)?;
        Ok(copied)
    }

    fn in_place(
        &self,
        file: File,
        mode: Option<Mode>,
        tally: &mut Tally,
        tell: Tell<'_>,
    ) -> Result<u64, CopierError> {
        let path = self.request.target;
        let copied = match self.paths() {
            Some((strategy, _)) if !overwrites(strategy) => {
                let name = strategy.name;
                let problem = format!("--strategy {name}: it makes a new file and cannot write in place");
                return Err(CopierError::Options(problem));
            }
            Some((strategy, copy)) => self.between_paths(strategy.name, copy, path, tell)?,
            None => {
                if self.request.part.is_whole() {
                    // What is left of the old content would stand where the source has holes.
                    set_length(&file, 0).map_err(CopierError::call("emptying the target", path))?;
                }
                self.transfer(&file, tally, tell)?
            }
        };
        self.verify(&file, copied)?;
        if self.request.part.is_whole() {
            attributes::finish(&file, path, mode, &self.source.stat, tell)?;
        } else if let Some(mode) = mode {
            attributes::set_mode(&file, path, mode, tell)?;
        }
        close(file).map_err(CopierError::call("closing", path))?;
        Ok(copied)
    }

    fn stream(&self, file: File, tally: &mut Tally, tell: Tell<'_>) -> Result<u64, CopierError> {
        let mut told = |event: Event<'_>| {
            tally.take(&event);
            tell(event);
        };
        let copied = match self.request.strategy {
            // Its length is given, as a whole copy would cut the target at its end.
            Some(strategy) => {
                let span = Span { length: Some(self.source.size()), ..Span::WHOLE };
                strategy
                    .copy(Task { source: &self.source.file, target: &file, span, workspace: self.workspace })
                    .map_err(|cause| CopierError::Copy { strategy: strategy.name, cause })?
            }
            None => stream(&self.source.file, &file, self.request.part.span(), &mut told)?,
        };
        close(file).map_err(CopierError::call("closing", self.request.target))?;
        Ok(copied)
    }

    /// Chooses and copies by open files.
    fn transfer(&self, target: &File, tally: &mut Tally, tell: Tell<'_>) -> Result<u64, CopierError> {
        let size = self.request.part.span().length.unwrap_or(self.source.size());
        let file_system = FileSystem::of(target)
            .map_err(CopierError::call("asking for the file system of", self.request.target))?;
        let chain = choose(self.request, Facts { file_system, size, has_size: self.source.size() > 0 });
        self.chosen(&chain, tally, tell);
        let mut told = |event: Event<'_>| {
            tally.take(&event);
            tell(event);
        };
        let Self { request, source, workspace } = *self;
        Transfer { request, source: &source.file, target, workspace, chain: &chain, tell: &mut told }.run()
    }

    fn chosen(&self, chain: &Chain, tally: &mut Tally, tell: Tell<'_>) {
        tally.chosen(chain);
        tell(Event::Chosen(&chain.names()));
    }

    fn paths(&self) -> Option<(&'static Strategy, ByPaths)> {
        let strategy = self.request.strategy?;
        match strategy.method {
            Method::Paths(copy) => Some((strategy, copy)),
            Method::Handles(_) => None,
        }
    }

    fn between_paths(
        &self,
        strategy: &'static str,
        copy: ByPaths,
        target: &Path,
        tell: Tell<'_>,
    ) -> Result<u64, CopierError> {
        tell(Event::Chosen(&[strategy]));
        let copied =
            copy(&self.source.path, target).map_err(|cause| CopierError::Copy { strategy, cause })?;
        tell(Event::Copied { start: 0, end: copied, by: strategy });
        Ok(copied)
    }

    /// Compares the copy with the source, as the disk gives it back where that can be had.
    fn verify(&self, target: &File, copied: u64) -> Result<(), CopierError> {
        if !self.request.verify {
            return Ok(());
        }
        let path = self.request.target;
        fsync(target).map_err(CopierError::call("forcing to the disk", path))?;
        // Advice that is not taken leaves what memory has to be compared.
        let _ = fadvise(target, 0, None, Advice::DontNeed);
        let source = &self.source.file;
        match self.request.part {
            Part::Whole => verify(source, target, copied, Promise::Nothing)?,
            Part::Range(span) => compare(source, span.source, target, span.target, copied)?,
        }
        Ok(())
    }
}

/// Whether it can copy to a file that exists.
fn overwrites(strategy: &Strategy) -> bool {
    strategy.dst.contains(&DstMode::Overwrite)
}

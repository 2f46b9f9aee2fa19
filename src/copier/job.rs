use super::attributes::{Facts, disarm, set_times};
use super::choose::{Chain, Traits, choose};
use super::destination::{Destination, Itself, identity};
use super::entry::Entry;
use super::error::is_of_the_disk;
use super::event::{Event, Written};
use super::source::Source;
use super::staged::{CLOSED, Staged};
use super::stream::stream;
use super::summary::Tally;
use super::transfer::Transfer;
use super::{CopierError, CopyRequest, Part};
use crate::strategy::{CopyError, DstMode, Method, Span, Strategy, Task, Workspace, set_length};
use crate::sys::close::close;
use crate::sys::errno::describe;
use crate::sys::file_system::FileSystem;
use crate::verify::{Promise, compare, verify};
use rustix::fs::{
    Advice, FileType, Mode, OFlags, SeekFrom, Stat, fadvise, fchmod, fstat, fsync, open, openat, seek, stat,
    syncfs,
};
use rustix::io::Errno;
use std::fs::File;
use std::path::Path;

/// One copy with its open source.
pub(super) struct Job<'a> {
    pub(super) request: &'a CopyRequest<'a>,
    pub(super) source: &'a Source,
    pub(super) workspace: &'a Workspace,
}

type Tell<'a> = &'a mut dyn FnMut(Event<'_>);

/// A strategy that takes paths.
type ByPaths = fn(&Path, &Path) -> Result<u64, CopyError>;

/// How often others may change what has the target's name before that is given up.
const ATTEMPTS: usize = 100;

const PUBLISHING: &str = "putting the complete copy in the place of";
const FORCING: &str = "forcing to the disk";
const CLOSING: &str = "closing";

/// Why a complete copy does not have the target's name.
enum Unpublished {
    /// It may be written in place.
    Refused(String),
    /// That would not help.
    Failed(CopierError),
}

impl From<CopierError> for Unpublished {
    fn from(error: CopierError) -> Self {
        Self::Failed(error)
    }
}

impl Job<'_> {
    pub(super) fn run(
        &self,
        place: Destination,
        tally: &mut Tally,
        tell: Tell<'_>,
    ) -> Result<u64, CopierError> {
        match place {
            Destination::Staged { staged, entry, replaced } => {
                let reason = match self.staged(staged, &entry, replaced.as_ref(), tally, tell) {
                    Ok(copied) => return Ok(copied),
                    Err(Unpublished::Failed(error)) => return Err(error),
                    Err(Unpublished::Refused(reason)) => reason,
                };
                let itself = match replaced {
                    Some(file) => Itself { file, made: None, reason },
                    None => Itself::make(self.request, self.source, reason)?,
                };
                self.in_place(itself, tally, tell)
            }
            Destination::Itself(itself) => self.in_place(itself, tally, tell),
            Destination::Stream { file } => {
                tell(Event::Target { written: Written::Stream, reason: None });
                self.to_stream(file, tally, tell)
            }
        }
    }

    fn staged(
        &self,
        mut staged: Staged,
        entry: &Entry,
        replaced: Option<&File>,
        tally: &mut Tally,
        tell: Tell<'_>,
    ) -> Result<u64, Unpublished> {
        let written = if staged.path().is_some() { Written::Temporary } else { Written::Unnamed };
        tell(Event::Target { written, reason: None });
        let copied = match (self.paths(), staged.path()) {
            (Some((strategy, copy)), Some(temporary)) => {
                // What the kernel made of the mode that was asked for; programs have to write to it.
                let facts = Facts::of(&staged.file).map_err(|lost| Unpublished::Refused(lost.to_string()))?;
                fchmod(&staged.file, CLOSED).map_err(self.refused("setting the mode of a copy of"))?;
                if !overwrites(strategy) {
                    std::fs::remove_file(temporary).map_err(CopierError::call("making way at", temporary))?;
                }
                let copied = self.between_paths(strategy.name, copy, temporary, tell)?;
                staged.open_again()?;
                facts.give(&staged.file).map_err(|lost| Unpublished::Refused(lost.to_string()))?;
                copied
            }
            _ => self.transfer(&staged.file, &|| Ok(()), tally, tell)?,
        };
        self.verify(&staged.file, copied)?;
        self.publish(&staged, entry, replaced, tell)?;
        if self.request.sync {
            let directory = openat(&entry.directory, ".", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
            self.force_name(directory.map(File::from), &staged.file)?;
        }
        Ok(copied)
    }

    /// Gives a complete copy the target's name.
    fn publish(
        &self,
        staged: &Staged,
        entry: &Entry,
        replaced: Option<&File>,
        tell: Tell<'_>,
    ) -> Result<(), Unpublished> {
        set_times(&staged.file, &self.source.stat, tell);
        // Closing a twin of the descriptor shows what closing would, while there is time.
        let twin = staged.file.try_clone().map_err(self.refused(CLOSING))?;
        close(twin).map_err(self.refused(CLOSING))?;
        for _ in 0..ATTEMPTS {
            let Some(replaced) = self.standing(entry, replaced)? else {
                if self.request.sync {
                    fsync(&staged.file).map_err(self.refused(FORCING))?;
                }
                match staged.appear(entry) {
                    Err(Errno::EXIST) => continue,
                    // There is nothing to lose under that name.
                    Err(errno) => return Err(Unpublished::Refused(describe(errno))),
                    Ok(()) => return Ok(()),
                }
            };
            // Somebody may have changed them while the copy was made.
            Facts::of(&replaced)
                .and_then(|facts| facts.give(&staged.file))
                .map_err(|lost| Unpublished::Refused(lost.to_string()))?;
            set_times(&staged.file, &self.source.stat, &mut |_| {});
            // A name that is on the disk before its content costs both contents when the power fails.
            fsync(&staged.file).map_err(self.refused(FORCING))?;
            return staged.replace(entry).map_err(self.refused(PUBLISHING));
        }
        Err(self.refused(PUBLISHING)(Errno::BUSY))
    }

    /// The file that has the target's name now, which need not be the one that had it at first.
    fn standing(&self, entry: &Entry, replaced: Option<&File>) -> Result<Option<File>, Unpublished> {
        let found = match entry.stat() {
            Err(Errno::NOENT) => return Ok(None),
            other => other.map_err(self.refused(PUBLISHING))?,
        };
        if !FileType::from_raw_mode(found.st_mode).is_file() {
            let (path, kind) = (self.request.target.to_owned(), "no regular file any more");
            return Err(CopierError::Target { path, kind }.into());
        }
        if found.st_nlink > 1 {
            return Err(Unpublished::Refused("the target got another hard link".to_owned()));
        }
        let is_same = |file: &&File| fstat(file).is_ok_and(|stat| identity(&stat) == identity(&found));
        if let Some(file) = replaced.filter(is_same) {
            return Ok(Some(file.try_clone().map_err(self.refused(PUBLISHING))?));
        }
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let other = openat(&entry.directory, &entry.name, flags, Mode::empty());
        Ok(Some(other.map_err(self.refused(PUBLISHING))?.into()))
    }

    fn refused<E: Into<std::io::Error>>(&self, act: &'static str) -> impl FnOnce(E) -> Unpublished {
        let path = self.request.target;
        move |error| match CopierError::call(act, path)(error) {
            CopierError::Call { errno, .. } if !is_of_the_disk(errno) => {
                Unpublished::Refused(format!("{act} the target: {}", describe(errno)))
            }
            error => Unpublished::Failed(error),
        }
    }

    fn in_place(&self, itself: Itself, tally: &mut Tally, tell: Tell<'_>) -> Result<u64, CopierError> {
        let Itself { file, made, reason } = itself;
        let path = self.request.target;
        let written = if made.is_some() { Written::Made } else { Written::InPlace };
        tell(Event::Target { written, reason: Some(reason) });
        disarm(&file, tell);
        let copied = if self.source.is_stream() {
            self.copy_stream(&file, tally, tell)?
        } else {
            self.copy_file(&file, tally, tell)?
        };
        if self.request.verify {
            let again = File::open(path).map_err(CopierError::call("opening the copy", path))?;
            self.verify(&again, copied)?;
        }
        if self.request.part.is_whole() {
            set_times(&file, &self.source.stat, tell);
        }
        if self.request.sync {
            fsync(&file).map_err(CopierError::call(FORCING, path))?;
            if made.is_some() {
                let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                let directory = open(parent.unwrap_or(Path::new(".")), flags, Mode::empty());
                self.force_name(directory.map(File::from), &file)?;
            }
        }
        close(file).map_err(CopierError::call(CLOSING, path))?;
        if let Some(made) = made {
            made.keep();
        }
        Ok(copied)
    }

    /// The name of `file` is a matter of its directory, and where nobody may open that, of all that its file
    /// system has.
    fn force_name(&self, directory: Result<File, Errno>, file: &File) -> Result<(), CopierError> {
        let forced = directory.map_or_else(|_| syncfs(file), fsync);
        forced.map_err(CopierError::call("forcing to the disk the name of", self.request.target))
    }

    fn copy_file(&self, target: &File, tally: &mut Tally, tell: Tell<'_>) -> Result<u64, CopierError> {
        let path = self.request.target;
        match self.paths() {
            Some((strategy, _)) if !overwrites(strategy) => {
                let name = strategy.name;
                let problem = format!("--strategy {name}: it makes a new file and cannot write in place");
                Err(CopierError::Options(problem))
            }
            Some((strategy, copy)) => self.between_paths(strategy.name, copy, path, tell),
            None => self.transfer(target, &|| self.empty(target), tally, tell),
        }
    }

    /// Takes the old content from a target of a whole copy, which would stand where the source has holes.
    fn empty(&self, target: &File) -> Result<(), CopierError> {
        let path = self.request.target;
        if !self.request.part.is_whole() || fstat(target).is_ok_and(|stat| stat.st_size == 0) {
            return Ok(());
        }
        let Err(errno) = set_length(target, 0) else { return Ok(()) };
        // Some servers take a new length together with opening alone.
        let opened = |stat: Result<Stat, Errno>| stat.map(|stat| identity(&stat));
        let emptied = if opened(fstat(target)) == opened(stat(path)) {
            open(path, OFlags::WRONLY | OFlags::TRUNC | OFlags::CLOEXEC, Mode::empty()).map(drop)
        } else {
            Err(errno)
        };
        emptied.map_err(CopierError::call("emptying the target", path))
    }

    /// From a pipe or a device, to a file.
    fn copy_stream(&self, target: &File, tally: &mut Tally, tell: Tell<'_>) -> Result<u64, CopierError> {
        let span = self.request.part.span();
        self.empty(target)?;
        seek(target, SeekFrom::Start(span.target))
            .map_err(CopierError::call("moving to the offset in", self.request.target))?;
        stream(self.source, target, span, &mut counted(tally, tell))
    }

    fn to_stream(&self, file: File, tally: &mut Tally, tell: Tell<'_>) -> Result<u64, CopierError> {
        let copied = match self.request.strategy {
            // Its length is given, as a whole copy would cut the target at its end.
            Some(strategy) => {
                self.by(strategy, &file, Span { length: Some(self.source.size()), ..Span::WHOLE })?
            }
            None => stream(self.source, &file, self.request.part.span(), &mut counted(tally, tell))?,
        };
        close(file).map_err(CopierError::call(CLOSING, self.request.target))?;
        Ok(copied)
    }

    fn by(&self, strategy: &'static Strategy, target: &File, span: Span) -> Result<u64, CopierError> {
        strategy
            .copy(Task { source: &self.source.file, target, span, workspace: self.workspace })
            .map_err(|cause| CopierError::Copy { strategy: strategy.name, cause })
    }

    /// Chooses and copies by open files.
    fn transfer(
        &self,
        target: &File,
        begin: &dyn Fn() -> Result<(), CopierError>,
        tally: &mut Tally,
        tell: Tell<'_>,
    ) -> Result<u64, CopierError> {
        let size = self.request.part.span().length.unwrap_or(self.source.size());
        // Where it cannot be asked for, it is one that nothing is known of.
        let file_system = FileSystem::of(target).ok().flatten();
        let chain = choose(self.request, Traits { file_system, size, has_size: self.source.size() > 0 });
        self.chosen(&chain, tally, tell);
        let Self { request, source, workspace } = *self;
        let tell = &mut counted(tally, tell);
        Transfer { request, source: &source.file, target, workspace, chain: &chain, begin, tell }.run()
    }

    fn chosen(&self, chain: &Chain, tally: &mut Tally, tell: Tell<'_>) {
        tally.chosen(chain);
        tell(Event::Chosen(&chain.names()));
    }

    fn paths(&self) -> Option<(&'static Strategy, ByPaths)> {
        let strategy = self.request.strategy?;
        match strategy.method {
            Method::Paths(copy) => Some((strategy, copy)),
            Method::Handles(_) | Method::Command(_) => None,
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
        fsync(target).map_err(CopierError::call(FORCING, self.request.target))?;
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

/// Tells and counts.
fn counted<'a>(tally: &'a mut Tally, tell: Tell<'a>) -> impl FnMut(Event<'_>) + 'a {
    move |event| {
        tally.take(&event);
        tell(event);
    }
}

/// Whether it can copy to a file that exists.
fn overwrites(strategy: &Strategy) -> bool {
    strategy.dst.contains(&DstMode::Overwrite)
}

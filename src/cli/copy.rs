use super::named::find_strategy;
use crate::copier::{self, CopyRequest, Event, Part, When, Written, clean_up_on_signals};
use crate::measure::{advise, tell_the_end};
use crate::strategy::Span;
use crate::units::parse_size;
use anyhow::Context;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Set instead of `--strategy`, for programs that call `copybench copy` as if it were cp.
const STRATEGY: &str = "COPYBENCH_STRATEGY";

/// Copy a file by the mechanisms that fit, or by one strategy
#[derive(Debug, Args)]
#[command(after_long_help = DETAILS)]
pub(super) struct Copy {
    /// Use this strategy alone; `copybench list` shows them [env: COPYBENCH_STRATEGY]
    #[arg(long, value_name = "S")]
    strategy: Option<String>,
    /// Share extents instead of copying: where that can be had, in any case or fail, in no case
    #[arg(long, value_name = "WHEN", default_value = "auto", overrides_with = "reflink", value_parser = when())]
    reflink: When,
    /// Make holes: where the source has some, where it holds zeros too, nowhere [default: auto; with a strategy: its own way]
    #[arg(long, value_name = "WHEN", overrides_with = "sparse", value_parser = when())]
    sparse: Option<When>,
    /// At most so many threads at once [default: auto, as many processors as the affinity mask and the control
    /// group's quota give]
    #[arg(long, value_name = "N|auto", default_value = "auto", hide_default_value = true, overrides_with = "threads", value_parser = threads)]
    threads: Threads,
    /// Copy from this offset of the source on
    #[arg(long, value_name = "N", value_parser = size)]
    src_offset: Option<u64>,
    /// Write from this offset of the target on
    #[arg(long, value_name = "N", value_parser = size)]
    dst_offset: Option<u64>,
    /// Copy this many bytes [default: up to the end of the source]
    #[arg(long, value_name = "N", value_parser = size)]
    len: Option<u64>,
    /// Force the copy to the disk and compare it with the source before the target is replaced
    #[arg(long)]
    verify: bool,
    /// Force the copy to the disk, and the name of a new target too
    #[arg(long)]
    sync: bool,
    /// Tell on standard error which mechanism copied which bytes, and why it changed
    #[arg(long)]
    debug: bool,
    /// The file to copy
    #[arg(value_name = "SRC")]
    source: PathBuf,
    /// Where to: a file, or a directory to copy into; an existing file is replaced when the copy is complete
    #[arg(value_name = "DST")]
    target: PathBuf,
}

const DETAILS: &str = "\
Without --strategy, the file is cloned where its file system can and --reflink allows; else it is
copied by the mechanism that was the fastest one in this project's records for the file system and
size, data alone where the source has holes, and by read(2) and write(2) at last. Several threads
copy where they were the fastest and the process may run on several processors. No mechanism that
maps files is chosen. Where one gives up in the middle, the next goes on at the same byte; EIO,
ENOSPC, EDQUOT and EROFS end the copy. A strategy that was named is the only one.

A whole copy goes to a file without a name (O_TMPFILE; for a strategy that takes paths, in a
temporary directory) in the directory of the target, symlinks resolved, and takes the target's name
when it is complete: after an error, an existing target is what it was. What it replaces keeps owner,
permissions, access lists, flags (chattr) and all extended attributes that this user may see, and its
content or the new one is whole after a power failure. Set-user-ID and set-group-ID bits and
capabilities of the target go, whoever copies and however it is written.

A new target has the permissions that the source, the umask and the directory's default access list
give one. Targets get the times of a source that is a file, where they can. As with cp, a new target
may be lost by a power failure that comes soon; --sync forces every copy to the disk.

Written as cp does, in place or under its name at once, with what --debug says is the reason:
ranges (any of --src-offset, --dst-offset, --len), which leave the rest of the target alone; targets
with several hard links, with a mount of their own, behind /dev/stdout and the like, or on a file
system of a server or one that is not known; what the directory or a sandbox refuses to replace; a
target with something that no other file can be given. After an error, what was made goes, and what
was written in place is not whole. Pipes and devices are read and written as a stream.

Lines of --debug, with offsets in bytes of the source:
  target HOW[: WHY]                        where the copy is until it is complete
  chosen NAME..                            what may be used, in that order
  copied START..END by NAME
  hole START..END                          nothing to copy
  changed at OFFSET from NAME to NAME: WHY
  WHAT not kept: WHY                       times, or that set-ID bits go
  copy offload: X, reflink: Y, sparse detection: Z     as GNU cp's --debug has it";

impl Copy {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let from_environment = || std::env::var(STRATEGY).ok().filter(|name| !name.is_empty());
        let strategy = self.strategy.clone().or_else(from_environment);
        let path = self.target_file();
        let request = CopyRequest {
            source: &self.source,
            target: &path,
            strategy: strategy.as_deref().map(find_strategy).transpose()?,
            reflink: self.reflink,
            sparse: self.sparse,
            threads: self.threads.0,
            part: self.part(),
            verify: self.verify,
            sync: self.sync,
        };
        let target = path.display().to_string();
        advise(move || format!("{target} is what it was before; the same command begins anew"));
        if has_descriptors_to_spare() {
            super::go_on_without(clean_up_on_signals(tell_the_end));
        }
        let mut tell = |event: Event<'_>| {
            if let Event::Target { written, .. } = &event {
                self.advise(&path, *written);
            }
            if self.debug {
                // A reader that went away is no reason to stop copying.
                let _ = writeln!(std::io::stderr(), "{event}");
            }
        };
        copier::copy(&request, &mut tell)
            .with_context(|| format!("copying {} to {}", self.source.display(), path.display()))?;
        Ok(())
    }

    /// What an interrupted copy leaves, by where it is written.
    fn advise(&self, path: &Path, written: Written) {
        let target = path.display().to_string();
        let is_range = !matches!(self.part(), Part::Whole);
        advise(move || match written {
            Written::Unnamed | Written::Temporary | Written::Made => {
                format!("{target} is what it was before; the same command begins anew")
            }
            Written::InPlace if is_range => {
                format!("{target} may have a part of the range; the same command copies all of it once more")
            }
            Written::InPlace => {
                format!("{target} was written in place and is not whole; the same command begins anew")
            }
            Written::Stream => format!("what {target} was given cannot be taken back"),
        });
    }

    /// The target, or the file of the source's name in it.
    fn target_file(&self) -> PathBuf {
        match self.source.file_name() {
            Some(name) if self.target.is_dir() => self.target.join(name),
            _ => self.target.clone(),
        }
    }

    fn part(&self) -> Part {
        if self.src_offset.is_none() && self.dst_offset.is_none() && self.len.is_none() {
            return Part::Whole;
        }
        let offset = |offset: Option<u64>| offset.unwrap_or(0);
        Part::Range(Span {
            source: offset(self.src_offset),
            target: offset(self.dst_offset),
            length: self.len,
        })
    }
}

/// Whether a thread may wait for signals, which takes descriptors; a copy itself needs two.
fn has_descriptors_to_spare() -> bool {
    let taken: Result<Vec<_>, _> = (0..16).map(|_| fcntl_dupfd_cloexec(std::io::stderr(), 3)).collect();
    !matches!(taken, Err(Errno::MFILE | Errno::NFILE | Errno::INVAL))
}

fn when() -> impl TypedValueParser<Value = When> {
    PossibleValuesParser::new(When::WORDS)
        .try_map(|word| When::from_word(&word).ok_or("not one of the words"))
}

/// Most threads; none for as many as may run at once.
#[derive(Clone, Copy, Debug)]
struct Threads(Option<NonZeroUsize>);

fn threads(word: &str) -> Result<Threads, String> {
    if word == "auto" {
        return Ok(Threads(None));
    }
    let count = word.parse().map_err(|_| format!("{word:?} is neither auto nor a number from 1 on"))?;
    Ok(Threads(Some(count)))
}

/// A size or an offset.
fn size(text: &str) -> Result<u64, String> {
    parse_size(text).ok_or_else(|| format!("{text:?} is not a size; write 4096, 64KiB or 1MiB"))
}

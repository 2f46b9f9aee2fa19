//! The ways to copy a file, each a static value in its family's table, and the one registry.
//!
//! A strategy uses one mechanism and never falls back to another: where the mechanism cannot go
//! on, the copy ends with an error that names the system call and its errno. Everything that
//! lists strategies walks [`FAMILIES`].

mod advance;
mod aio_direct;
mod baseline;
mod clone;
mod command;
mod contestant;
mod copy_file_range;
mod direct;
mod direct_io;
mod error;
mod external;
mod fadvise;
mod family;
mod flagged;
mod hint;
mod in_flight;
mod io_uring;
mod io_uring_direct;
mod io_uring_splice;
mod mapped;
mod memmap2_slice;
mod mmap_cow;
mod mmap_mmap;
mod mmap_private;
mod mmap_store;
mod mmap_write;
mod pipe;
mod pipeline;
mod planned;
mod positional;
mod program;
mod read_mmap;
mod read_write;
mod reflink_copy;
mod sendfile;
mod set_length;
mod sparse;
mod splice;
mod task;
mod threads;
mod vectored;
mod vmsplice;
mod workspace;

pub use advance::Span;
pub use command::{Command, CommandError};
pub use error::{Cause, CopyError};
pub use family::{
    COPY_LIMIT, DstMode, Family, Holes, Mechanism, Method, Need, Sharing, Strategy, ZERO_COPY_LIMIT,
};
pub use program::end_programs;
pub use set_length::set_length;
pub use task::Task;
pub use workspace::Workspace;

use std::sync::OnceLock;

/// Families that are represented, by their first strategies, where not all are measured: so many that
/// a default run keeps its time however many there are.
pub const REPRESENTATIVES: usize = 12;

/// Every family. The order is that of all tables and charts.
pub static FAMILIES: &[&Family] = &[
    &read_write::FAMILY,
    &mmap_mmap::FAMILY,
    &mmap_write::FAMILY,
    &mmap_private::FAMILY,
    &read_mmap::FAMILY,
    &copy_file_range::FAMILY,
    &sendfile::FAMILY,
    &splice::FAMILY,
    &baseline::FAMILY,
    &io_uring::FAMILY,
    &direct::FAMILY,
    &threads::FAMILY,
    &mmap_store::FAMILY,
    &mmap_cow::FAMILY,
    &memmap2_slice::FAMILY,
    &positional::FAMILY,
    &vectored::FAMILY,
    &flagged::NOWAIT,
    &flagged::DONTCACHE,
    &fadvise::FAMILY,
    &vmsplice::FAMILY,
    &io_uring_direct::FAMILY,
    &aio_direct::FAMILY,
    &pipeline::FAMILY,
    &sparse::FAMILY,
    &clone::FAMILY,
    &reflink_copy::FAMILY,
    &external::FAMILY,
];

/// Commands of the user's, as strategies, and the lines that define them.
static COMMANDS: OnceLock<(Family, String)> = OnceLock::new();

/// Makes strategies of lines such as `mycp=./mycp {source} {target}`, or [of a worker](worker_line), for as long as
/// this process lives. Where it was done before, nothing changes. Errors: the first line that is no command, or has the name of another
/// strategy.
pub fn define_commands(lines: &[String]) -> Result<(), CommandError> {
    let mut strategies: Vec<Strategy> = Vec::new();
    for line in lines.iter().filter(|line| !line.trim().is_empty()) {
        let known = FAMILIES.iter().flat_map(|family| family.strategies).chain(&strategies);
        let command = Command::parse(line.trim(), known.map(|strategy| strategy.name))?;
        strategies.push(Strategy {
            name: command.name(),
            summary: command.summary(),
            holes: Holes::ByFileSystem,
            sharing: Sharing::Maybe,
            method: Method::Command(Box::leak(Box::new(command))),
            ..Strategy::BASE
        });
    }
    let summary = "programs of the user's, timed as whole processes or asked for each copy";
    let family = Family { name: "command", summary, strategies: strategies.leak() };
    let _ = COMMANDS.set((family, lines.join("\n")));
    Ok(())
}

/// The line of `NAME=PROGRAM`, a program that stays and is asked for each copy.
pub fn worker_line(text: &str) -> String {
    Command::worker_line(text)
}

/// The commands that were defined.
pub fn commands() -> &'static [Strategy] {
    COMMANDS.get().map_or(&[], |(family, _)| family.strategies)
}

/// What defines the same in another process.
pub fn command_lines() -> &'static str {
    COMMANDS.get().map_or("", |(_, lines)| lines)
}

/// Every family of the registry, and after them that of the user's commands, where there are any.
pub fn families() -> impl Iterator<Item = &'static Family> {
    let commands = COMMANDS.get().map(|(family, _)| family);
    FAMILIES.iter().copied().chain(commands.filter(|family| !family.strategies.is_empty()))
}

/// Every strategy with its family, in the order of [`families`].
pub fn all() -> impl Iterator<Item = (&'static Family, &'static Strategy)> {
    families().flat_map(|family| family.strategies.iter().map(move |strategy| (family, strategy)))
}

/// The strategy of that name.
pub fn find(name: &str) -> Option<&'static Strategy> {
    all().map(|(_, strategy)| strategy).find(|strategy| strategy.name == name)
}

/// The family that a strategy belongs to.
pub fn family_of(name: &str) -> Option<&'static Family> {
    all().find(|(_, strategy)| strategy.name == name).map(|(family, _)| family)
}

/// Representatives of the first `most` families.
pub fn representatives(most: usize) -> impl Iterator<Item = &'static Strategy> {
    FAMILIES.iter().take(most).filter_map(|family| family.strategies.first())
}

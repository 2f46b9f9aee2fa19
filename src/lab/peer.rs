//! A child process that maps, loads and stores on request, and that may die of it.

use super::command::{PATIENCE, command};
use super::names;
use super::protocol::{ChildCall, Map, Mode, Reply};
use crate::explain::smaps::{self, Backed};
use crate::sys::child::{Child, NoAnswer};
use anyhow::{Context, bail};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

/// A running child. Dropped, it is ended.
#[derive(Debug)]
pub(super) struct Peer(Child<ChildCall, Reply>);

/// What an access to memory came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// It went through.
    Works,
    /// The process was ended by this signal.
    Signal(i32),
}

impl fmt::Display for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Works => formatter.write_str("works"),
            Self::Signal(signal) => write!(formatter, "process ended by {}", names::signal(*signal)),
        }
    }
}

/// `mmap(NULL, length, protection, flags, fd, 0)`, to be varied.
pub(super) fn map_of(length: usize, protection: ProtFlags, flags: MapFlags) -> Map {
    Map { hint: 0, length, protection: protection.bits(), flags: flags.bits(), with_file: true, offset: 0 }
}

/// `PROT_READ | PROT_WRITE`, `MAP_SHARED`, the most common mapping here.
pub(super) fn shared(length: usize) -> Map {
    map_of(length, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED)
}

impl Peer {
    pub(super) fn start(directory: &Path) -> anyhow::Result<Self> {
        Ok(Self(Child::start(&mut command(directory, &["peer"])).context("start a child process")?))
    }

    pub(super) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(super) fn open(&mut self, name: &str, mode: Mode) -> anyhow::Result<()> {
        let opened = self.try_call(&ChildCall::Open { name: name.to_owned(), mode })?;
        opened.with_context(|| format!("open {name}"))?;
        Ok(())
    }

    pub(super) fn close(&mut self) -> anyhow::Result<()> {
        self.try_call(&ChildCall::Close)?.context("close")?;
        Ok(())
    }

    /// The address, or the errno of `mmap(2)`.
    pub(super) fn try_map(&mut self, map: Map) -> anyhow::Result<Result<usize, Errno>> {
        match self.try_call(&ChildCall::Map(map))? {
            Ok(Reply::Address(address)) => Ok(Ok(address)),
            Ok(other) => bail!("the child answered {other:?} to a mapping"),
            Err(errno) => Ok(Err(errno)),
        }
    }

    /// The address of a mapping that must succeed.
    pub(super) fn map(&mut self, map: Map) -> anyhow::Result<usize> {
        self.try_map(map)?.with_context(|| format!("mmap of {} bytes", map.length))
    }

    pub(super) fn unmap(&mut self, address: usize, length: usize) -> anyhow::Result<Result<(), Errno>> {
        Ok(self.try_call(&ChildCall::Unmap { address, length })?.map(drop))
    }

    pub(super) fn sync(&mut self, address: usize, length: usize) -> anyhow::Result<()> {
        self.try_call(&ChildCall::Sync { address, length })?.context("msync")?;
        Ok(())
    }

    pub(super) fn load(&mut self, address: usize) -> anyhow::Result<u8> {
        self.load_range(address, 1)?.first().copied().context("the child loaded no byte")
    }

    pub(super) fn load_range(&mut self, address: usize, length: usize) -> anyhow::Result<Vec<u8>> {
        match self.try_call(&ChildCall::Load { address, length })?.context("load")? {
            Reply::Bytes(bytes) => Ok(bytes),
            other => bail!("the child answered {other:?} to a load"),
        }
    }

    pub(super) fn store(&mut self, address: usize, byte: u8) -> anyhow::Result<()> {
        self.try_call(&ChildCall::Store { address, byte })?.context("store")?;
        Ok(())
    }

    pub(super) fn store_pattern(&mut self, address: usize, length: usize) -> anyhow::Result<()> {
        self.try_call(&ChildCall::StorePattern { address, length })?.context("store")?;
        Ok(())
    }

    /// What becomes of the child when it loads the byte.
    pub(super) fn risk_load(self, address: usize) -> anyhow::Result<Access> {
        self.risk(&ChildCall::Load { address, length: 1 })
    }

    /// What becomes of the child when it stores a byte.
    pub(super) fn risk_store(self, address: usize) -> anyhow::Result<Access> {
        self.risk(&ChildCall::Store { address, byte: b'!' })
    }

    /// The live mapping that holds `address`, with its memory.
    pub(super) fn mapping(&self, address: usize) -> anyhow::Result<Option<Backed>> {
        let id = self.id();
        let all = smaps::read(id).with_context(|| format!("read /proc/{id}/smaps"))?;
        Ok(all.into_iter().find(|backed| backed.region.addresses.contains(&(address as u64))))
    }

    /// Lets the child come to its end, as at the end of `main`.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        let status = self.0.finish(PATIENCE).context("the child")?;
        if status.success() { Ok(()) } else { bail!("the child ended with {status}") }
    }

    fn risk(mut self, request: &ChildCall) -> anyhow::Result<Access> {
        self.try_call(&ChildCall::LeaveNoCore)?.context("forbid a core dump")?;
        match self.0.ask(request, PATIENCE) {
            Ok(Reply::Errno(errno)) => bail!("the child answered errno {errno} to an access"),
            Ok(_) => Ok(Access::Works),
            Err(NoAnswer::Ended(status)) if let Some(signal) = status.signal() => Ok(Access::Signal(signal)),
            Err(error) => Err(error).context("the child"),
        }
    }

    fn try_call(&mut self, request: &ChildCall) -> anyhow::Result<Result<Reply, Errno>> {
        match self.0.ask(request, PATIENCE).with_context(|| format!("the child at {request:?}"))? {
            Reply::Errno(errno) => Ok(Err(Errno::from_raw_os_error(errno))),
            reply => Ok(Ok(reply)),
        }
    }
}

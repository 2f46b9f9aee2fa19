//! A child process that maps, loads and stores on request, and that may die of it.

use super::CHILD;
use super::names;
use super::protocol::{Map, Mode, Reply, Request};
use crate::explain::smaps::{self, Backed};
use anyhow::{Context, bail};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};
use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

/// This very executable, also where its file has been replaced since it was started.
const EXECUTABLE: &str = "/proc/self/exe";

/// A command that runs a child of the lab in its directory.
pub(super) fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(EXECUTABLE);
    command.arg(CHILD).args(arguments).current_dir(directory);
    command
}

/// A running child. Dropped, it is ended.
#[derive(Debug)]
pub(super) struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

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
        let mut child = command(directory, &["peer"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start a child process")?;
        let input = child.stdin.take();
        let output = child.stdout.take().context("the child's output is piped")?;
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    /// Process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn open(&mut self, name: &str, mode: Mode) -> anyhow::Result<()> {
        let opened = self.try_call(&Request::Open { name: name.to_owned(), mode })?;
        opened.with_context(|| format!("open {name}"))?;
        Ok(())
    }

    pub(super) fn close(&mut self) -> anyhow::Result<()> {
        self.try_call(&Request::Close)?.context("close")?;
        Ok(())
    }

    /// The address, or the errno of `mmap(2)`.
    pub(super) fn try_map(&mut self, map: Map) -> anyhow::Result<Result<usize, Errno>> {
        match self.try_call(&Request::Map(map))? {
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
        Ok(self.try_call(&Request::Unmap { address, length })?.map(drop))
    }

    pub(super) fn sync(&mut self, address: usize, length: usize) -> anyhow::Result<()> {
        self.try_call(&Request::Sync { address, length })?.context("msync")?;
        Ok(())
    }

    pub(super) fn load(&mut self, address: usize) -> anyhow::Result<u8> {
        self.load_range(address, 1)?.first().copied().context("the child loaded no byte")
    }

    pub(super) fn load_range(&mut self, address: usize, length: usize) -> anyhow::Result<Vec<u8>> {
        match self.try_call(&Request::Load { address, length })?.context("load")? {
            Reply::Bytes(bytes) => Ok(bytes),
            other => bail!("the child answered {other:?} to a load"),
        }
    }

    pub(super) fn store(&mut self, address: usize, byte: u8) -> anyhow::Result<()> {
        self.try_call(&Request::Store { address, byte })?.context("store")?;
        Ok(())
    }

    pub(super) fn store_pattern(&mut self, address: usize, length: usize) -> anyhow::Result<()> {
        self.try_call(&Request::StorePattern { address, length })?.context("store")?;
        Ok(())
    }

    /// What becomes of the child when it loads the byte.
    pub(super) fn risk_load(self, address: usize) -> anyhow::Result<Access> {
        self.risk(&Request::Load { address, length: 1 })
    }

    /// What becomes of the child when it stores a byte.
    pub(super) fn risk_store(self, address: usize) -> anyhow::Result<Access> {
        self.risk(&Request::Store { address, byte: b'!' })
    }

    /// The live mapping that holds `address`, with its memory.
    pub(super) fn mapping(&self, address: usize) -> anyhow::Result<Option<Backed>> {
        let id = self.id();
        let all = smaps::read(id).with_context(|| format!("read /proc/{id}/smaps"))?;
        Ok(all.into_iter().find(|backed| backed.region.addresses.contains(&(address as u64))))
    }

    /// Lets the child come to its end, as at the end of `main`.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.input = None;
        let status = self.child.wait().context("wait for the child")?;
        if status.success() { Ok(()) } else { bail!("the child ended with {status}") }
    }

    fn risk(mut self, request: &Request) -> anyhow::Result<Access> {
        self.try_call(&Request::LeaveNoCore)?.context("forbid a core dump")?;
        match self.ask(request)? {
            Ok(Reply::Errno(errno)) => bail!("the child answered errno {errno} to an access"),
            Ok(_) => Ok(Access::Works),
            Err(status) => match status.signal() {
                Some(signal) => Ok(Access::Signal(signal)),
                None => bail!("the child ended with {status}"),
            },
        }
    }

    fn try_call(&mut self, request: &Request) -> anyhow::Result<Result<Reply, Errno>> {
        match self.ask(request)? {
            Ok(Reply::Errno(errno)) => Ok(Err(Errno::from_raw_os_error(errno))),
            Ok(reply) => Ok(Ok(reply)),
            Err(status) => bail!("the child ended with {status} at {request:?}"),
        }
    }

    /// The reply, or how the child ended instead of replying.
    fn ask(&mut self, request: &Request) -> anyhow::Result<Result<Reply, ExitStatus>> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        let mut input = self.input.as_ref().context("the child is to end")?;
        // A child that is dead already shows by the lack of a reply.
        let _ = input.write_all(&line);
        let mut reply = String::new();
        self.output.read_line(&mut reply).context("read a child's reply")?;
        if reply.is_empty() {
            return Ok(Err(self.child.wait().context("wait for a child")?));
        }
        Ok(Ok(serde_json::from_str(&reply).context("parse a child's reply")?))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Both fail for a child that has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

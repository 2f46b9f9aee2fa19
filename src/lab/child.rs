//! The children's side: `copybench lab-child NAME ..`.

use super::command::CHILD;
use super::copy;
use super::protocol::{ChildCall, Map, Mode, Reply, pattern};
use crate::sys::address_space::{self, AddressSpace};
use anyhow::{Context, bail};
use rustix::fd::AsFd;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, Write};

/// Runs one of the lab's children to its end. Errors: for the parent to read on standard error; the process
/// is to end with a failure.
pub fn child(arguments: &[String]) -> anyhow::Result<()> {
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["peer"] => serve(),
        ["copy", method, report] => copy::child(method, report),
        _ => bail!("{CHILD} {}: the lab has no such child", arguments.join(" ")),
    }
}

/// Answers requests until its standard input ends, which it also does when the lab dies.
fn serve() -> anyhow::Result<()> {
    let mut process = Process { file: None, space: AddressSpace::new().context("count threads")? };
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request = serde_json::from_str(&line.context("read a request")?).context("parse a request")?;
        let reply = process.perform(request).unwrap_or_else(Reply::from);
        serde_json::to_writer(&mut output, &reply)?;
        output.write_all(b"\n").and_then(|()| output.flush()).context("write a reply")?;
    }
    Ok(())
}

struct Process {
    file: Option<File>,
    space: AddressSpace,
}

impl Process {
    fn perform(&mut self, request: ChildCall) -> Result<Reply, Errno> {
        match request {
            ChildCall::Open { name, mode } => self.file = Some(open(&name, mode)?),
            ChildCall::Close => self.file = None,
            ChildCall::Map(map) => return self.map(map).map(Reply::Address),
            ChildCall::Unmap { address, length } => self.space.unmap(address, length)?,
            ChildCall::Sync { address, length } => self.space.sync(address, length)?,
            ChildCall::Load { address, length } => {
                let bytes: Result<_, _> = (0..length).map(|index| self.space.load(address + index)).collect();
                return bytes.map(Reply::Bytes);
            }
            ChildCall::Store { address, byte } => self.space.store(address, byte)?,
            ChildCall::StorePattern { address, length } => {
                (0..length).try_for_each(|index| self.space.store(address + index, pattern(index)))?;
            }
            // Unlike a limit on the size of core files, this also keeps a handler program away.
            ChildCall::LeaveNoCore => set_dumpable_behavior(DumpableBehavior::NotDumpable)?,
        }
        Ok(Reply::Done)
    }

    fn map(&mut self, map: Map) -> Result<usize, Errno> {
        let file = match (&self.file, map.with_file) {
            (Some(file), true) => Some(file.as_fd()),
            (None, true) => return Err(Errno::BADF),
            (_, false) => None,
        };
        self.space.map(address_space::MapRequest {
            hint: map.hint,
            length: map.length,
            protection: ProtFlags::from_bits_retain(map.protection),
            flags: MapFlags::from_bits_retain(map.flags),
            file,
            offset: map.offset,
        })
    }
}

fn open(name: &str, mode: Mode) -> Result<File, Errno> {
    let (read, write) = match mode {
        Mode::ReadOnly => (true, false),
        Mode::WriteOnly => (false, true),
        Mode::ReadWrite => (true, true),
    };
    let opened = OpenOptions::new().read(read).write(write).open(name);
    opened.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
}

//! The copies behind W2 and W3: by calls through a buffer, and by two mappings; and the same
//! bytes looked at one by one, both ways.

use super::command::{PATIENCE, command};
use crate::explain::smaps::{self, Usage};
use crate::explain::trace::{self, Trace};
use crate::sys::address_space::{AddressSpace, MapRequest};
use crate::sys::child::Child;
use crate::sys::mapping::{Access, Flags, Mapping, Sharing};
use crate::sys::marker::{self, Mark};
use crate::sys::rusage::{self, Who};
use anyhow::{Context, bail};
use rustix::fd::AsFd;
use rustix::mm::{MapFlags, ProtFlags};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Instant;

/// The file that is copied or looked at, and the one that it is copied to.
pub(super) const SOURCE: &str = "source";
pub(super) const TARGET: &str = "target";

/// How the bytes are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// `read(2)` and `write(2)` through a buffer of [`BUFFER`] bytes.
    Calls,
    /// From one mapping to another.
    Mappings,
    /// A `read(2)` for each byte of the source; nothing is written.
    ByteCalls,
    /// A load from a mapping for each byte of the source; nothing is written.
    ByteLoads,
}

/// Bytes of the buffer of [`Method::Calls`].
pub(super) const BUFFER: usize = 256 << 10;

const METHODS: [(Method, &str); 4] = [
    (Method::Calls, "calls"),
    (Method::Mappings, "mappings"),
    (Method::ByteCalls, "byte-calls"),
    (Method::ByteLoads, "byte-loads"),
];

/// What the child says of itself.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Report {
    /// Duration in nanoseconds.
    pub(super) elapsed: u64,
    /// Page faults.
    pub(super) faults: u64,
    /// Growth of its anonymous memory, in bytes, at the moment when it needed most.
    pub(super) anonymous: u64,
    /// Growth of all that is in its page table, in bytes, at the same moment.
    pub(super) resident: u64,
}

/// Runs the method in a child of its own.
pub(super) fn measure(directory: &Path, method: Method, memory: bool) -> anyhow::Result<Report> {
    let report = if memory { "memory" } else { "faults" };
    let mut child = Child::<(), Report>::start(&mut command(directory, &["copy", name(method), report]))
        .context("start a child that copies")?;
    child.hear(PATIENCE).context("the child that copies")
}

/// Traces the method in a child of its own.
pub(super) fn traced(directory: &Path, method: Method) -> Result<Trace, trace::Error> {
    trace::record(&mut command(directory, &["copy", name(method), "faults"]), &[])
}

fn name(method: Method) -> &'static str {
    METHODS.iter().find(|(known, _)| *known == method).map_or("", |(_, name)| name)
}

/// The child's side. Reading its own memory takes calls and pages, so it is asked for by
/// `memory`, and then faults and time are worth nothing.
pub(super) fn child(method: &str, report: &str) -> anyhow::Result<()> {
    let (method, _) = METHODS.iter().find(|(_, name)| *name == method).context("unknown method")?;
    let source = File::open(SOURCE).context("open the source")?;
    let target = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(TARGET)
        .context("create the target")?;
    let length = usize::try_from(source.metadata()?.len())?;
    // The first mapping installs a signal handler, which is no part of a copy.
    drop(Mapping::new(&source, 0, 1, flags(Access::Read))?);
    let space = AddressSpace::new()?;
    // Its pages come into being when they are first read into.
    let mut buffer = vec![0; BUFFER];

    let memory = report == "memory";
    let before = if memory { smaps::total("self")? } else { Usage::default() };
    let most = || if memory { smaps::total("self") } else { Ok(Usage::default()) };
    let faults = rusage::usage(Who::Process);
    marker::set(Mark::Begin);
    let started = Instant::now();
    let after = match method {
        Method::Calls => by_calls(&source, &target, &mut buffer, most)?,
        Method::Mappings => by_mappings(&source, &target, length, most)?,
        Method::ByteCalls => byte_calls(&source, most)?,
        Method::ByteLoads => byte_loads(space, &source, length, most)?,
    };
    let elapsed = started.elapsed();
    marker::set(Mark::End);
    let report = Report {
        elapsed: u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX),
        faults: rusage::usage(Who::Process).minor_faults - faults.minor_faults,
        anonymous: after.anonymous.saturating_sub(before.anonymous),
        resident: after.rss.saturating_sub(before.rss),
    };
    let mut line = serde_json::to_vec(&report)?;
    line.push(b'\n');
    std::io::stdout().write_all(&line).context("write the report")
}

type Observe = std::io::Result<Usage>;

fn by_calls(
    mut source: &File,
    mut target: &File,
    buffer: &mut [u8],
    most: impl Fn() -> Observe,
) -> anyhow::Result<Usage> {
    loop {
        match source.read(buffer).context("read")? {
            0 => return Ok(most()?),
            length => target.write_all(&buffer[..length]).context("write")?,
        }
    }
}

fn by_mappings(
    source: &File,
    target: &File,
    length: usize,
    most: impl Fn() -> Observe,
) -> anyhow::Result<Usage> {
    target.set_len(length as u64).context("set the target's length")?;
    let from = Mapping::new(source, 0, length, flags(Access::Read)).context("map the source")?;
    let mut to = Mapping::new(target, 0, length, flags(Access::ReadWrite)).context("map the target")?;
    from.copy_to(&mut to, length)?;
    if from.fault().or(to.fault()).is_some() {
        bail!("a mapped page has no page of its file behind it: the file shrank or the disk is full");
    }
    Ok(most()?)
}

fn byte_calls(mut source: &File, most: impl Fn() -> Observe) -> anyhow::Result<Usage> {
    let mut byte = [0];
    while source.read(&mut byte).context("read")? != 0 {
        std::hint::black_box(byte);
    }
    Ok(most()?)
}

fn byte_loads(
    mut space: AddressSpace,
    source: &File,
    length: usize,
    most: impl Fn() -> Observe,
) -> anyhow::Result<Usage> {
    let request = MapRequest {
        hint: 0,
        length,
        protection: ProtFlags::READ,
        flags: MapFlags::SHARED,
        file: Some(source.as_fd()),
        offset: 0,
    };
    let start = space.map(request).context("map the source")?;
    for index in 0..length {
        std::hint::black_box(space.load(start + index)?);
    }
    let most = most()?;
    space.unmap(start, length).context("unmap the source")?;
    Ok(most)
}

fn flags(access: Access) -> Flags {
    Flags { sharing: Sharing::Shared, access, populate: false }
}

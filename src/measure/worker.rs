//! The one who measures on request: in this process, or behind the standard streams of another.

use super::availability::Refused;
use super::cell::{Cell, End, Setup};
use super::clock::{Clock, Delayed, WallClock};
use super::limit;
use super::protocol::{PROTOCOL, Reply, Request};
use super::sequence::Block;
use super::stage::Stage;
use super::trial::Look;
use crate::cache::CacheState;
use crate::fixture::{LAYOUTS, Place, Source};
use crate::record::FileSystems;
use crate::strategy::{self, DstMode};
use std::io::{BufRead, Write};
use std::rc::Rc;

type OwnStage = Stage<Rc<Source>, Rc<Place>>;

/// Answers requests; keeps the cell that it was turned to.
#[derive(Default)]
pub struct Worker {
    turned_to: Option<(Cell, OwnStage)>,
    limits: limit::Buffers,
}

impl Worker {
    /// The answer to one request.
    pub fn answer(&mut self, request: &Request) -> Reply {
        match self.try_answer(request) {
            Ok(reply) => reply,
            Err(message) => Reply::Failed { message },
        }
    }

    fn try_answer(&mut self, request: &Request) -> Result<Reply, String> {
        match request {
            Request::Hello { protocol: PROTOCOL } => Ok(Reply::Hello {
                protocol: PROTOCOL,
                commit: super::commit(),
                strategies: strategy::all().map(|(_, strategy)| strategy.name.to_owned()).collect(),
            }),
            Request::Hello { protocol } => {
                Err(format!("protocol {protocol}, but this copybench speaks {PROTOCOL}"))
            }
            Request::Cell { source, to, layout, cache, dst, end, setup } => {
                let words = "no such layout, cache state, dst mode, end or set-up";
                let source = Source::open(source).map_err(|error| error.to_string())?;
                let place = Place::new(to).map_err(|error| error.to_string())?;
                let cell = Cell {
                    fs: FileSystems { source: String::new(), target: place.file_system().to_owned() },
                    layout: LAYOUTS
                        .iter()
                        .map(|known| known.name)
                        .find(|name| name == layout)
                        .unwrap_or("own"),
                    size: source.size(),
                    cache: named(CacheState::ALL, CacheState::name, cache).ok_or(words)?,
                    dst: named(DstMode::ALL, DstMode::name, dst).ok_or(words)?,
                    end: named(End::ALL, End::name, end).ok_or(words)?,
                    setup: named(Setup::ALL, Setup::name, setup).ok_or(words)?,
                };
                self.limits = limit::Buffers::default();
                self.turned_to = Some((cell, Stage::new(Rc::new(source), Rc::new(place))));
                Ok(Reply::Ready)
            }
            Request::Block { strategy, copies, verify, slowdown } => {
                self.block(strategy, *copies, *verify, *slowdown)
            }
        }
    }

    fn block(&mut self, name: &str, copies: u64, verify: bool, slowdown: f64) -> Result<Reply, String> {
        let (cell, stage) = self.turned_to.as_ref().ok_or("no cell yet")?;
        if let Some(limit) = limit::find(name) {
            let elapsed = match self.limits.measure(limit, cell.size, copies) {
                Ok(elapsed) => elapsed,
                Err(reason) => {
                    return Ok(Reply::Refused { reason, call: None, errno: None, wrong: false });
                }
            };
            let (bytes, none) = (cell.size, None);
            return Ok(Reply::Block {
                elapsed,
                bytes,
                shared_bytes: none,
                allocated_bytes: none,
                counters: None,
            });
        }
        let Some(strategy) = strategy::find(name) else {
            let reason = "one of the two builds does not have it".to_owned();
            return Ok(Reply::Refused { reason, call: None, errno: None, wrong: false });
        };
        let wall = WallClock::new();
        let delayed = Delayed::new(&wall, slowdown);
        let clock: &dyn Clock = if slowdown > 0.0 { &delayed } else { &wall };
        let block = if verify {
            Block::observe(stage, strategy, cell)
        } else {
            Block::run(stage, strategy, cell, clock, copies, Look::Extents)
        };
        match block {
            Ok(block) => Ok(block.reply()),
            Err(error) => {
                let refused = Refused::from_error(&error);
                Ok(Reply::Refused {
                    reason: refused.reason,
                    call: refused.call.map(str::to_owned),
                    errno: refused.errno.map(str::to_owned),
                    wrong: error.is_wrong_copy(),
                })
            }
        }
    }
}

fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, word: &str) -> Option<T> {
    all.iter().copied().find(|thing| name(*thing) == word)
}

/// Answers one request a line until the input ends, which it does when the other side dies.
///
/// # Errors
/// Those of reading and writing.
pub fn serve(input: impl BufRead, mut output: impl Write) -> std::io::Result<()> {
    let mut worker = Worker::default();
    for line in input.lines() {
        let reply = match serde_json::from_str(&line?) {
            Ok(request) => worker.answer(&request),
            Err(error) => Reply::Failed { message: format!("not a request of protocol {PROTOCOL}: {error}") },
        };
        let mut text = serde_json::to_vec(&reply)?;
        text.push(b'\n');
        output.write_all(&text)?;
        output.flush()?;
    }
    Ok(())
}

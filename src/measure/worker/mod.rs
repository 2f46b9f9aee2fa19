//! The one who measures on request: in this process, or behind the standard streams of another.

pub(super) mod arm;
pub(super) mod protocol;

use super::cell::{Cell, End, Setup};
use super::trial::Inspection;
use super::trial::clock::{Clock, Delayed, WallClock};
use super::trial::limit;
use super::trial::sequence::Block;
use super::trial::stage::Stage;
use crate::cache::CacheState;
use crate::fixture::{LAYOUTS, Place, Source};
use crate::record::{Copies, FileSystems, Refused};
use crate::strategy::{self, DstMode};
use protocol::{PROTOCOL, Reply, Request};
use std::io::{BufRead, Write};
use std::rc::Rc;

type OwnStage = Stage<Rc<Source>, Rc<Place>>;

/// Answers requests; keeps the cell that it was turned to.
#[derive(Default)]
pub struct Worker {
    turned_to: Option<(Cell, OwnStage)>,
    limits: limit::Buffers,
}

/// Who measures on request: copies, or whatever else is done in rounds, timed.
pub trait Answer {
    /// The answer to one request.
    fn answer(&mut self, request: &Request) -> Reply;
}

impl Answer for Worker {
    fn answer(&mut self, request: &Request) -> Reply {
        self.try_answer(request).unwrap_or_else(|message| Reply::Failed { message })
    }
}

impl Worker {
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
                let words = "no such layout, cache state, target state, durability or set-up";
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
            return Ok(match self.limits.measure(limit, cell.size, copies) {
                Ok(elapsed) => Reply::Block(Copies { elapsed, bytes: cell.size, ..Copies::default() }),
                Err(reason) => Reply::refused(&reason),
            });
        }
        let Some(strategy) = strategy::find(name) else {
            return Ok(Reply::refused("one of the two builds does not have it"));
        };
        let wall = WallClock::new();
        let delayed = Delayed::new(&wall, slowdown);
        let clock: &dyn Clock = if slowdown > 0.0 { &delayed } else { &wall };
        let block = if verify {
            Block::observe(stage, strategy, cell)
        } else {
            Block::run(stage, strategy, cell, clock, copies, Inspection::Extents)
        };
        Ok(match block {
            Ok(block) => Reply::Block(block.copies()),
            Err(error) => Reply::Refused { why: Refused::from(&error), wrong: error.is_wrong_copy() },
        })
    }
}

fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, word: &str) -> Option<T> {
    all.iter().copied().find(|thing| name(*thing) == word)
}

/// Answers one request a line until the input ends, which it does when the other side dies.
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

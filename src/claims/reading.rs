//! What answers the requests of rounds by reading a file, where a worker would copy it.

use super::claim::{Conditions, Memory};
use super::memory_limit::MemoryLimit;
use super::reader::Reader;
use super::subject::Subject;
use crate::cache::{CacheState, establish};
use crate::fixture::{Place, Source};
use crate::measure::{Answer, Clock as _, Reply, Request, WallClock};
use crate::record::{Copies, Counters};
use crate::sys::device_reads::DeviceReads;
use anyhow::Context;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use std::collections::BTreeMap;

/// Each sum is held against that of the file, so that nothing is timed that did not read.
pub(super) struct Readers {
    conditions: Conditions,
    subject: Subject,
    /// What readers must sum up, by name.
    expected: BTreeMap<&'static str, u64>,
    limit: Option<MemoryLimit>,
    device: Option<DeviceReads>,
}

impl Readers {
    pub(super) fn new(
        conditions: Conditions,
        source: &Source,
        place: &Place,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let subject = subject(source, place, seed)?;
        let is_cold = conditions.cache == CacheState::Cold;
        let device = if is_cold { DeviceReads::of(&subject.file) } else { None };
        Ok(Self { conditions, subject, expected: BTreeMap::new(), limit: None, device })
    }

    fn size(&self) -> u64 {
        self.subject.length as u64
    }

    /// Once without a clock: page tables, files and memory are from then on as they will be.
    fn try_out(&mut self, reader: &'static Reader) -> Result<Copies, Reply> {
        let sum = (reader.read)(&self.subject).map_err(|error| Reply::refused(&error))?;
        let expected = reader.sum.expected(&self.subject).map_err(|error| Reply::refused(&error))?;
        self.expected.insert(reader.name, expected);
        self.check(reader, sum)?;
        Ok(Copies { bytes: self.size(), ..Copies::default() })
    }

    fn time(&mut self, reader: &'static Reader, times: u64) -> Result<Copies, Reply> {
        let size = self.size();
        if self.conditions.memory == Memory::HalfTheSource && self.limit.is_none() {
            self.limit = Some(MemoryLimit::new(size / 2).map_err(|error| Reply::refused(&error))?);
        }
        let clock = WallClock::new();
        let read = || self.device.as_ref().and_then(DeviceReads::count);
        let (mut elapsed, mut reads) = (Vec::new(), Some(0));
        for _ in 0..times {
            if self.conditions.cache == CacheState::Cold {
                establish(&self.subject.file, size, CacheState::Cold)
                    .map_err(|error| Reply::refused(&error))?;
            }
            let before = read();
            let began = clock.now();
            let sum = (reader.read)(&self.subject).map_err(|error| Reply::refused(&error))?;
            elapsed.push(clock.now() - began);
            if self.limit.as_ref().is_some_and(|limit| !limit.held(&self.subject.file, size)) {
                return Err(Reply::refused(
                    "the limit on memory did not hold: more of the file is in the page cache",
                ));
            }
            reads = reads.zip(read()).zip(before).map(|((sum, after), before)| sum + after - before);
            self.check(reader, sum)?;
        }
        let counters = reads.map(|reads| Counters::from([("device_reads".to_owned(), reads / times.max(1))]));
        Ok(Copies { elapsed, bytes: size, counters, ..Copies::default() })
    }

    fn check(&self, reader: &Reader, sum: u64) -> Result<(), Reply> {
        if self.expected.get(reader.name) == Some(&sum) {
            return Ok(());
        }
        Err(Reply::Failed { message: format!("{} did not read the file", reader.name) })
    }
}

impl Answer for Readers {
    fn answer(&mut self, request: &Request) -> Reply {
        let Request::Block { strategy, copies, verify, .. } = request else { return Reply::Ready };
        let done = match Reader::find(strategy) {
            None => Err(Reply::refused("there is no such reader")),
            Some(reader) if *verify => self.try_out(reader),
            Some(reader) => self.time(reader, *copies),
        };
        done.map_or_else(|refused| refused, Reply::Block)
    }
}

fn subject(source: &Source, place: &Place, seed: u64) -> anyhow::Result<Subject> {
    let file = source.file().try_clone()?;
    // What is still to be written would be written while others are timed.
    file.sync_all().with_context(|| format!("syncing a file in {}", place.path().display()))?;
    let length = usize::try_from(source.size())?;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let shuffled = |step: usize| {
        let mut offsets: Vec<usize> = (0..length).step_by(step).collect();
        offsets.shuffle(&mut random);
        offsets
    };
    Ok(Subject::new(file, length, place.private()?, shuffled)?)
}

#[cfg(test)]
mod tests {
    use super::super::group::{Group, Pass};
    use super::super::reader::READERS;
    use super::*;
    use crate::measure::Seen;
    use crate::record::{Clock, SampleLine};
    use std::collections::BTreeSet;
    use std::time::Instant;

    #[test]
    fn every_reader_sums_up_the_file_in_every_round_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(folder.path()).unwrap();
        // No multiple of a piece, a buffer or a page.
        let conditions = Conditions::reading((1 << 20) + 5000);
        let names: Vec<&str> = READERS.iter().map(|reader| reader.name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        let pass = Pass {
            place: &place,
            clock: Clock::Wall,
            seed: 1,
            number: 2,
            until: Instant::now(),
            rounds: Some(3),
        };
        let mut seen = Seen::default();
        Group { conditions, strategies: names.clone() }.measure(&pass, &mut [], &mut seen).unwrap();
        assert!(seen.skips.is_empty());
        for name in names {
            let of = |sample: &&SampleLine| sample.strategy == name && sample.process == 2;
            assert_eq!(seen.samples.iter().filter(of).count(), 3, "{name}");
        }
        assert!(seen.samples.iter().all(|sample| sample.copies.elapsed.iter().all(|time| *time > 0)));
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }
}

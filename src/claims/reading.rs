//! Rounds of readers over one file, as those of strategies are over a copy.

use super::claim::{Conditions, Memory};
use super::group::{Pass, ROUNDS};
use super::memory_limit::MemoryLimit;
use super::reader::Reader;
use super::subject::Subject;
use crate::cache::{CacheState, establish};
use crate::fixture::{Place, Source};
use crate::measure::{Clock as _, Listener, Order, WallClock};
use crate::record::{SampleLine, SkipLine};
use crate::sys::device_reads::DeviceReads;
use anyhow::Context;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use std::collections::BTreeMap;
use std::time::Instant;

/// Measures the readers `names` in random order until the pass is over. Each sum is held against
/// that of the file, so that nothing is timed that did not read.
pub(super) fn measure(
    cell: &str,
    conditions: Conditions,
    source: &Source,
    names: &[&'static str],
    pass: &Pass<'_>,
    listener: &mut dyn Listener,
) -> anyhow::Result<()> {
    let subject = subject(source, pass.place, pass.seed).context("preparing what is read")?;
    let mut readers = Vec::new();
    for name in names {
        let reader = Reader::find(name).with_context(|| format!("no reader {name}"))?;
        // Once without a clock: page tables, files and memory are as they will be.
        match (reader.read)(&subject) {
            Ok(sum) => {
                let expected = reader.sum.expected(&subject).context("reading a file")?;
                anyhow::ensure!(sum == expected, "{name} did not read the file");
                readers.push((reader, expected));
            }
            Err(error) => listener.skip(skip(cell, name, &error), false)?,
        }
    }
    let limit = match conditions.memory {
        Memory::Ample => Ok(None),
        Memory::HalfTheSource => MemoryLimit::new(source.size() / 2).map(Some),
    };
    let limit = match limit {
        Ok(limit) => limit,
        Err(error) => return Ok(listener.skip(skip(cell, "*", &error), false)?),
    };
    let cold = conditions.cache == CacheState::Cold;
    let device = if cold { DeviceReads::of(&subject.file) } else { None };
    let clock = WallClock::new();
    let mut round = 0;
    while !readers.is_empty() && (round < pass.rounds.unwrap_or(ROUNDS) || Instant::now() < pass.until) {
        let order = Order::new(pass.seed, cell, pass.number, round).shuffled(readers.len());
        for (position, index) in order.into_iter().enumerate() {
            let (reader, expected) = readers[index];
            if cold && let Err(error) = establish(&subject.file, source.size(), CacheState::Cold) {
                return Ok(listener.skip(skip(cell, "*", &error), false)?);
            }
            let before = device.as_ref().and_then(DeviceReads::count);
            let began = clock.now();
            let sum = (reader.read)(&subject).with_context(|| format!("reading by {}", reader.name))?;
            let elapsed = clock.now() - began;
            if limit.as_ref().is_some_and(|limit| !limit.held(&subject.file, source.size())) {
                let error = "the limit on memory did not hold: more of the file is in the page cache";
                return Ok(listener.skip(skip(cell, "*", &error), false)?);
            }
            let reads = device.as_ref().and_then(DeviceReads::count).zip(before);
            anyhow::ensure!(sum == expected, "{} did not read the file", reader.name);
            let count = |(after, before)| ("device_reads".to_owned(), after - before);
            listener.sample(SampleLine {
                cell: cell.to_owned(),
                strategy: reader.name.to_owned(),
                round: Some(round),
                position: Some(position as u32),
                process: pass.number,
                arm: "this".to_owned(),
                elapsed: vec![elapsed],
                bytes: source.size(),
                shared_bytes: None,
                allocated_bytes: None,
                verified: true,
                counters: reads.map(|reads| BTreeMap::from([count(reads)])),
            })?;
        }
        round += 1;
    }
    Ok(())
}

fn skip(cell: &str, reader: &str, error: &impl ToString) -> SkipLine {
    SkipLine {
        cell: cell.to_owned(),
        strategy: reader.to_owned(),
        call: None,
        errno: None,
        reason: error.to_string(),
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
    use super::super::group::Evidence;
    use super::super::reader::READERS;
    use super::*;
    use crate::fixture::Layout;
    use crate::record::Clock;
    use std::collections::BTreeSet;

    #[test]
    fn every_reader_sums_up_the_file_in_every_round_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(folder.path()).unwrap();
        // No multiple of a piece, a buffer or a page.
        let source = Source::generate(&place, Layout::find("dense").unwrap(), (1 << 20) + 5000, 1).unwrap();
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
        let mut seen = Evidence::default();
        measure("cell", Conditions::reading(source.size()), &source, &names, &pass, &mut seen).unwrap();
        assert!(seen.skips.is_empty());
        for name in names {
            let of = |sample: &&SampleLine| sample.strategy == name && sample.process == 2;
            assert_eq!(seen.samples.iter().filter(of).count(), 3, "{name}");
        }
        assert!(seen.samples.iter().all(|sample| sample.elapsed.len() == 1 && sample.elapsed[0] > 0));
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }
}

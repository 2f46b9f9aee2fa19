//! Claims over kernels: a guest measures their cells, and this side judges what it sent.

use super::claim::{Act, Claim, Trial};
use super::group::{Pass, Recording, groups, here};
use super::line::ClaimLine;
use super::outcome::{judge as judge_all, tried};
use crate::fixture::Place;
use crate::measure::{Cell, Recorder, Seen};
use crate::record::{Clock, Run};
use std::time::Instant;

/// How a guest measures.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// What its clock counts.
    pub clock: Clock,
    /// Number of the boot, from 1: its process in the record.
    pub boot: u32,
    /// Rounds in each cell.
    pub rounds: u32,
    /// Seed of the generated files and of the orders.
    pub seed: u64,
}

/// Whether a guest can try it: by copies, whose samples are a record like any other.
pub fn can_try(claim: &Claim) -> bool {
    claim.conditions().is_some_and(|conditions| conditions.act == Act::Copy)
}

/// The cells that the claims need on a file system by a clock.
pub fn cells(claims: &[&'static Claim], fs: &str, clock: Clock) -> Vec<Cell> {
    groups(claims, fs, clock).iter().map(|group| group.conditions.cell(fs)).collect()
}

/// Measures those cells in a directory. Errors: those of measuring and recording; what a file system cannot
/// do is a skip.
pub fn measure(
    claims: &[&'static Claim],
    place: &Place,
    terms: Terms,
    recorder: &mut Recorder,
) -> anyhow::Result<()> {
    let mut arms = here();
    for group in groups(claims, place.file_system(), terms.clock) {
        let (clock, number, seed) = (terms.clock, terms.boot, terms.seed);
        let pass = Pass { place, clock, seed, number, until: Instant::now(), rounds: Some(terms.rounds) };
        group.measure(&pass, &mut arms, &mut Recording { recorder, cell: group.cell(place) })?;
    }
    Ok(())
}

/// What the record of a kernel says of the claims on a file system; those about changes take two.
pub fn judge(claims: &[&'static Claim], fs: &str, run: &Run) -> Vec<ClaimLine> {
    let of_one = claims.iter().filter(|claim| !matches!(claim.trial, Trial::Kernels(_)));
    let seen = of_one.map(|claim| {
        let cell = claim.conditions().map(|conditions| conditions.cell(fs).id());
        let evidence = cell.and_then(|cell| evidence(run, &cell));
        tried(claim, evidence.as_ref(), fs, run.run.clock)
    });
    let (host, kernel) = (&run.run.host.label, &run.run.host.kernel);
    let of_host = |line| ClaimLine { host: host.clone(), kernel: kernel.clone(), ..line };
    judge_all(seen.collect()).into_iter().map(of_host).collect()
}

/// What was seen in a cell; none where it was not measured.
fn evidence(run: &Run, cell: &str) -> Option<Seen> {
    let samples: Vec<_> = run.samples.iter().filter(|line| line.cell == cell).cloned().collect();
    let skips: Vec<_> = run.skips.iter().filter(|line| line.cell == cell).cloned().collect();
    (!samples.is_empty() || !skips.is_empty()).then_some(Seen { samples, skips })
}

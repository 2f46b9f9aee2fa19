//! The trial of claims in one directory: needs nothing of the machine but that and a clock.

use super::claim::{Claim, Trial};
use super::group::{Pass, groups, weights};
use super::line::ClaimLine;
use super::outcome::{judge, tried};
use crate::fixture::Place;
use crate::measure::{Arm, Seen};
use crate::record::Clock;
use std::time::{Duration, Instant};

/// Times that every cell is measured from the beginning, in a process and with files of its own.
const PASSES: u32 = 5;

/// Where and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// Where all files are made.
    pub place: &'a Place,
    /// Time for everything.
    pub budget: Duration,
    /// Seed of the orders.
    pub seed: u64,
}

/// Tries the claims; a line for each, in their order. `tell` hears which cell is being measured. Errors:
/// where a worker gave no answer or the source could not be made anew. What a file system cannot do is no
/// error but stands in the lines.
pub fn run(
    claims: &[&'static Claim],
    setting: &Setting<'_>,
    tell: &mut dyn FnMut(&str),
) -> anyhow::Result<Vec<ClaimLine>> {
    let (place, clock) = (setting.place, Clock::Wall);
    let fs = place.file_system();
    let here_and_now = claims.iter().filter(|claim| matches!(claim.trial, Trial::Here(_)));
    let groups = groups(here_and_now, fs, clock);
    let mut evidence: Vec<Seen> = groups.iter().map(|_| Seen::default()).collect();
    let end = Instant::now() + setting.budget;
    for number in 1..=PASSES {
        let mut arms = vec![("this", Arm::this()?)];
        for (index, group) in groups.iter().enumerate() {
            let left = weights(&groups[index..]) + weights(&groups) * f64::from(PASSES - number);
            let now = Instant::now();
            let share = weights(&groups[index..=index]) / left;
            let until = now + end.saturating_duration_since(now).mul_f64(share);
            tell(&group.conditions.id(fs));
            let seed = setting.seed;
            let pass = Pass { place, clock, seed, number, until, rounds: None };
            group.measure(&pass, &mut arms, &mut evidence[index])?;
        }
    }
    let evidence = |claim: &Claim| {
        let index = groups.iter().position(|group| Some(group.conditions) == claim.conditions())?;
        evidence.get(index)
    };
    Ok(judge(claims.iter().map(|claim| tried(claim, evidence(claim), fs, clock)).collect()))
}

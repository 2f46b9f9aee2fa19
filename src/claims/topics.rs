//! The tables of claims, one file a subject.

mod elsewhere;
mod inside_the_kernel;
mod kernels;
mod mapping;
mod out_of_cache;
mod page_cache;
mod reading;
mod sharing;
mod workshop;

use super::claim::{Change, Claim, Conditions, Experiment, Source, Trial, Way};
use super::figure::{Figure, Quantity};
use super::test::Test;

/// Every table, in the order of all lists.
pub(super) static TOPICS: &[&[Claim]] = &[
    workshop::CLAIMS,
    mapping::CLAIMS,
    inside_the_kernel::CLAIMS,
    sharing::CLAIMS,
    page_cache::CLAIMS,
    reading::CLAIMS,
    out_of_cache::CLAIMS,
    kernels::CLAIMS,
    elsewhere::CLAIMS,
];

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
/// Source and target together are more than the last-level cache of common processors, so that
/// times are those of memory.
const LARGE: u64 = 32 * MIB;

const fn here(conditions: Conditions, figure: Figure, test: Test) -> Trial {
    on(&[], conditions, figure, test)
}

const fn on(
    file_systems: &'static [&'static str],
    conditions: Conditions,
    figure: Figure,
    test: Test,
) -> Trial {
    Trial::Here(Experiment { conditions, file_systems, sharing: false, figure, test })
}

const fn shared(
    file_systems: &'static [&'static str],
    conditions: Conditions,
    figure: Figure,
    test: Test,
) -> Trial {
    Trial::Here(Experiment { conditions, file_systems, sharing: true, figure, test })
}

const fn time(base: &'static str, other: &'static str) -> Figure {
    Figure::Ratio { of: Quantity::Time, base, other }
}

const fn ratio(of: Quantity, base: &'static str, other: &'static str) -> Figure {
    Figure::Ratio { of, base, other }
}

const fn level(of: Quantity, strategy: &'static str) -> Figure {
    Figure::Level { of, strategy }
}

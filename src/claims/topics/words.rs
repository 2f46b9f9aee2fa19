//! What the tables are written in.

pub(super) use crate::claims::claim::{Change, Claim, Conditions, Experiment, Source, Trial, Way};
pub(super) use crate::claims::figure::{Figure, Quantity};
pub(super) use crate::claims::test::Test;

pub(super) const KIB: u64 = 1 << 10;
pub(super) const MIB: u64 = 1 << 20;
/// Source and target together are more than the last-level cache of common processors, so that
/// times are those of memory.
pub(super) const LARGE: u64 = 32 * MIB;

pub(super) const fn here(conditions: Conditions, figure: Figure, test: Test) -> Trial {
    on(&[], conditions, figure, test)
}

pub(super) const fn on(
    file_systems: &'static [&'static str],
    conditions: Conditions,
    figure: Figure,
    test: Test,
) -> Trial {
    Trial::Here(Experiment { conditions, file_systems, sharing: false, figure, test })
}

pub(super) const fn shared(
    file_systems: &'static [&'static str],
    conditions: Conditions,
    figure: Figure,
    test: Test,
) -> Trial {
    Trial::Here(Experiment { conditions, file_systems, sharing: true, figure, test })
}

pub(super) const fn time(base: &'static str, other: &'static str) -> Figure {
    Figure::Ratio { of: Quantity::Time, base, other }
}

pub(super) const fn ratio(of: Quantity, base: &'static str, other: &'static str) -> Figure {
    Figure::Ratio { of, base, other }
}

pub(super) const fn level(of: Quantity, strategy: &'static str) -> Figure {
    Figure::Level { of, strategy }
}

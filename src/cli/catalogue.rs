use crate::report;
use crate::strategy::FAMILIES;

/// The registry in the form that reports take.
pub(super) fn families() -> Vec<report::Family> {
    FAMILIES
        .iter()
        .map(|family| report::Family {
            name: family.name.to_owned(),
            summary: family.summary.to_owned(),
            strategies: family
                .strategies
                .iter()
                .map(|strategy| report::Strategy {
                    name: strategy.name.to_owned(),
                    family: family.name.to_owned(),
                    summary: strategy.summary.to_owned(),
                    holes: strategy.holes.name().to_owned(),
                })
                .collect(),
        })
        .collect()
}

use super::Fail;
use crate::measure::closest;
use crate::strategy::{self, Strategy};

/// The strategy of that name.
pub(super) fn find_strategy(name: &str) -> anyhow::Result<&'static Strategy> {
    let names = || strategy::all().map(|(_, strategy)| strategy.name);
    strategy::find(name)
        .ok_or_else(|| unknown("strategy", name, names(), "`copybench list` shows all").into())
}

/// The error of a name that no registry has, with those that are like it; without any, `otherwise`.
pub(super) fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str>,
    otherwise: &str,
) -> Fail {
    let closest = closest(name, known);
    let offer = if closest.is_empty() {
        otherwise.to_owned()
    } else {
        format!("did you mean {}?", closest.join(" or "))
    };
    Fail::Use(format!("no {what} is called {name:?}; {offer}"))
}

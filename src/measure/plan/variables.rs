use super::selection::closest;

/// A variable that the program, its build, its scripts or its tests read.
#[derive(Debug)]
pub struct Variable {
    pub name: &'static str,
    pub sets: &'static str,
    /// Whether it is offered to users in place of one that does not exist.
    pub is_for_users: bool,
}

const fn user(name: &'static str, sets: &'static str) -> Variable {
    Variable { name, sets, is_for_users: true }
}

const fn internal(name: &'static str, sets: &'static str) -> Variable {
    Variable { name, sets, is_for_users: false }
}

pub const VARIABLES: &[Variable] = &[
    user("COPYBENCH_STRATEGIES", "strategies: names or globs"),
    user("COPYBENCH_COMMANDS", "the user's own programs: NAME=COMMAND, or worker NAME=PROGRAM, a line each"),
    user("COPYBENCH_SIZES", "sizes, ranges, or all"),
    user("COPYBENCH_LAYOUTS", "layouts of the source"),
    user("COPYBENCH_CACHE", "cache states"),
    user("COPYBENCH_DST", "states of the target"),
    user("COPYBENCH_END", "what ends a copy inside the clock"),
    user("COPYBENCH_SETUP", "what strategies keep from copy to copy"),
    user("COPYBENCH_DIR", "where sources are made"),
    user("COPYBENCH_TO", "where targets are made"),
    user("COPYBENCH_SOURCE", "the user's own file instead of generated ones"),
    user("COPYBENCH_OUT", "the record file"),
    user("COPYBENCH_STRATEGY", "the strategy of `copybench copy`"),
    internal("COPYBENCH_PYTHON", "where scripts keep their Python environment"),
    internal("COPYBENCH_CHROMIUM", "the browser of the charts' tests"),
    internal("COPYBENCH_AXE", "the accessibility checker of the charts' tests"),
    internal("COPYBENCH_OTAVA", "Apache Otava, for tests"),
    internal("COPYBENCH_BLESS", "tests write their golden files anew"),
    internal("COPYBENCH_FAULTS", "how many faults tests provoke"),
    internal("COPYBENCH_BUS_ERRORS", "how many bus errors tests provoke"),
    internal("COPYBENCH_ENVIRONMENTS", "which environments tests try"),
    internal("COPYBENCH_PYTHON_HOME", "where the Python environment of charts is kept"),
    internal("COPYBENCH_SIMULATIONS", "how many races tests simulate"),
    internal("COPYBENCH_HISTORIES", "how many histories tests try"),
    internal("COPYBENCH_TEST_KERNELS", "kernels that tests boot"),
    internal("COPYBENCH_TEST_HANG", "a guest of the tests that hangs"),
    internal("COPYBENCH_COMMIT", "set by the build"),
    internal("COPYBENCH_DIRTY", "set by the build"),
    internal("COPYBENCH_RUSTC", "set by the build"),
];

/// A variable that would have no effect.
#[derive(Debug, thiserror::Error)]
#[error("no variable is called {name}; {offer}")]
pub struct UnknownVariable {
    name: String,
    offer: String,
}

/// Refuses variables of the environment that look like ours and are none: what they were to set would be
/// left at its default in silence. Errors: the first by name.
pub fn check_environment() -> Result<(), UnknownVariable> {
    let mut unknown: Vec<String> = std::env::vars_os()
        .map(|(name, _)| name.to_string_lossy().into_owned())
        .filter(|name| name.starts_with("COPYBENCH_"))
        .filter(|name| !VARIABLES.iter().any(|variable| variable.name == name))
        .collect();
    unknown.sort();
    match unknown.into_iter().next() {
        None => Ok(()),
        Some(name) => Err(UnknownVariable { offer: offer(&name), name }),
    }
}

fn offer(name: &str) -> String {
    const PREFIX: usize = "COPYBENCH_".len();
    let users = || VARIABLES.iter().filter(|variable| variable.is_for_users);
    // Without what all have in common, which would make every name like every other.
    let closest = closest(&name[PREFIX..], users().map(|variable| &variable.name[PREFIX..]));
    if closest.is_empty() {
        let all: Vec<&str> = users().map(|variable| variable.name).collect();
        return format!("there are {}", all.join(", "));
    }
    let closest: Vec<String> = closest.iter().map(|name| format!("COPYBENCH_{name}")).collect();
    format!("did you mean {}?", closest.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_are_offered() {
        assert!(offer("COPYBENCH_SIZE").starts_with("did you mean COPYBENCH_SIZES"));
        assert!(offer("COPYBENCH_STRATEGYS").contains("COPYBENCH_STRATEGIES"));
        assert!(offer("COPYBENCH_QQQ").contains("COPYBENCH_OUT"));
    }
}

use crate::cache::CacheState;
use crate::fixture::{LAYOUTS, Layout};
use crate::measure::cell::{End, Setup};
use crate::strategy::{DstMode, Strategy, all, commands};
use crate::units::{format_size, parse_size};
use globset::Glob;
use std::path::PathBuf;

/// What a user selected, as text: from the command line, or from the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// `COPYBENCH_STRATEGIES`: names or globs.
    pub strategies: Option<String>,
    /// `COPYBENCH_COMMANDS`: commands of the user's, a line each; see [`define_commands`](crate::strategy::define_commands).
    pub commands: Option<String>,
    /// `COPYBENCH_SIZES`: sizes, ranges such as `1MiB..1GiB` in powers of two, or `all`.
    pub sizes: Option<String>,
    /// `COPYBENCH_LAYOUTS`.
    pub layouts: Option<String>,
    /// `COPYBENCH_CACHE`.
    pub cache: Option<String>,
    /// `COPYBENCH_DST`.
    pub dst: Option<String>,
    /// `COPYBENCH_END`.
    pub end: Option<String>,
    /// `COPYBENCH_SETUP`.
    pub setup: Option<String>,
    /// `COPYBENCH_DIR`: where sources are made.
    pub dir: Option<PathBuf>,
    /// `COPYBENCH_TO`: where targets are made.
    pub to: Option<PathBuf>,
    /// `COPYBENCH_SOURCE`: the user's own file instead of generated ones.
    pub source: Option<PathBuf>,
    /// `COPYBENCH_OUT`: the record file.
    pub out: Option<PathBuf>,
}

impl Variables {
    /// The lines of `COPYBENCH_COMMANDS`.
    pub fn command_lines(&self) -> Vec<String> {
        self.commands.iter().flat_map(|lines| lines.lines()).map(str::to_owned).collect()
    }

    /// Whether they choose what is measured, not only where.
    pub fn names_strategies_or_cells(&self) -> bool {
        let words = [
            &self.strategies,
            &self.commands,
            &self.sizes,
            &self.layouts,
            &self.cache,
            &self.dst,
            &self.end,
            &self.setup,
        ];
        words.iter().any(|word| word.is_some()) || self.source.is_some()
    }

    /// Reads the variables of the environment; an empty one counts as not set.
    pub fn from_environment() -> Self {
        let path = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let text = |name: &str| path(name).map(|value| value.to_string_lossy().into_owned());
        Self {
            strategies: text("COPYBENCH_STRATEGIES"),
            commands: text("COPYBENCH_COMMANDS"),
            sizes: text("COPYBENCH_SIZES"),
            layouts: text("COPYBENCH_LAYOUTS"),
            cache: text("COPYBENCH_CACHE"),
            dst: text("COPYBENCH_DST"),
            end: text("COPYBENCH_END"),
            setup: text("COPYBENCH_SETUP"),
            dir: path("COPYBENCH_DIR"),
            to: path("COPYBENCH_TO"),
            source: path("COPYBENCH_SOURCE"),
            out: path("COPYBENCH_OUT"),
        }
    }

    /// These, and where one is missing, that of `other`.
    pub fn or(self, other: Self) -> Self {
        Self {
            strategies: self.strategies.or(other.strategies),
            commands: self.commands.or(other.commands),
            sizes: self.sizes.or(other.sizes),
            layouts: self.layouts.or(other.layouts),
            cache: self.cache.or(other.cache),
            dst: self.dst.or(other.dst),
            end: self.end.or(other.end),
            setup: self.setup.or(other.setup),
            dir: self.dir.or(other.dir),
            to: self.to.or(other.to),
            source: self.source.or(other.source),
            out: self.out.or(other.out),
        }
    }
}

/// What a user selected; `None` leaves the choice to the defaults.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Strategies, in the order of the registry.
    pub strategies: Option<Vec<&'static Strategy>>,
    pub sizes: Option<Vec<u64>>,
    pub layouts: Option<Vec<&'static Layout>>,
    pub cache: Option<Vec<CacheState>>,
    pub dst: Option<Vec<DstMode>>,
    pub end: Option<Vec<End>>,
    pub setup: Option<Vec<Setup>>,
    /// The user's own file.
    pub source: Option<PathBuf>,
}

/// A word that selects nothing.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    #[error("no {what} is called {word:?}{}", offer(closest))]
    Unknown { what: &'static str, word: String, closest: Vec<String> },
    #[error(
        "{word:?} is not a size: write 4KiB, 16MiB, 1GiB, a range such as 1MiB..1GiB, or all{}",
        offer(closest)
    )]
    Size { word: String, closest: Vec<String> },
    #[error("the list of {what} is empty")]
    Empty { what: &'static str },
    #[error("the user's own source has a size and layout of its own; leave out {what}")]
    OwnSource { what: &'static str },
}

fn offer(closest: &[String]) -> String {
    if closest.is_empty() { String::new() } else { format!("; did you mean {}?", closest.join(" or ")) }
}

impl Selection {
    /// Dense files of one size, copied by these strategies.
    pub fn dense(size: u64, strategies: Vec<&'static Strategy>) -> Self {
        Self {
            strategies: Some(strategies),
            sizes: Some(vec![size]),
            layouts: Some(Layout::find("dense").into_iter().collect()),
            ..Self::default()
        }
    }

    /// Understands the words. The commands that were defined are selected with what the words select of the
    /// registry, and alone where they select nothing of it.
    pub fn new(variables: &Variables) -> Result<Self, SelectionError> {
        let strategies: Vec<&'static Strategy> = all().map(|(_, strategy)| strategy).collect();
        let picked =
            pick("strategy", variables.strategies.as_deref(), &strategies, |strategy| strategy.name)?;
        let is_wanted = |strategy: &&'static Strategy| {
            let is = |other: &&'static Strategy| other.name == strategy.name;
            commands().iter().any(|command| command.name == strategy.name) || picked.iter().flatten().any(is)
        };
        let selection = Self {
            strategies: (picked.is_some() || !commands().is_empty())
                .then(|| strategies.iter().copied().filter(is_wanted).collect()),
            sizes: variables.sizes.as_deref().map(sizes).transpose()?,
            layouts: pick("layout", variables.layouts.as_deref(), LAYOUTS, |layout| layout.name)?,
            cache: pick("cache state", variables.cache.as_deref(), CacheState::ALL, CacheState::name)?,
            dst: pick("target state", variables.dst.as_deref(), DstMode::ALL, DstMode::name)?,
            end: pick("durability", variables.end.as_deref(), End::ALL, End::name)?,
            setup: pick("set-up", variables.setup.as_deref(), Setup::ALL, Setup::name)?,
            source: variables.source.clone(),
        };
        match &selection {
            Self { source: Some(_), sizes: Some(_), .. } => Err(SelectionError::OwnSource { what: "sizes" }),
            Self { source: Some(_), layouts: Some(_), .. } => {
                Err(SelectionError::OwnSource { what: "layouts" })
            }
            _ => Ok(selection),
        }
    }

    /// Whether it names no cell, so that the default cells apply.
    pub fn names_no_cell(&self) -> bool {
        self.sizes.is_none()
            && self.layouts.is_none()
            && self.cache.is_none()
            && self.dst.is_none()
            && self.end.is_none()
            && self.setup.is_none()
            && self.source.is_none()
    }
}

fn words<'a>(what: &'static str, text: &'a str) -> Result<Vec<&'a str>, SelectionError> {
    let words: Vec<&str> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { Err(SelectionError::Empty { what }) } else { Ok(words) }
}

/// Things of `from` whose name one of the words matches, in the order of `from`.
fn pick<T: Copy>(
    what: &'static str,
    text: Option<&str>,
    from: &[T],
    name: fn(T) -> &'static str,
) -> Result<Option<Vec<T>>, SelectionError> {
    let Some(text) = text else { return Ok(None) };
    let mut chosen = vec![false; from.len()];
    for word in words(what, text)? {
        let unknown = || SelectionError::Unknown {
            what,
            word: word.to_owned(),
            closest: closest(word, from.iter().map(|thing| name(*thing))),
        };
        let pattern = if word == "all" { "*" } else { word };
        let glob = Glob::new(pattern).map_err(|_| unknown())?.compile_matcher();
        let mut any = false;
        for (chosen, thing) in chosen.iter_mut().zip(from) {
            if glob.is_match(name(*thing)) {
                *chosen = true;
                any = true;
            }
        }
        if !any {
            return Err(unknown());
        }
    }
    Ok(Some(from.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(thing, _)| *thing).collect()))
}

/// Smallest and largest size of `all`.
const RANGE: (u64, u64) = (1 << 20, 1 << 30);

fn sizes(text: &str) -> Result<Vec<u64>, SelectionError> {
    let mut sizes = Vec::new();
    for word in words("sizes", text)? {
        let wrong = || SelectionError::Size {
            word: word.to_owned(),
            closest: closest(word, powers(RANGE.0, RANGE.1).map(format_size)),
        };
        match word.split_once("..") {
            _ if word == "all" => sizes.extend(powers(RANGE.0, RANGE.1)),
            Some((first, last)) => {
                let (first, last) =
                    (parse_size(first).ok_or_else(wrong)?, parse_size(last).ok_or_else(wrong)?);
                if first == 0 || first > last {
                    return Err(wrong());
                }
                sizes.extend(powers(first, last));
            }
            None => sizes.push(parse_size(word).ok_or_else(wrong)?),
        }
    }
    sizes.sort_unstable();
    sizes.dedup();
    Ok(sizes)
}

fn powers(first: u64, last: u64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(first), |size| size.checked_mul(2)).take_while(move |size| *size <= last)
}

/// Up to three names most like `word`.
pub fn closest(word: &str, names: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    const LIKE: f64 = 0.7;
    let mut scored: Vec<(f64, String)> = names
        .into_iter()
        .map(Into::into)
        .map(|name: String| (strsim::jaro_winkler(word, &name), name))
        .filter(|(score, _)| *score >= LIKE)
        .collect();
    scored.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(change: impl FnOnce(&mut Variables)) -> Result<Selection, SelectionError> {
        let mut variables = Variables::default();
        change(&mut variables);
        Selection::new(&variables)
    }

    #[test]
    fn globs_pick_in_the_order_of_the_registry() {
        let selection = select(|v| v.strategies = Some("mmap-write*,read-write-4k".into())).unwrap();
        let names: Vec<_> = selection.strategies.unwrap().iter().map(|strategy| strategy.name).collect();
        assert_eq!(names[0], "read-write-4k");
        assert!(names.contains(&"mmap-write-1m"));
    }

    #[test]
    fn an_unknown_strategy_offers_the_closest() {
        let error = select(|v| v.strategies = Some("mmap-wirte".into())).unwrap_err().to_string();
        assert!(error.contains("mmap-write"), "{error}");
    }

    #[test]
    fn ranges_go_in_powers_of_two_and_all_is_1_mib_to_1_gib() {
        let sizes = |text: &str| select(|v| v.sizes = Some(text.into())).map(|s| s.sizes.unwrap());
        assert_eq!(sizes("1MiB..8MiB").unwrap(), [1 << 20, 2 << 20, 4 << 20, 8 << 20]);
        assert_eq!(sizes("all").unwrap().len(), 11);
        assert_eq!(sizes("4KiB,4KiB").unwrap(), [4096]);
        for wrong in ["8MiB..1MiB", "1mib", "0B..1MiB", ",", "1MiB.."] {
            assert!(sizes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn flags_win_over_the_environment() {
        let flags = Variables { sizes: Some("4KiB".into()), ..Variables::default() };
        let environment =
            Variables { sizes: Some("8KiB".into()), dst: Some("new".into()), ..Variables::default() };
        let both = flags.or(environment);
        assert_eq!((both.sizes.as_deref(), both.dst.as_deref()), (Some("4KiB"), Some("new")));
    }
}

//! Published claims about copying files, as data, and their trial on this machine.
//!
//! A [`Claim`] says who published what, under which conditions, and which relation between two
//! ways to copy would have to be seen here. The bound of that relation follows from the published
//! figure by one rule for all (see [`Test`]), so it stands before anything is measured.
//! Everything that lists claims walks [`all`].

pub mod change;
mod claim;
mod estimate;
mod experiment;
mod figure;
mod group;
pub mod guest;
mod line;
mod memory_limit;
mod outcome;
mod reader;
mod reading;
mod subject;
mod table;
mod test;
mod topics;

pub use claim::{Act, Change, Claim, Conditions, Experiment, Memory, Source, Trial, Way};
pub use estimate::Estimate;
pub use experiment::{Setting, run};
pub use figure::{Figure, Quantity};
pub use line::ClaimLine;
pub use reader::{READERS, Reader};
pub use table::{agreement, details, markdown, outcome, over_kernels, readers, text, turned};
pub use test::{ClaimVerdict, Test};

/// Every claim, in the order of tables.
pub fn all() -> impl Iterator<Item = &'static Claim> {
    topics::TOPICS.iter().flat_map(|claims| claims.iter())
}

/// The claims that words name, all where there are none. Errors: the first word that names no claim.
pub fn select(words: &[String]) -> Result<Vec<&'static Claim>, &str> {
    if let Some(word) = words.iter().find(|word| named(word).next().is_none()) {
        return Err(word);
    }
    let wanted = |claim: &&Claim| {
        words.is_empty() || words.iter().any(|word| named(word).any(|named| named.id == claim.id))
    };
    Ok(all().filter(wanted).collect())
}

/// Claims that a word names: the id itself, or what an id begins with before a hyphen.
pub fn named(word: &str) -> impl Iterator<Item = &'static Claim> {
    all().filter(move |claim| {
        let rest = claim.id.strip_prefix(word);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

//! A statement of the text, as a value.

use super::{Lab, notes::Notes};

/// What the text says, and how it is tried.
#[derive(Debug)]
pub struct Statement {
    /// `W1` to `W14`.
    pub id: &'static str,
    /// What the text says, in our words.
    pub text: &'static str,
    /// What is done, as calls of the C library.
    pub c: &'static str,
    /// The same in Rust.
    pub rust: &'static str,
    /// Does it and notes what is seen. An error means that it could not be tried.
    pub(super) check: fn(&Lab<'_>, &mut Notes) -> anyhow::Result<()>,
}

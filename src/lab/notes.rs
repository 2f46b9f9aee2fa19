//! What is seen while a statement is tried, and what follows from it.

/// Whether a statement holds here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementVerdict {
    /// As it stands.
    Holds,
    /// It holds, but a reader should know more than it says.
    Remark(Vec<String>),
    /// What should have been seen and was not.
    Fails(Vec<String>),
    /// The experiment itself failed.
    Untried(String),
}

impl StatementVerdict {
    /// Whether the lab has failed because of it.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Fails(_) | Self::Untried(_))
    }
}

#[derive(Debug, Default)]
pub(super) struct Notes {
    seen: Vec<String>,
    remarks: Vec<String>,
    missed: Vec<String>,
}

impl Notes {
    /// Notes what was seen.
    pub(super) fn see(&mut self, what: impl Into<String>) {
        self.seen.push(what.into());
    }

    /// Without `condition` the statement does not hold, because `expected` was not so.
    pub(super) fn expect(&mut self, condition: bool, expected: impl Into<String>) {
        if !condition {
            self.missed.push(expected.into());
        }
    }

    /// Notes what the statement leaves out, once.
    pub(super) fn remark(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.remarks.contains(&what) {
            self.remarks.push(what);
        }
    }

    /// All that was seen, in order.
    pub(super) fn seen(&self) -> &[String] {
        &self.seen
    }

    /// What follows from all of it, given how the experiment ended.
    pub(super) fn verdict(&self, outcome: anyhow::Result<()>) -> StatementVerdict {
        match outcome {
            Err(error) => StatementVerdict::Untried(format!("{error:#}")),
            Ok(()) if !self.missed.is_empty() => StatementVerdict::Fails(self.missed.clone()),
            Ok(()) if !self.remarks.is_empty() => StatementVerdict::Remark(self.remarks.clone()),
            Ok(()) => StatementVerdict::Holds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_expectation_outweighs_a_remark_and_an_error_outweighs_both() {
        let mut notes = Notes::default();
        notes.expect(true, "one is one");
        assert_eq!(notes.verdict(Ok(())), StatementVerdict::Holds);
        notes.remark("more");
        assert_eq!(notes.verdict(Ok(())), StatementVerdict::Remark(vec!["more".to_owned()]));
        notes.expect(false, "one is two");
        assert_eq!(notes.verdict(Ok(())), StatementVerdict::Fails(vec!["one is two".to_owned()]));
        assert!(notes.verdict(Err(anyhow::anyhow!("no"))).is_failure());
    }
}

//! What a copy in another process came to, told in one line and held against the files.

use copybench::strategy::{Cause, CopyError};
use copybench::sys::errno::name;
use std::path::Path;

/// What the helper reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Copied(u64),
    Failed {
        /// Bytes said to stand in the target.
        copied: u64,
        /// The system call, where one refused.
        call: String,
        /// Its errno by name, or what else went wrong in a few words.
        what: String,
        text: String,
    },
}

impl Outcome {
    pub(crate) fn new(outcome: Result<u64, CopyError>) -> Self {
        match outcome {
            Ok(copied) => Self::Copied(copied),
            Err(error) => Self::Failed {
                copied: error.copied,
                call: error.call_name().unwrap_or_default().to_owned(),
                what: kind(&error).to_owned(),
                text: error.to_string(),
            },
        }
    }

    /// One line, for [`Outcome::parse`].
    pub(crate) fn line(&self) -> String {
        match self {
            Self::Copied(copied) => format!("copied\t{copied}\n"),
            Self::Failed { copied, call, what, text } => {
                format!("failed\t{copied}\t{call}\t{what}\t{}\n", text.replace(['\n', '\t'], " "))
            }
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let line = text.lines().find(|line| line.starts_with("copied\t") || line.starts_with("failed\t"))?;
        let words: Vec<&str> = line.split('\t').collect();
        let copied = words.get(1)?.parse().ok()?;
        match words[..] {
            ["copied", _] => Some(Self::Copied(copied)),
            ["failed", _, call, what, text] => {
                let [call, what, text] = [call, what, text].map(str::to_owned);
                Some(Self::Failed { copied, call, what, text })
            }
            _ => None,
        }
    }

    /// The word for a table, once the target holds what was reported: all of `source`, a prefix
    /// of it, or the bytes before the error.
    pub(crate) fn judge(&self, source: &[u8], target: &Path) -> Result<String, String> {
        let found = match std::fs::read(target) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            other => other.map_err(|error| format!("reading the target: {error}"))?,
        };
        let (copied, word) = match self {
            Self::Copied(copied) if *copied == source.len() as u64 => (*copied, "copied"),
            Self::Copied(copied) => (*copied, "prefix"),
            Self::Failed { copied, what, .. } => (*copied, what.as_str()),
        };
        let length = copied as usize;
        if matches!(self, Self::Copied(_)) && found.len() != length {
            return Err(format!("{self:?}, but the target is {} bytes long", found.len()));
        }
        if length > source.len() || found.get(..length) != source.get(..length) {
            let wrong = found.iter().zip(source).position(|(found, expected)| found != expected);
            return Err(format!("{self:?}, but the bytes differ from {wrong:?} on"));
        }
        Ok(word.to_owned())
    }
}

fn kind(error: &CopyError) -> &'static str {
    match &error.cause {
        Cause::Call { errno, .. } => name(*errno).unwrap_or("another errno"),
        Cause::SourceEnded => "source ended",
        Cause::SourceShrank => "source shrank",
        Cause::SizeLies => "size lies",
        Cause::TargetFault => "no block",
        Cause::Program { .. } => "program failed",
        Cause::WholeOnly => "whole only",
        Cause::NeedsPaths { .. } => "needs paths",
    }
}

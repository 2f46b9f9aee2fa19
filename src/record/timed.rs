use super::SampleLine;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What comparing needs of a [`SampleLine`], mostly borrowed from its text: a million of them are
/// read in half the time. Counters are read only where `C` has room for them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct TimedSample<'a, C = IgnoredAny> {
    #[serde(borrow)]
    pub cell: Cow<'a, str>,
    #[serde(borrow)]
    pub strategy: Cow<'a, str>,
    /// Round; none outside rounds.
    pub round: Option<u32>,
    /// See [`SampleLine::position`].
    #[serde(default)]
    pub position: Option<u32>,
    /// Number of the process.
    #[serde(default = "super::one")]
    pub process: u32,
    /// Which executable measured.
    #[serde(borrow, default = "this_arm")]
    pub arm: Cow<'a, str>,
    /// Time of each copy.
    pub elapsed: Cow<'a, [u64]>,
    /// Bytes that each copy reported.
    pub bytes: u64,
    /// Bytes of the target that share extents with another file.
    #[serde(default)]
    pub shared_bytes: Option<u64>,
    /// Bytes allocated to the target.
    #[serde(default)]
    pub allocated_bytes: Option<u64>,
    /// Counted beside time.
    pub counters: Option<C>,
}

pub type CountersOf<'a> = BTreeMap<Cow<'a, str>, u64>;

impl<'a, C: Deserialize<'a>> TimedSample<'a, C> {
    /// Parses a line. Errors: what the parser says.
    pub fn parse(line: &'a [u8]) -> serde_json::Result<Self> {
        // Checked once as a whole, the text need not be checked string by string.
        match std::str::from_utf8(line) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(line),
        }
    }
}

fn this_arm() -> Cow<'static, str> {
    Cow::Borrowed("this")
}

impl<'a> From<&'a SampleLine> for TimedSample<'a, CountersOf<'a>> {
    fn from(line: &'a SampleLine) -> Self {
        let borrowed = |counters: &'a super::Counters| {
            counters.iter().map(|(name, value)| (Cow::Borrowed(name.as_str()), *value)).collect()
        };
        Self {
            cell: Cow::Borrowed(&line.cell),
            strategy: Cow::Borrowed(&line.strategy),
            round: line.round,
            position: line.position,
            process: line.process,
            arm: Cow::Borrowed(&line.arm),
            elapsed: Cow::Borrowed(&line.copies.elapsed),
            bytes: line.copies.bytes,
            shared_bytes: line.copies.shared_bytes,
            allocated_bytes: line.copies.allocated_bytes,
            counters: line.copies.counters.as_ref().map(borrowed),
        }
    }
}

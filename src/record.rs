//! The one schema of a run: JSON Lines, one [`Line`] each, append-only.
//!
//! Plain data with public fields. Raw samples are kept; everything else is derived from them.
//! Sizes are bytes. Times are integers in the unit of the run's [`Clock`].

mod lines;
mod read;
mod text;
mod timed;
mod write;

pub use lines::{ReadError, Visitor, is_cut, is_record, visit, visit_files};

pub use read::{Read, Run, read_files, read_text};
pub use text::{shown, shown_in_json};
pub use timed::{CountersOf, TimedSample};
pub use write::Writer;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of the schema that this build writes; it reads those of major number 1 too, whose times
/// have set-up in them.
pub const SCHEMA: &str = "2.0";

/// Names and values of what was counted beside time.
pub type Counters = BTreeMap<String, u64>;

/// One line of a record file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", rename_all = "lowercase")]
pub enum Line {
    /// First line of a run, written before anything is measured.
    Run(RunLine),
    /// A cell, before its first sample.
    Cell(CellLine),
    /// One block of copies of one strategy.
    Sample(SampleLine),
    /// Why a strategy has no samples in a cell.
    Skip(SkipLine),
    /// A strategy that a race measured no further, as it is not the fastest.
    Out(OutLine),
    /// What a race has come to; the last one of a cell and kind holds.
    Answer(AnswerLine),
    /// Last line of a run that was not cut short.
    End(EndLine),
}

/// What `elapsed` counts. The two are never compared with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// Nanoseconds of `CLOCK_MONOTONIC`.
    Wall,
    /// Instructions of a guest under QEMU's `-icount`.
    Instructions,
}

impl Clock {
    /// The word in the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Instructions => "instructions",
        }
    }
}

/// Who measured, when, with what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunLine {
    /// Version of the schema.
    pub schema: String,
    /// Unique name of the run.
    pub id: String,
    /// Start in UTC, RFC 3339.
    pub started: String,
    /// Unit of every `elapsed`.
    pub clock: Clock,
    /// The command, with directories as `DIR` and `TO`.
    pub argv: Vec<String>,
    /// Commit of the executable.
    pub commit: Commit,
    /// The machine, without names or paths of it.
    pub host: HostLine,
    /// Seed of generated sources.
    #[serde(default)]
    pub seed: u64,
    /// Seed of the order in which strategies were measured in each round.
    #[serde(default)]
    pub order_seed: u64,
    /// Observers that count nothing in this run, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub observers: BTreeMap<String, RefusedObserver>,
    /// Why nothing shows that sources were as warm as their cells say; absent where it was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unconfirmed: Option<String>,
    /// Commit of the other executable, where two were measured in turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Commit>,
    /// The virtual machine that this program made and measured in; `host` is what it saw there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<Box<GuestLine>>,
    /// Which part of a plan it measured, where that was split up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// One of the parts of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// Its number, from 1.
    pub part: u64,
    /// How many there are.
    pub of: u64,
}

impl RunLine {
    /// Whether its times hold what a strategy did to set itself up, as they did before schema 2.
    pub fn times_set_up(&self) -> bool {
        major(&self.schema) == "1"
    }

    /// Whether its times may be compared with others: those of a guest under plain emulation
    /// say nothing about any machine.
    pub fn is_comparable(&self) -> bool {
        self.guest.as_ref().is_none_or(|guest| guest.accel != EMULATED)
    }
}

/// Accelerator whose times are for function only.
pub const EMULATED: &str = "tcg";

/// How a guest was made; each of its boots is a process of the record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GuestLine {
    /// What ran its instructions: `kvm`, `tcg` or `instructions`.
    pub accel: String,
    /// Why it is this one.
    pub reason: String,
    /// Version of QEMU.
    pub emulator: String,
    /// Processor model, as QEMU takes it.
    pub cpu: String,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Time that each boot slept, by its own clock, before it began to measure.
    pub settle_seconds: u64,
    /// More words of the kernel's command line.
    #[serde(default)]
    pub append: String,
    /// Options of the kernel's configuration that a copy can feel; those that are not set are
    /// left out. Empty where no configuration file was found.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
}

/// Why an observer counts nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedObserver {
    /// What was refused, and by what.
    pub reason: String,
    /// What would let it count.
    #[serde(rename = "cure")]
    pub hint: String,
}

/// Commit that an executable was built from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commit {
    /// Full hash, or `unknown`.
    pub sha: String,
    /// Whether the tree had other changes when it was built.
    pub dirty: bool,
}

/// Fingerprint of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostLine {
    /// Short readable name made of the processor and its number.
    pub label: String,
    /// Hash over `identity`.
    pub hash: String,
    /// Kernel release.
    pub kernel: String,
    /// What is stable and makes two hosts comparable; all of it is hashed.
    #[serde(default)]
    pub identity: BTreeMap<String, String>,
    /// What changes from run to run; not hashed.
    #[serde(default)]
    pub context: BTreeMap<String, String>,
}

/// File systems of the two directories.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct FileSystems {
    /// Of the source's directory.
    pub source: String,
    /// Of the target's directory.
    pub target: String,
}

impl FileSystems {
    /// One name where both are alike, else both: `ext4>xfs`.
    pub fn name(&self) -> String {
        if self.source == self.target {
            self.source.clone()
        } else {
            format!("{}>{}", self.source, self.target)
        }
    }
}

/// The conditions within which strategies are compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CellLine {
    /// `file systems|layout|size|cache|dst|end`, and `|fresh` where the set-up is that.
    pub cell: String,
    /// File systems.
    pub fs: FileSystems,
    /// Layout of the source.
    pub layout: String,
    /// Length of the source in bytes.
    pub size: u64,
    /// `warm` or `cold`.
    pub cache: String,
    /// State of the target before the copy.
    pub dst: String,
    /// What ends the copy inside the clock.
    pub end: String,
    /// `kept` or `fresh`; null before schema 2, where each strategy timed what set-up it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<String>,
    /// Which cache `cold` speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cold_level: Option<String>,
}

impl CellLine {
    /// None where it is kept, as in records that have none.
    pub fn unusual_setup(&self) -> Option<&str> {
        self.setup.as_deref().filter(|setup| *setup != "kept")
    }

    /// The id without its size, in a form that needs no quoting in a shell or a regular
    /// expression: the name of criterion's group.
    pub fn group(&self) -> String {
        let fs = self.fs.name();
        let words = [fs.as_str(), &self.layout, &self.cache, &self.dst, &self.end];
        words.into_iter().chain(self.unusual_setup()).collect::<Vec<_>>().join("/")
    }
}

/// Copies of one strategy in one cell, timed one by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SampleLine {
    /// Id of the cell.
    pub cell: String,
    /// Name of the strategy; physical limits begin with `limit-`.
    pub strategy: String,
    /// Round in which all strategies of the cell were measured; null outside rounds.
    pub round: Option<u32>,
    /// Place of the sample in its round, from 0: the sample before it has the place before.
    #[serde(default)]
    pub position: Option<u32>,
    /// Number of the process that measured, from 1.
    #[serde(default = "one")]
    pub process: u32,
    /// `this` or `old`: which executable measured; `twin` for the base's second copy, by this one.
    #[serde(default = "this_arm")]
    pub arm: String,
    /// Whether the last copy was compared byte for byte.
    pub verified: bool,
    #[serde(flatten)]
    pub copies: Copies,
}

/// What copies by one strategy came to that were made one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Copies {
    /// Time of each copy; empty where the copy was observed by what costs time.
    pub elapsed: Vec<u64>,
    /// Bytes that each copy reported.
    pub bytes: u64,
    /// Bytes of the target that share extents with another file, after the last copy; null
    /// where it was not looked at or the file system does not tell.
    #[serde(default)]
    pub shared_bytes: Option<u64>,
    /// Bytes allocated to the target after the last copy.
    #[serde(default)]
    pub allocated_bytes: Option<u64>,
    /// Counted beside time, a mean per copy. What costs time to count stands in lines whose
    /// `elapsed` is empty, and nowhere else.
    #[serde(default)]
    pub counters: Option<Counters>,
}

impl Copies {
    /// The line that says them of `strategy` in `cell`, by the first process, outside any round, after a
    /// copy there that was compared byte for byte.
    pub fn line(self, cell: String, strategy: &str) -> SampleLine {
        SampleLine {
            cell,
            strategy: strategy.to_owned(),
            round: None,
            position: None,
            process: one(),
            arm: this_arm(),
            verified: true,
            copies: self,
        }
    }

    /// The counter of that name.
    pub fn counter(&self, name: &str) -> Option<u64> {
        self.counters.as_ref()?.get(name).copied()
    }
}

/// What the names of physical limits begin with, which are measured and recorded beside strategies.
const LIMIT: &str = "limit-";

/// Whether the name is that of a physical limit.
pub fn is_limit(strategy: &str) -> bool {
    strategy.starts_with(LIMIT)
}

/// The major number of a schema's version.
fn major(schema: &str) -> &str {
    schema.split_once('.').map_or(schema, |(major, _)| major)
}

fn one() -> u32 {
    1
}

fn this_arm() -> String {
    "this".to_owned()
}

/// A strategy, or with `*` all of them, that could not be measured in a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SkipLine {
    /// Id of the cell.
    pub cell: String,
    /// Name of the strategy.
    pub strategy: String,
    #[serde(flatten)]
    pub refused: Refused,
}

/// Why something was not done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refused {
    /// System call that refused.
    #[serde(default)]
    pub call: Option<String>,
    /// Its errno by name.
    #[serde(default)]
    pub errno: Option<String>,
    /// Sentence for a reader.
    pub reason: String,
}

impl Refused {
    /// By no system call.
    pub fn because(reason: &(impl ToString + ?Sized)) -> Self {
        Self { reason: reason.to_string(), ..Self::default() }
    }

    /// The line that says it of `strategy`, or with `*` of all, in `cell`.
    pub fn line(self, cell: String, strategy: &str) -> SkipLine {
        SkipLine { cell, strategy: strategy.to_owned(), refused: self }
    }
}

/// When a race dropped a strategy, and what it is behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutLine {
    pub cell: String,
    pub kind: String,
    pub strategy: String,
    /// `screen` or `race`.
    pub stage: String,
    /// Which look of that stage, from 1.
    pub look: u32,
    /// The last round that was seen then.
    pub process: u32,
    pub round: u32,
    #[serde(flatten)]
    pub behind: Behind,
}

/// How much longer than the fastest a copy takes, as a share: 0.1 for 10 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Behind {
    /// At the least.
    pub low: f64,
    /// At the most; null where that was not pursued.
    pub high: Option<f64>,
}

/// The fastest strategy of a cell and kind, and how sure that is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnswerLine {
    pub cell: String,
    /// `copied`, `reflinked` or `holes`: what became of the data.
    pub kind: String,
    /// Who leads; null where nothing was measured.
    pub best: Option<String>,
    /// A copy by the leader takes at most this share longer than one by the best of all; null where
    /// that cannot be said.
    pub within: Option<f64>,
    /// How many strategies were compared.
    pub of: usize,
    /// Who could not be parted from the leader.
    pub shares: Vec<String>,
    /// How much longer than the leader each of those takes, as shares; negative where it may be faster.
    #[serde(default)]
    pub apart: Vec<Slower>,
    /// Who is out, the fastest first.
    pub slower: Vec<Slower>,
    /// How much longer the base's second copy took than the base, as a share: the check that what is
    /// the same is not called different.
    pub twin: Option<Behind>,
    /// The share within which the leader had to be.
    pub margin: f64,
    /// Time spent on this kind.
    pub seconds: f64,
    /// Number of the last process.
    pub processes: u32,
    /// Time that would decide, where it is not decided and that can be told.
    pub more_seconds: Option<f64>,
    /// Why the leader leads, or why nobody does, as a sentence.
    pub why: String,
}

impl AnswerLine {
    /// Whether the leader is within the margin of the best.
    pub fn is_decided(&self) -> bool {
        self.within.is_some_and(|within| within <= self.margin)
    }
}

/// How a strategy stands to the fastest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Slower {
    pub strategy: String,
    #[serde(flatten)]
    pub behind: Behind,
}

/// Totals of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndLine {
    /// Number of sample lines.
    pub samples: u64,
    /// Number of skip lines.
    pub skips: u64,
    /// Duration of the run.
    pub wall_seconds: f64,
    /// Share of CPU time that the hypervisor gave to others.
    pub steal: f64,
    /// What a reader should know, such as boots of a guest that were tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The JSON Schema of a line, as text.
pub fn schema_text() -> String {
    let schema = schemars::schema_for!(Line);
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

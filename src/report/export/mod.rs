//! Records in the formats of other programs: one registry, one file a format.
//!
//! Every format has the time of each strategy and, as a series of its own where it has more than
//! one unit, its time relative to the base strategy's, which the drift of a machine leaves alone.

mod bencher;
mod criterion;
mod criterion_files;
mod csv;
mod exported;
mod github;
mod hyperfine;
mod otava;
mod spread;

pub use criterion_files::{files as criterion_files, is_exported as is_exported_benchmark};
pub use exported::Exported;
pub use otava::{files as otava_files, is_file as is_otava_file};

/// A format of one text.
#[derive(Debug)]
pub struct Format {
    /// Key on the command line.
    pub name: &'static str,
    /// Who reads it, in a few words.
    pub summary: &'static str,
    /// Whether it has no unit but seconds.
    pub seconds_only: bool,
    /// Whether it tells processor time.
    pub processor_time: bool,
    write: fn(Exported<'_>) -> serde_json::Result<String>,
}

impl Format {
    /// The whole text.
    ///
    /// # Errors
    /// Those of serialising.
    pub fn write(&self, exported: Exported<'_>) -> serde_json::Result<String> {
        (self.write)(exported)
    }
}

/// Every format of one text.
pub static FORMATS: &[Format] = &[
    Format {
        name: "bencher",
        summary: "Bencher Metric Format: bencher run --adapter json",
        seconds_only: false,
        processor_time: false,
        write: bencher::write,
    },
    Format {
        name: "gab-bigger",
        summary: "github-action-benchmark, customBiggerIsBetter: speeds",
        seconds_only: false,
        processor_time: false,
        write: github::bigger,
    },
    Format {
        name: "gab-smaller",
        summary: "github-action-benchmark, customSmallerIsBetter: times",
        seconds_only: false,
        processor_time: false,
        write: github::smaller,
    },
    Format {
        name: "criterion",
        summary: "lines of `cargo bench`; with --out, the files of target/criterion",
        seconds_only: false,
        processor_time: false,
        write: |exported| Ok(criterion::write(exported)),
    },
    Format {
        name: "hyperfine",
        summary: "hyperfine --export-json, for its scripts",
        seconds_only: true,
        processor_time: true,
        write: hyperfine::write,
    },
    Format {
        name: "csv",
        summary: "a row a strategy and cell",
        seconds_only: false,
        processor_time: false,
        write: |exported| Ok(csv::write(exported)),
    },
];

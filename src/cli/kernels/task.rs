use super::arguments::{Kernels, usual};
use crate::analysis::{Digest, Digests};
use crate::claims::{self, Claim, ClaimLine};
use crate::cli::Fail;
use crate::cli::claims::selected;
use crate::guest::{Accelerator, FileSystem, Report};
use crate::measure::{Cell, RecordFile, RecordFileError, Scope, Selection, Variables, planned_cells};
use crate::record::{Clock, FileSystems, read_files};
use crate::report::grid::Format;
use crate::report::{kernels, usual_margin};
use crate::strategy::{REPRESENTATIVES, representatives};
use anyhow::Context;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Size of a comparison that names no cell: large enough for folios of every size, and quick
/// under emulation.
const SIZE: &str = "8MiB";

/// Where claims are told, beside the records.
const CLAIMS: &str = "claims.jsonl";

/// What guests are to find out.
pub(super) enum Task {
    /// Times of the strategies and cells that these words choose.
    Cells(Box<Variables>),
    /// What becomes of these claims.
    Claims(Vec<&'static Claim>),
}

impl Task {
    /// As the command says.
    pub(super) fn new(command: &Kernels) -> anyhow::Result<Self> {
        let Some(ids) = &command.claims else { return Ok(Self::Cells(Box::new(words(command)?))) };
        if command.cells.words().names_strategies_or_cells() {
            let hint = "leave out --strategy and all that choose cells, or --claims";
            return Err(Fail::Use(format!("claims have strategies and cells of their own; {hint}")).into());
        }
        let claims: Vec<_> =
            selected(ids)?.into_iter().filter(|claim| claims::guest::can_try(claim)).collect();
        if claims.is_empty() {
            return Err(Fail::Use(format!("a guest can try none of {}", ids.join(", "))).into());
        }
        Ok(Self::Claims(claims))
    }

    /// The cells on a file system by a clock.
    pub(super) fn cells(&self, file_system: FileSystem, clock: Clock) -> anyhow::Result<Vec<Cell>> {
        let name = file_system.name();
        match self {
            Self::Cells(words) => {
                let fs = FileSystems { source: name.to_owned(), target: name.to_owned() };
                Ok(planned_cells(&Selection::new(words)?, &fs, Scope::Small)?)
            }
            Self::Claims(claims) => Ok(claims::guest::cells(claims, name, clock)),
        }
    }

    /// What a guest is told to run.
    pub(super) fn argv(&self, command: &Kernels, accelerator: Accelerator) -> Vec<String> {
        let rounds = |most: [u32; 3]| Some(command.rounds.unwrap_or(usual(accelerator, most)).to_string());
        let (words, options) = match self {
            Self::Cells(words) => (
                vec!["copybench", "run", "--no-limits"],
                vec![
                    ("--strategy", words.strategies.clone()),
                    ("--size", words.sizes.clone()),
                    ("--layout", words.layouts.clone()),
                    ("--cache", words.cache.clone()),
                    ("--dst", words.dst.clone()),
                    ("--end", words.end.clone()),
                    ("--setup", words.setup.clone()),
                    ("--base", Some(command.base.clone())),
                    ("--rounds", rounds([12, 2, 6])),
                    ("--seed", Some(command.seed.to_string())),
                    ("--slowdown", command.slowdown.clone()),
                ],
            ),
            Self::Claims(claims) => {
                let ids: Vec<&str> = claims.iter().map(|claim| claim.id).collect();
                let only = Some(ids.join(","));
                (vec!["copybench", "claims"], vec![("--only", only), ("--rounds", rounds([12, 2, 5]))])
            }
        };
        let options = options.into_iter().filter_map(|(option, value)| Some(format!("{option}={}", value?)));
        words.into_iter().map(str::to_owned).chain(options).collect()
    }

    /// Makes sure that what is written beside the records replaces nothing, and nobody writes it meanwhile.
    pub(super) fn reserve(&self, out: &Path) -> Result<Option<File>, RecordFileError> {
        match self {
            Self::Cells(_) => Ok(None),
            Self::Claims(_) => RecordFile::reserve(&out.join(CLAIMS)).map(Some),
        }
    }

    /// What the records say; claims as lines beside them too.
    pub(super) fn findings(&self, command: &Kernels, report: &Report, out: &Path) -> anyhow::Result<String> {
        let Self::Claims(claims) = self else {
            let runs = Digests::read_files(&report.records, false)?.runs;
            let margin = command.margin.unwrap_or_else(|| usual_margin(runs.iter().map(|run| &run.run)));
            return Ok(kernels::page(&runs, &command.base, margin, Format::Text));
        };
        let runs = read_files(&report.records)?.runs;
        let mut lines: Vec<ClaimLine> = Vec::new();
        let digests: Vec<Digest> = runs.iter().map(Digest::of).collect();
        for one in command.wanted_file_systems() {
            lines.extend(runs.iter().flat_map(|run| claims::guest::judge(claims, one.name(), run)));
            lines.extend(claims::change::judge(claims, one.name(), &digests));
        }
        let mut text = String::new();
        for line in &lines {
            text += &(serde_json::to_string(line)? + "\n");
        }
        let path = out.join(CLAIMS);
        let written = File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.with_context(|| format!("writing {}", path.display()))?;
        Ok(claims::over_kernels(&lines, Format::Text))
    }
}

/// The filters with the defaults of the command.
fn words(command: &Kernels) -> anyhow::Result<Variables> {
    let mut words = command.cells.words();
    if words.source.is_some() {
        return Err(Fail::Use("guests have no file of this machine; leave out --source".to_owned()).into());
    }
    if Selection::new(&words)?.names_no_cell() {
        words.sizes = Some(SIZE.to_owned());
        words.layouts = Some("dense".to_owned());
    }
    let names = || representatives(REPRESENTATIVES).map(|strategy| strategy.name).collect::<Vec<_>>();
    words.strategies.get_or_insert_with(|| names().join(","));
    Ok(words)
}

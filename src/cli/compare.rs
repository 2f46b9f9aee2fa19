use super::Fail;
use super::report::{records_below, refuse_emulated, tell};
use super::units::margin;
use crate::analysis::{Margin, Measurements, Options, Row, compare, compare_arms, confirmed_slower};
use crate::report::BASE;
use crate::report::comparison::{self, Facts, command_line};
use clap::{Args, ValueEnum};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Compare two runs, or two executables that one run measured in turn
///
/// Runs of different times are compared by what each strategy takes relative to the base strategy of
/// the same round, which cancels most of what changed on the machine meanwhile. The base strategy
/// is compared relative to the machine's limit, where both sides measured that. Processes of one
/// build differ, so that one process a side decides nothing: `copybench run --full` makes three, and
/// each `cargo bench` is one.
///
/// Two operands are the base and the new side. More on a side are told apart by --new. A single
/// operand must hold two arms, as of `copybench run --against`: `old` is the base, `this` is new.
#[derive(Debug, Args)]
#[command(override_usage = "copybench compare [OPTIONS] <BASE> <NEW>\n       \
                      copybench compare [OPTIONS] <BASE>... --new <NEW>...\n       \
                      copybench compare [OPTIONS] <RUN>")]
pub(super) struct Compare {
    /// Record files, or directories with records below them: base and new; with --new, base alone
    #[arg(value_name = "F.jsonl|DIR", required = true)]
    records: Vec<PathBuf>,
    /// Records of the new side, where a side has several
    #[arg(long, value_name = "F.jsonl|DIR", num_args = 1..)]
    new: Vec<PathBuf>,
    /// The strategy that others are relative to; in cells without it, the first by name
    #[arg(long, value_name = "S", default_value = BASE)]
    base: String,
    /// Equivalence margin: ratios this close to 1 are `same`
    #[arg(long, value_name = "SHARE", default_value = "2%", value_parser = margin)]
    margin: Margin,
    /// Exit 1 where a slowdown is confirmed: after correction for all comparisons, and in most
    /// processes
    #[arg(long)]
    gate: bool,
    /// Compare hosts that are not alike, and say in what
    #[arg(long)]
    allow_host_diff: bool,
    /// How the comparison is written
    #[arg(long, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For a comment on a pull request
    Markdown,
    /// An array with one object a cell and strategy
    Json,
    /// For the test panels of CI services, as JUnit's XML: a confirmed slowdown failed, unclear is skipped
    Junit,
}

/// What is compared with what.
enum Sides {
    Apart([Measurements; 2]),
    InTurn(Measurements),
}

impl Compare {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let sides = self.read()?;
        sides.check()?;
        let options = Options { margin: self.margin, ..Options::new(&self.base) };
        let (rows, mut facts) = match &sides {
            Sides::Apart([base, new]) => {
                (compare(base, new, &options), Facts::of_sides(base, new, self.margin))
            }
            Sides::InTurn(both) => (compare_arms(both, &options), Facts::of_arms(both, self.margin)),
        };
        if rows.is_empty() {
            return Err(nothing_in_common(&sides).into());
        }
        self.check_base(&rows)?;
        if !facts.differences.is_empty() && !self.allow_host_diff {
            let differences = comparison::hosts_differ(&facts).unwrap_or_default();
            return Err(Fail::Use(format!(
                "{differences}; times of unlike hosts say little about a change, --allow-host-diff compares them \
                 nevertheless"
            ))
            .into());
        }
        facts.repeat.push(command_line(&super::argv()));
        super::print(&match self.format {
            Format::Text => comparison::text(&rows, &facts),
            Format::Markdown => comparison::markdown(&rows, &facts),
            Format::Json => comparison::json(&rows)?,
            Format::Junit => comparison::junit(&rows, &[], &[]),
        })?;
        if self.gate { pass(&rows) } else { Ok(()) }
    }

    fn read(&self) -> anyhow::Result<Sides> {
        let (base, new) = match (self.records.as_slice(), self.new.as_slice()) {
            ([both], []) => {
                let all = Measurements::read_files(&records_below(std::slice::from_ref(both))?)?;
                if all.has_two_arms() {
                    return Ok(Sides::InTurn(all));
                }
                return Err(Fail::Use(format!(
                    "{} has not two arms, `old` and `this`, as `copybench run --against` measures; name a second \
                     record to compare it with",
                    both.display()
                ))
                .into());
            }
            ([base, new], []) => (std::slice::from_ref(base), std::slice::from_ref(new)),
            (all, []) => {
                return Err(Fail::Use(format!(
                    "which of the {} records are new? write `copybench compare BASE.. --new NEW..`",
                    all.len()
                ))
                .into());
            }
            sides => sides,
        };
        Ok(Sides::Apart(Measurements::read_sides(&records_below(base)?, &records_below(new)?)?))
    }

    fn check_base(&self, rows: &[Row]) -> anyhow::Result<()> {
        if self.base == BASE || rows.iter().any(|row| row.base == self.base) {
            return Ok(());
        }
        let common: BTreeSet<&str> = rows.iter().map(|row| row.strategy.as_str()).collect();
        let common = common.into_iter().collect::<Vec<_>>().join(", ");
        Err(Fail::Use(format!(
            "both sides have no {:?} in any cell to be the base; they have {common}",
            self.base
        ))
        .into())
    }
}

/// The error that a confirmed slowdown is.
pub(super) fn pass(rows: &[Row]) -> anyhow::Result<()> {
    let slower = confirmed_slower(rows);
    if slower.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = slower.iter().map(|row| format!("{} in {}", row.strategy, row.cell)).collect();
    Err(Fail::Work(format!("slower, and confirmed: {}", names.join("; "))).into())
}

impl Sides {
    /// Refuses what must not be compared, and says what was cut.
    fn check(&self) -> Result<(), Fail> {
        for all in self.all() {
            tell(&all.warnings);
            refuse_emulated(all)?;
        }
        Ok(())
    }

    fn all(&self) -> Vec<&Measurements> {
        match self {
            Self::Apart([base, new]) => vec![base, new],
            Self::InTurn(both) => vec![both],
        }
    }
}

fn nothing_in_common(sides: &Sides) -> Fail {
    let Sides::Apart([base, new]) = sides else {
        return Fail::Use("no strategy was measured by both arms in one cell".to_owned());
    };
    let cells = |all: &Measurements| match all.series.keys().cloned().collect::<Vec<_>>() {
        cells if cells.is_empty() => "no samples".to_owned(),
        cells => cells.join(", "),
    };
    if base.series.keys().any(|cell| new.series.contains_key(cell)) {
        return Fail::Use(format!(
            "no strategy was measured on both sides of a common cell, {}",
            cells(base)
        ));
    }
    Fail::Use(format!("no common cells: the base side has {}; the new side has {}", cells(base), cells(new)))
}

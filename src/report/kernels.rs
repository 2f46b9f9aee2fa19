//! Strategy × kernel: what the same copies cost on each, against the oldest.

use super::conditions::heading;
use super::grid::Format;
use super::grid::lay_out;
use super::table::KINDS;
use crate::analysis::kernels::{Change, age, appended, changes, differences, disagreement, version};
use crate::analysis::{Digest, Kind, Margin, Measurements, median};
use crate::record::{CellLine, Clock, Counters, RunLine};
use crate::units::duration;
use std::collections::BTreeMap;
use std::fmt::Write;

/// One column: a kernel's run.
struct Column<'a> {
    run: &'a Digest,
    name: String,
    changes: BTreeMap<(String, String), Change>,
}

/// Whether these are runs of guests, which are compared by kernel.
#[must_use]
pub fn applies(runs: &[RunLine]) -> bool {
    runs.len() > 1 && runs.iter().all(|run| run.guest.is_some())
}

/// All tables: a cell each, then what was left out, and how the kernels were built differently.
#[must_use]
pub fn page(runs: &[Digest], base: &str, margin: Margin, format: Format) -> String {
    let columns = columns(runs, base, margin);
    if columns.is_empty() {
        return String::new();
    }
    let mut text = format.text(&preface(&columns, margin)) + "\n";
    let mut cells: Vec<&CellLine> = Vec::new();
    for cell in columns.iter().flat_map(|column| column.run.all.cells.values()) {
        if !cells.iter().any(|known| known.cell == cell.cell) {
            cells.push(cell);
        }
    }
    for cell in cells {
        let _ = writeln!(text, "\n{}", format.title(&heading(cell)));
        for (kind, title) in KINDS {
            text.push_str(&table(&columns, cell, kind, title, format));
        }
        text.push_str(&left_out(&columns, &cell.cell, format));
    }
    let lines: Vec<_> = columns.iter().map(|column| &column.run.run).collect();
    let differences = differences(&lines);
    if !differences.is_empty() {
        let names = columns.iter().map(|column| column.name.clone());
        let mut rows = vec![std::iter::once("built with".to_owned()).chain(names).collect::<Vec<String>>()];
        rows.extend(
            differences.into_iter().map(|(name, values)| std::iter::once(name).chain(values).collect()),
        );
        let _ = writeln!(
            text,
            "\nThe kernels were not built or booted alike, and a change may come from that:\n\n{}",
            lay_out(&rows, |_| false, format)
        );
    }
    text
}

fn columns<'a>(runs: &'a [Digest], base: &str, margin: Margin) -> Vec<Column<'a>> {
    let mut sorted: Vec<&Digest> = runs.iter().collect();
    sorted.sort_by_key(|run| age(&run.run.host.kernel));
    let versions = sorted.iter().map(|run| match appended(&run.run) {
        Some(words) => format!("{} {words}", version(&run.run.host.kernel)),
        None => version(&run.run.host.kernel).to_owned(),
    });
    let versions: Vec<String> = versions.collect();
    let name = |index: usize| {
        let twice = versions.iter().filter(|version| **version == versions[index]).count() > 1;
        if twice { format!("{} #{}", versions[index], index + 1) } else { versions[index].clone() }
    };
    let mut columns: Vec<Column<'a>> = Vec::new();
    for (index, run) in sorted.into_iter().enumerate() {
        let changes = columns.first().map(|oldest| changes(&oldest.run.all, &run.all, base, margin));
        columns.push(Column { run, name: name(index), changes: changes.unwrap_or_default() });
    }
    columns
}

fn preface(columns: &[Column<'_>], margin: Margin) -> String {
    let oldest = &columns[0];
    let accel = oldest.run.run.guest.as_ref().map_or("", |guest| guest.accel.as_str());
    let unit = match oldest.run.run.clock {
        Clock::Instructions => "Executed instructions per byte, which are work and not time",
        Clock::Wall if accel == "tcg" => "Times under plain emulation, for function only: not compared",
        Clock::Wall => "Times",
    };
    let boots = columns.iter().map(|column| boots(&column.run.all)).min().unwrap_or(0);
    let apart: Vec<f64> = columns
        .iter()
        .flat_map(|column| {
            let all = &column.run.all;
            all.series.iter().flat_map(move |(cell, all)| all.iter().map(move |one| (column, cell, one)))
        })
        .filter(|(column, cell, (name, _))| !waits(column, cell, name))
        .filter_map(|(_, _, (_, arms))| disagreement(arms.get("this")?))
        .collect();
    let worst = apart.iter().copied().fold(0.0, f64::max);
    let agreement = median(&apart).map_or_else(String::new, |middle| {
        let (middle, worst) = (middle * 100.0, worst * 100.0);
        format!("; those of one kernel are {middle:.3} % apart in the median, {worst:.3} % at most")
    });
    format!(
        "{unit}; then times as fast as on {} (more than 1 is better), with the verdict at a margin of {:.2} %. \
         {boots} boots a kernel{agreement}.",
        oldest.name,
        margin.fraction() * 100.0
    )
}

fn boots(all: &Measurements) -> u32 {
    let series = all.series.values().flat_map(BTreeMap::values).flat_map(BTreeMap::values);
    let processes = series.flat_map(|series| &series.observations).map(|value| value.process + 1);
    processes.max().unwrap_or(0)
}

fn table(columns: &[Column<'_>], cell: &CellLine, kind: Kind, title: &str, format: Format) -> String {
    let kind_of = |column: &Column<'_>, strategy: &str| {
        column.run.all.get(&cell.cell, strategy, "this").map(|series| series.kind(strategy))
    };
    let mut names: Vec<(&str, f64)> = Vec::new();
    for column in columns {
        for name in column.run.all.series.get(&cell.cell).into_iter().flat_map(BTreeMap::keys) {
            let first = columns.iter().find_map(|column| kind_of(column, name));
            if first == Some(kind)
                && !names.iter().any(|(known, _)| known == name)
                && let Some(value) = value(column, &cell.cell, name)
            {
                names.push((name, value));
            }
        }
    }
    if names.is_empty() {
        return String::new();
    }
    names.sort_by(|left, right| left.1.total_cmp(&right.1));
    let mut header = vec![title.to_owned()];
    header.extend(columns.iter().map(|column| column.name.clone()));
    header.extend(["faults per MiB", "calls per MiB"].map(str::to_owned));
    let mut rows = vec![header];
    for (name, _) in names {
        let mut row = vec![name.to_owned()];
        for (index, column) in columns.iter().enumerate() {
            row.push(match kind_of(column, name) {
                None => "–".to_owned(),
                Some(_) if waits(column, &cell.cell, name) => "waits".to_owned(),
                Some(other) if other != kind => format!("({})", other.name()),
                Some(_) if index == 0 || column.changes.is_empty() => absolute(column, cell, name),
                Some(_) => column.changes.get(&(cell.cell.clone(), name.to_owned())).map_or_else(
                    || absolute(column, cell, name),
                    |change| format!("{:.3}× {}", change.ratio, change.verdict),
                ),
            });
        }
        let faults = |counters: &Counters| {
            Some(counters.get("minor_faults")? + counters.get("major_faults").copied().unwrap_or(0))
        };
        row.push(cause(columns, cell, name, faults));
        row.push(cause(columns, cell, name, |counters| counters.get("calls.total").copied()));
        rows.push(row);
    }
    format!("\n{}\n", lay_out(&rows, |_| false, format))
}

/// Whether most counted copies waited inside the clock, be it only once measuring was under way:
/// such counts say nothing.
fn waits(column: &Column<'_>, cell: &str, strategy: &str) -> bool {
    let skipped = || column.run.skips.iter().any(|skip| skip.cell == cell && skip.strategy == strategy);
    let counters = column.run.counters(cell, strategy).unwrap_or_default();
    let switches = counters.get("voluntary_switches");
    column.run.run.clock == Clock::Instructions && (switches.is_some_and(|mean| *mean > 0) || skipped())
}

fn value(column: &Column<'_>, cell: &str, strategy: &str) -> Option<f64> {
    let series = column.run.all.get(cell, strategy, "this")?;
    median(&series.observations.iter().map(|value| value.time).collect::<Vec<_>>())
}

fn absolute(column: &Column<'_>, cell: &CellLine, strategy: &str) -> String {
    let Some(value) = value(column, &cell.cell, strategy) else { return "–".to_owned() };
    match column.run.run.clock {
        Clock::Wall => duration(value),
        Clock::Instructions if cell.size == 0 => format!("{value:.0}"),
        Clock::Instructions => format!("{:.4}", value / cell.size as f64),
    }
}

/// What was counted on each kernel, per MiB; once where it is the same on all.
fn cause(
    columns: &[Column<'_>],
    cell: &CellLine,
    strategy: &str,
    count: impl Fn(&Counters) -> Option<u64>,
) -> String {
    let mebibytes = (cell.size as f64 / f64::from(1 << 20)).max(f64::MIN_POSITIVE);
    let values: Vec<String> = columns
        .iter()
        .map(|column| {
            let counted = column.run.counters(&cell.cell, strategy).as_ref().and_then(&count);
            counted.map_or_else(|| "–".to_owned(), |count| brief(count as f64 / mebibytes))
        })
        .collect();
    if values.iter().all(|value| *value == values[0]) { values[0].clone() } else { values.join(" → ") }
}

fn brief(number: f64) -> String {
    if number >= 10.0 || number == 0.0 { format!("{number:.0}") } else { format!("{number:.1}") }
}

/// What has no numbers, with the kernels and the reason.
fn left_out(columns: &[Column<'_>], cell: &str, format: Format) -> String {
    let mut reasons: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for column in columns {
        for skip in column.run.skips.iter().filter(|skip| skip.cell == cell) {
            // The first line: records are read with their line feeds shown.
            let reason = skip.refused.reason.split(r"\n").next().unwrap_or_default();
            // How often it waited is of no interest here and differs from kernel to kernel.
            let reason = reason.split(" (").next().unwrap_or(reason);
            reasons.entry((&skip.strategy, reason)).or_default().push(&column.name);
        }
    }
    if reasons.is_empty() {
        return String::new();
    }
    let mut text = String::from("\nNot measured:\n");
    if format == Format::Markdown {
        text.push('\n');
    }
    for ((strategy, reason), kernels) in reasons {
        let strategy = if strategy == "*" { "all" } else { strategy };
        let kernels =
            if kernels.len() == columns.len() { "every kernel".to_owned() } else { kernels.join(", ") };
        let _ = writeln!(text, "- {}", format.text(&format!("{strategy} on {kernels}: {reason}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::example::{Example, sample};
    use crate::record::{GuestLine, Run};
    use crate::report::usual_margin;

    /// Two boots of a kernel under the instruction clock, with this count and so many faults.
    fn kernel(release: &str, count: u64, faults: u64, lru_gen: &str) -> Run {
        let mut example = Example::default();
        for boot in 0..2_u32 {
            let mut line = sample("ext4|dense|1MiB|warm|new|none", "mmap-write", 0, 0.0);
            line.copies.elapsed = vec![count + u64::from(boot)];
            line.process = boot + 1;
            line.copies.counters = Some(Counters::from([("minor_faults".to_owned(), faults)]));
            example = example.with(line);
        }
        let mut run = example.run();
        run.run.clock = Clock::Instructions;
        run.run.host.kernel = release.to_owned();
        let config = BTreeMap::from([("CONFIG_LRU_GEN".to_owned(), lru_gen.to_owned())]);
        let accel = "instructions".to_owned();
        run.run.guest = Some(Box::new(GuestLine { accel, config, ..GuestLine::default() }));
        run
    }

    #[test]
    fn a_count_that_waited_is_no_count() {
        let mut runs = [kernel("6.1.0", 1_000_000, 16, "y"), kernel("6.12.1", 9_000_000, 16, "y")];
        for sample in &mut runs[1].samples {
            sample.copies.counters = Some(Counters::from([("voluntary_switches".to_owned(), 3)]));
        }
        let margin = usual_margin(runs.iter().map(|run| &run.run));
        let page = page(&runs.map(|run| Digest::of(&run)), "read-write-256k", margin, Format::Text);
        let row = page.lines().find(|line| line.starts_with("mmap-write")).unwrap();
        assert_eq!(row.split_whitespace().nth(2), Some("waits"), "{row}");
    }

    #[test]
    fn one_kernel_booted_in_two_ways_is_two_columns_with_their_words() {
        let mut runs = [kernel("6.12.1", 2_000_000, 16, "y"), kernel("6.12.1", 1_000_000, 16, "y")];
        if let Some(guest) = &mut runs[1].run.guest {
            guest.append = "mitigations=off".to_owned();
        }
        let margin = usual_margin(runs.iter().map(|run| &run.run));
        let page = page(&runs.map(|run| Digest::of(&run)), "read-write-256k", margin, Format::Text);
        let head = page.lines().find(|line| line.starts_with("data copied")).unwrap();
        assert!(head.contains("  6.12.1  6.12.1 mitigations=off  "), "{page}");
        let words = page.lines().last().unwrap().split_whitespace().collect::<Vec<_>>();
        assert_eq!(words, ["command", "line", "–", "mitigations=off"]);
    }

    #[test]
    fn kernels_stand_by_age_with_ratios_verdicts_causes_and_options() {
        let runs = [kernel("6.12.1-amd64", 1_000_000, 16, "y"), kernel("6.9.3-amd64", 2_000_000, 256, "n")];
        let lines: Vec<RunLine> = runs.iter().map(|run| run.run.clone()).collect();
        assert!(applies(&lines) && !applies(&lines[..1]));
        let margin = usual_margin(runs.iter().map(|run| &run.run));
        let page = page(&runs.map(|run| Digest::of(&run)), "read-write-256k", margin, Format::Text);
        let row = page.lines().find(|line| line.starts_with("mmap-write")).unwrap();
        let words: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(words[1..], ["1.9073", "2.000×", "faster", "256", "→", "16", "–"]);
        assert!(page.contains("2 boots a kernel"), "{page}");
        let options = page.lines().last().unwrap().split_whitespace().collect::<Vec<_>>();
        assert_eq!(options, ["CONFIG_LRU_GEN", "n", "y"]);
    }
}

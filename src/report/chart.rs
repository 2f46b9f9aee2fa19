//! Everything that charts show, computed here so that the script which draws computes nothing.

use super::{family_of, race};
use crate::analysis::history::{Histories, History};
use crate::analysis::summary::Summary;
use crate::analysis::{Digest, Digests, Interval, Margin, Measurements, summarise};
use crate::record::{AnswerLine, Behind, Clock, Commit, Counters, SCHEMA, SkipLine};
use crate::strategy::{self, FAMILIES};
use crate::units::{duration, format_size};
use serde::Serialize;
use std::collections::BTreeMap;

/// The document that `scripts/chart.py` reads.
#[derive(Debug, Serialize)]
pub struct ChartData<'a> {
    schema: &'static str,
    clock: Clock,
    base: &'a str,
    margin: f64,
    runs: Vec<RunRow<'a>>,
    families: Vec<FamilyRow>,
    strategies: Vec<StrategyRow>,
    cells: Vec<CellRow<'a>>,
    answers: Vec<AnswerRow<'a>>,
    rows: Vec<Row<'a>>,
    samples: Vec<SampleRow<'a>>,
    skips: Vec<SkipRow<'a>>,
    history: Vec<History>,
    claims: Vec<serde_json::Value>,
    warnings: &'a [String],
}

#[derive(Debug, Serialize)]
struct FamilyRow {
    name: &'static str,
    summary: &'static str,
}

#[derive(Debug, Serialize)]
struct StrategyRow {
    name: &'static str,
    family: &'static str,
    summary: &'static str,
    holes: &'static str,
}

#[derive(Debug, Serialize)]
struct RunRow<'a> {
    id: &'a str,
    label: String,
    started: &'a str,
    host: HostRow<'a>,
    commit: &'a Commit,
    argv: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    unconfirmed: Option<&'a str>,
    complete: bool,
    samples: usize,
    skips: usize,
    wall_seconds: Option<f64>,
    steal: Option<f64>,
}

#[derive(Debug, Serialize)]
struct HostRow<'a> {
    label: &'a str,
    hash: &'a str,
    kernel: &'a str,
}

#[derive(Debug, Serialize)]
struct CellRow<'a> {
    run: usize,
    cell: &'a str,
    fs: String,
    layout: &'a str,
    size: u64,
    size_label: String,
    cache: &'a str,
    dst: &'a str,
    end: &'a str,
    setup: Option<&'a str>,
    base: Option<&'a str>,
}

/// What a race of one kind of copies came to.
#[derive(Debug, Serialize)]
struct AnswerRow<'a> {
    run: usize,
    cell: &'a str,
    kind: String,
    sentence: String,
    margin: f64,
    places: Vec<PlaceRow>,
}

/// Where a strategy stands, the leader first.
#[derive(Debug, Serialize)]
struct PlaceRow {
    strategy: String,
    family: &'static str,
    /// `first`, `shared` or `out`.
    place: &'static str,
    words: String,
    /// How much longer than the leader's its copies take, as shares.
    low: Option<f64>,
    middle: Option<f64>,
    high: Option<f64>,
    /// Time of a copy, in words.
    time: Option<String>,
    /// The same where it sets itself up inside the clock, as the record has that too.
    fresh: Option<String>,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    run: usize,
    cell: &'a str,
    strategy: String,
    family: &'static str,
    kind: &'static str,
    rank: usize,
    n: usize,
    copies: u64,
    median: f64,
    low: Option<f64>,
    high: Option<f64>,
    bytes_per_second: Option<f64>,
    bytes_per_second_low: Option<f64>,
    bytes_per_second_high: Option<f64>,
    ratio: Option<f64>,
    ratio_low: Option<f64>,
    ratio_high: Option<f64>,
    verdict: Option<&'static str>,
    base: bool,
    counters: Option<Counters>,
    faults_per_mib: Option<f64>,
    calls_per_mib: Option<f64>,
    user_ns: Option<u64>,
    system_ns: Option<u64>,
}

#[derive(Debug, Serialize)]
struct SampleRow<'a> {
    run: usize,
    cell: &'a str,
    strategy: &'a str,
    elapsed: &'a [u64],
}

#[derive(Debug, Serialize)]
struct SkipRow<'a> {
    run: usize,
    #[serde(flatten)]
    skip: &'a SkipLine,
}

/// Computes the document.
#[must_use]
pub fn chart<'a>(read: &'a Digests, base: &'a str, margin: Margin) -> ChartData<'a> {
    let mut data = ChartData {
        schema: SCHEMA,
        clock: read.runs.first().map_or(Clock::Wall, |run| run.run.clock),
        base,
        margin: margin.fraction(),
        runs: read.runs.iter().map(run_row).collect(),
        families: FAMILIES
            .iter()
            .map(|family| FamilyRow { name: family.name, summary: family.summary })
            .collect(),
        strategies: strategy::all()
            .map(|(family, strategy)| StrategyRow {
                name: strategy.name,
                family: family.name,
                summary: strategy.summary,
                holes: strategy.holes.name(),
            })
            .collect(),
        cells: Vec::new(),
        answers: Vec::new(),
        rows: Vec::new(),
        samples: Vec::new(),
        skips: Vec::new(),
        history: past(&read.runs, base, margin),
        claims: Vec::new(),
        warnings: &read.warnings,
    };
    for (index, run) in read.runs.iter().enumerate() {
        data.take(index, run, base, margin);
    }
    data
}

/// Series of more than one run; of one there is nothing to draw.
fn past(runs: &[Digest], base: &str, margin: Margin) -> Vec<History> {
    if runs.len() < 2 {
        return Vec::new();
    }
    let mut all = Histories::default();
    runs.iter().for_each(|run| all.add(&run.all, base));
    all.changes(margin).into_iter().filter(|history| history.points.len() > 1 && !history.is_time()).collect()
}

impl<'a> ChartData<'a> {
    /// With the lines of `claims --json`.
    #[must_use]
    pub fn with_claims(self, claims: Vec<serde_json::Value>) -> Self {
        Self { claims, ..self }
    }

    fn take(&mut self, index: usize, run: &'a Digest, base: &'a str, margin: Margin) {
        for (id, cell) in &run.all.cells {
            let summaries = summarise(&run.all, id, "this", base, margin);
            let answers = answers(index, run, id, base, margin);
            self.answers.extend(answers);
            self.cells.push(CellRow {
                run: index,
                cell: id,
                fs: if cell.fs.source == cell.fs.target {
                    cell.fs.source.clone()
                } else {
                    format!("{}→{}", cell.fs.source, cell.fs.target)
                },
                layout: &cell.layout,
                size: cell.size,
                size_label: format_size(cell.size),
                cache: &cell.cache,
                dst: &cell.dst,
                end: &cell.end,
                setup: cell.setup.as_deref(),
                base: summaries.iter().any(|summary| summary.strategy == base).then_some(base),
            });
            let mut ranks = BTreeMap::new();
            for summary in summaries {
                let rank = ranks.entry(summary.kind.name()).and_modify(|rank| *rank += 1).or_insert(1);
                let counters = run.counters(id, &summary.strategy);
                let family = family_of(&summary.strategy);
                self.rows.push(row(index, id, cell.size, *rank, summary, family, base, counters));
            }
        }
        let raw = run.raw.iter();
        self.samples.extend(raw.map(|raw| SampleRow {
            run: index,
            cell: &raw.cell,
            strategy: &raw.strategy,
            elapsed: &raw.elapsed,
        }));
        self.skips.extend(run.skips.iter().map(|skip| SkipRow { run: index, skip }));
    }
}

fn answers<'a>(run: usize, digest: &Digest, cell: &'a str, base: &str, margin: Margin) -> Vec<AnswerRow<'a>> {
    let all = &digest.all;
    race::answers(all, cell, base, margin)
        .into_iter()
        .map(|line| AnswerRow {
            run,
            cell,
            sentence: race::sentence(&line),
            margin: line.margin,
            places: places(all, cell, &line),
            kind: line.kind,
        })
        .collect()
}

fn places(all: &Measurements, cell: &str, line: &AnswerLine) -> Vec<PlaceRow> {
    if line.best.is_none() {
        return Vec::new();
    }
    let with_setup = format!("{cell}|fresh");
    let ranges: BTreeMap<&str, Behind> =
        line.apart.iter().chain(&line.slower).map(|other| (other.strategy.as_str(), other.behind)).collect();
    race::places(line)
        .into_iter()
        .enumerate()
        .map(|(at, (strategy, words))| {
            let range = ranges.get(strategy).filter(|_| at > 0);
            PlaceRow {
                strategy: strategy.to_owned(),
                family: family_of(strategy),
                place: match at {
                    0 => "first",
                    at if at <= line.shares.len() => "shared",
                    _ => "out",
                },
                words,
                low: range.map(|range| range.low),
                middle: range.and_then(|range| race::middle(*range)),
                high: range.and_then(|range| range.high),
                time: race::time(all, cell, strategy).map(duration),
                fresh: race::time(all, &with_setup, strategy).map(duration),
            }
        })
        .collect()
}

fn run_row(run: &Digest) -> RunRow<'_> {
    let line = &run.run;
    RunRow {
        id: &line.id,
        label: format!("{} {}", line.host.label, line.host.kernel),
        started: &line.started,
        host: HostRow { label: &line.host.label, hash: &line.host.hash, kernel: &line.host.kernel },
        commit: &line.commit,
        argv: &line.argv,
        unconfirmed: line.unconfirmed.as_deref(),
        complete: run.end.is_some(),
        samples: run.samples,
        skips: run.skips.len(),
        wall_seconds: run.end.as_ref().map(|end| end.wall_seconds),
        steal: run.end.as_ref().map(|end| end.steal),
    }
}

#[allow(clippy::too_many_arguments, reason = "a row joins what its callers know of it")]
fn row<'a>(
    run: usize,
    cell: &'a str,
    size: u64,
    rank: usize,
    summary: Summary,
    family: &'static str,
    base: &str,
    counters: Option<Counters>,
) -> Row<'a> {
    let speeds = summary.speeds();
    let ratios: Option<Interval> = summary.relative.as_ref().and_then(|relative| relative.interval);
    let counter = |name: &str| counters.as_ref().and_then(|counters| counters.get(name)).copied();
    let per_mib = |count: Option<u64>| {
        count.filter(|_| size > 0).map(|count| count as f64 * f64::from(1 << 20) / size as f64)
    };
    let is_base = summary.strategy == base;
    Row {
        run,
        cell,
        family,
        kind: summary.kind.name(),
        rank,
        n: summary.samples,
        copies: summary.copies,
        median: summary.median,
        low: summary.interval.map(|interval| interval.low),
        high: summary.interval.map(|interval| interval.high),
        bytes_per_second: summary.bytes_per_second,
        bytes_per_second_low: speeds.map(|speeds| speeds.low),
        bytes_per_second_high: speeds.map(|speeds| speeds.high),
        ratio: if is_base { Some(1.0) } else { summary.relative.as_ref().map(|relative| relative.ratio) },
        ratio_low: ratios.map(|interval| interval.low),
        ratio_high: ratios.map(|interval| interval.high),
        verdict: if is_base {
            Some("base")
        } else {
            summary.relative.as_ref().map(|relative| relative.verdict.name())
        },
        base: is_base,
        faults_per_mib: per_mib(sum(counter("minor_faults"), counter("major_faults"))),
        calls_per_mib: per_mib(counter("calls.total")),
        user_ns: counter("user_ns"),
        system_ns: counter("system_ns"),
        strategy: summary.strategy,
        counters,
    }
}

fn sum(left: Option<u64>, right: Option<u64>) -> Option<u64> {
    Some(left? + right.unwrap_or(0))
}

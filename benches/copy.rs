//! Every strategy of the registry in every cell of the plan, under criterion.
//!
//! The clock covers the copy alone: criterion is handed the sum of the times of single copies
//! (`iter_custom`), each into a target of its own. Without a filter the default cells run; a
//! filter that matches none of them is tried on the whole matrix. The variables of docs/reference.md
//! choose other cells.

use copybench::cli::tell;
use copybench::fixture::{Place, Source};
use copybench::measure::{
    Block, Cell, Entry, Inspection, Plan, Recorder, Scope, Selection, Stage, TrialError, Variables,
    WallClock, advise, begin_or_add, check_environment, clean_up_on_signals, default_record_path, source_of,
};
use copybench::record::{Refused, SampleLine};
use copybench::report::BASE;
use copybench::strategy::{Strategy, define_commands};
use copybench::units::format_size;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput};
use regex::Regex;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const SAMPLES: usize = 10;

fn main() -> ExitCode {
    match bench() {
        Ok(wrong) if wrong.is_empty() => ExitCode::SUCCESS,
        Ok(wrong) => {
            tell(format_args!("copybench: wrong copies:\n{}", wrong.join("\n")));
            ExitCode::FAILURE
        }
        Err(error) => {
            tell(format_args!("copybench: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Runs the plan and returns the copies that were wrong. Where nothing is to be measured, nothing is
/// written.
fn bench() -> anyhow::Result<Vec<String>> {
    check_environment()?;
    clean_up_on_signals()?;
    advise(|| "cargo bench begins anew; a filter or COPYBENCH_STRATEGIES takes less time".to_owned());
    let arguments = Arguments::parse();
    let variables = Variables::from_environment();
    define_commands(&variables.command_lines())?;
    let selection = Selection::new(&variables)?;
    let plan = plan(&selection, &variables, &arguments)?;
    let ids = || plan.entries.iter().flat_map(|entry| entry.strategies.iter().map(|one| id(entry, one)));
    if !ids().any(|id| arguments.matches(&id)) {
        if arguments.filter.is_none() || refused(&plan).any(|id| arguments.matches(&id)) {
            tell_all(&plan.refused());
            anyhow::bail!("nothing can be measured: no wanted strategy works in any cell");
        }
        anyhow::bail!("the filter matches no benchmark; `cargo bench --bench copy -- --list` shows all");
    }
    let criterion = Criterion::default();
    // Drawing takes as long as measuring; `--plotting-backend plotters` asks for it.
    let criterion = if arguments.draws() { criterion } else { criterion.without_plots() };
    let criterion = criterion
        .sample_size(SAMPLES)
        .warm_up_time(Duration::from_millis(30))
        .measurement_time(Duration::from_millis(100))
        .nresamples(10_000)
        .configure_from_args();
    let recorder = if arguments.measures() {
        let path = variables.out.clone().unwrap_or_else(default_record_path);
        let argv = ["cargo", "bench", "--"].map(str::to_owned).into_iter().chain(arguments.published());
        let run = plan.run_line(&argv.collect::<Vec<_>>(), 0);
        begin_or_add(&path, run)?.hiding(plan.from.path(), plan.to.path(), variables.source.as_deref())
    } else {
        Recorder::nowhere()
    };
    if !arguments.lists() {
        for remark in plan.remarks() {
            tell(format_args!("copybench: {remark}"));
        }
    }
    let mut driver = Driver {
        criterion,
        recorder,
        arguments,
        plan: &plan,
        own: variables.source,
        wrong: plan.entries.iter().flat_map(Entry::wrong).collect(),
        rounds: 0,
    };
    for group in plan.entries.chunk_by(|a, b| a.cell.group() == b.cell.group()) {
        driver.group(group)?;
    }
    driver.criterion.final_summary();
    if !driver.arguments.lists() {
        tell_all(&driver.recorder.skipped());
    }
    let nothing = !driver.arguments.lists() && driver.recorder.timed() == 0;
    if let Some(path) = driver.recorder.end()? {
        println!("copybench: record {}", path.display());
    }
    if nothing && driver.wrong.is_empty() {
        anyhow::bail!("nothing was measured");
    }
    Ok(driver.wrong)
}

/// Ids of what will not run.
fn refused(plan: &Plan) -> impl Iterator<Item = String> {
    let of = |entry: &Entry| -> Vec<String> {
        entry.refusals.iter().map(|refusal| id(entry, refusal.strategy)).collect()
    };
    plan.entries.iter().flat_map(of)
}

fn tell_all(sentences: &[String]) {
    for sentence in sentences {
        tell(format_args!("copybench: {sentence}"));
    }
}

fn plan(selection: &Selection, variables: &Variables, arguments: &Arguments) -> anyhow::Result<Plan> {
    let directory = variables.dir.clone().unwrap_or_else(|| PathBuf::from("."));
    let to = variables.to.clone().unwrap_or_else(|| directory.clone());
    let places = || anyhow::Ok((Place::new(&directory)?, Place::new(&to)?));
    let (from, target) = places()?;
    let plan = Plan::new(selection, from, target, Scope::Default)?;
    let matches = plan
        .entries
        .iter()
        .any(|entry| entry.strategies.iter().any(|strategy| arguments.matches(&id(entry, strategy))));
    if matches || arguments.filter.is_none() || !selection.names_no_cell() {
        return Ok(plan);
    }
    tell(format_args!("copybench: the filter matches no default cell; trying the whole matrix"));
    let (from, target) = places()?;
    Ok(Plan::new(selection, from, target, Scope::Everything)?)
}

/// The id by which criterion and its filter know a benchmark.
fn id(entry: &Entry, strategy: &Strategy) -> String {
    format!("{}/{}/{}", entry.cell.group(), strategy.name, format_size(entry.cell.size))
}

struct Driver<'a> {
    criterion: Criterion<WallTime>,
    recorder: Recorder,
    arguments: Arguments,
    plan: &'a Plan,
    own: Option<PathBuf>,
    wrong: Vec<String>,
    /// Rounds of duets until now.
    rounds: u32,
}

impl Driver<'_> {
    /// Cells that differ in size only make one group, so that criterion draws curves over size.
    fn group(&mut self, entries: &[Entry]) -> anyhow::Result<()> {
        let mut criterion = std::mem::take(&mut self.criterion);
        let mut group = criterion.benchmark_group(entries[0].cell.group());
        group.sampling_mode(SamplingMode::Flat);
        for entry in entries {
            self.entry(&mut group, entry)?;
        }
        group.finish();
        self.criterion = criterion;
        Ok(())
    }

    fn entry(&mut self, group: &mut BenchmarkGroup<'_, WallTime>, entry: &Entry) -> anyhow::Result<()> {
        for (refusal, skip) in entry.refusals.iter().zip(entry.skips()) {
            if self.arguments.matches(&id(entry, refusal.strategy)) {
                self.recorder.skip(&entry.cell, skip)?;
            }
        }
        let wanted: Vec<&Strategy> = entry
            .strategies
            .iter()
            .copied()
            .filter(|strategy| self.arguments.matches(&id(entry, strategy)))
            .collect();
        if wanted.is_empty() {
            return Ok(());
        }
        if self.arguments.lists() {
            // Criterion prints the names; no file is needed for that.
            for strategy in wanted {
                group.bench_function(BenchmarkId::new(strategy.name, format_size(entry.cell.size)), |_| {});
            }
            return Ok(());
        }
        group.throughput(Throughput::Bytes(entry.cell.size));
        let source = match source_of(entry, self.own.as_deref(), &self.plan.from, &self.plan.to) {
            Ok(source) => source,
            Err(error) => {
                return self.skip(entry, "*", Refused::because(&error));
            }
        };
        for strategy in wanted {
            self.strategy(group, entry, &source, strategy)?;
        }
        Ok(())
    }

    fn strategy(
        &mut self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        entry: &Entry,
        source: &Source,
        strategy: &Strategy,
    ) -> anyhow::Result<()> {
        let stage = Stage::new(source, &self.plan.to);
        match Block::observe(&stage, strategy, &entry.cell) {
            Ok(block) => {
                self.recorder.sample(&entry.cell, block.copies().line(entry.cell.id(), strategy.name))?;
            }
            Err(error) => return self.failed(entry, strategy, &error),
        }
        let base = entry.strategies.iter().copied().find(|known| known.name == BASE);
        let base = base.filter(|base| base.name != strategy.name);
        let mut duets = Vec::new();
        let mut failure = None;
        group.bench_function(BenchmarkId::new(strategy.name, format_size(entry.cell.size)), |bencher| {
            bencher.iter_custom(|copies| match duet(&stage, &entry.cell, strategy, base, copies) {
                Ok(duet) => {
                    let elapsed = Duration::from_nanos(duet.strategy.elapsed());
                    duets.push(duet);
                    elapsed
                }
                Err(error) => {
                    failure = Some(error);
                    // Criterion discards a benchmark that took no time.
                    Duration::ZERO
                }
            });
        });
        if let Some(error) = failure {
            return self.failed(entry, strategy, &error);
        }
        // What criterion kept are the last calls; those before were its warm-up.
        let warm_up = duets.len().saturating_sub(self.arguments.samples);
        for duet in &duets[warm_up..] {
            let sides = [(Some(strategy), &duet.strategy), (base, &duet.base)];
            for (side, block) in sides.into_iter().filter_map(|(side, block)| Some((side?, block))) {
                let line = SampleLine {
                    round: Some(self.rounds),
                    position: Some(u32::from((side.name == strategy.name) == duet.base_first)),
                    ..block.copies().line(entry.cell.id(), side.name)
                };
                self.recorder.sample(&entry.cell, line)?;
            }
            self.rounds += 1;
        }
        Ok(())
    }

    fn failed(&mut self, entry: &Entry, strategy: &Strategy, error: &TrialError) -> anyhow::Result<()> {
        if error.is_wrong_copy() {
            self.wrong.push(format!("{}: {error}", id(entry, strategy)));
        }
        self.skip(entry, strategy.name, Refused::from(error))
    }

    fn skip(&mut self, entry: &Entry, strategy: &str, refused: Refused) -> anyhow::Result<()> {
        Ok(self.recorder.skip(&entry.cell, refused.line(entry.cell.id(), strategy))?)
    }
}

/// Copies by a strategy, and for each of them one by the base right before or after it: the order is a
/// coin's, and what slows the machine down for a while slows both.
#[derive(Default)]
struct Duet {
    strategy: Block,
    base: Block,
    base_first: bool,
}

fn duet(
    stage: &Stage<&Source, &Place>,
    cell: &Cell,
    strategy: &Strategy,
    base: Option<&Strategy>,
    copies: u64,
) -> Result<Duet, TrialError> {
    let clock = WallClock::new();
    let mut duet = Duet { base_first: rand::random(), ..Duet::default() };
    for copy in 1..=copies {
        let last = if copy == copies { Inspection::Extents } else { Inspection::Count };
        let run = |strategy| Block::run(stage, strategy, cell, &clock, 1, last);
        let order = [duet.base_first, !duet.base_first];
        for is_base in order {
            match (is_base, base) {
                (false, _) => duet.strategy.append(run(strategy)?),
                (true, Some(base)) => duet.base.append(run(base)?),
                (true, None) => {}
            }
        }
    }
    Ok(duet)
}

/// What this file has to know of criterion's own arguments.
struct Arguments {
    filter: Option<Regex>,
    /// The filter as it was written.
    pattern: Option<String>,
    words: Vec<String>,
    samples: usize,
}

/// Criterion's options that take a value of their own.
const WITH_VALUE: &[&str] = &[
    "--color",
    "-c",
    "--sample-size",
    "--warm-up-time",
    "--measurement-time",
    "--nresamples",
    "--noise-threshold",
    "--confidence-level",
    "--significance-level",
    "--profile-time",
    "--format",
    "--output-format",
    "--plotting-backend",
];

/// Those whose value is the name of a directory.
const WITH_BASELINE: &[&str] =
    &["--save-baseline", "-s", "--baseline", "-b", "--baseline-lenient", "--load-baseline"];

impl Arguments {
    fn parse() -> Self {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let mut filter = None;
        let mut samples = SAMPLES;
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if let Some(value) = word.strip_prefix("--sample-size=") {
                samples = value.parse().unwrap_or(samples);
            } else if WITH_VALUE.contains(&word.as_str()) || WITH_BASELINE.contains(&word.as_str()) {
                let value = rest.next();
                if word == "--sample-size" {
                    samples = value.and_then(|value| value.parse().ok()).unwrap_or(samples);
                }
            } else if !word.starts_with('-') {
                filter = Some(word.clone());
            }
        }
        let exact = words.iter().any(|word| word == "--exact");
        let pattern = filter.clone();
        let filter = filter.map(|text| if exact { format!("^{}$", regex::escape(&text)) } else { text });
        // Criterion itself says what is wrong with a filter that is no regular expression.
        Self { filter: filter.and_then(|text| Regex::new(&text).ok()), pattern, words, samples }
    }

    /// The words as a record keeps them: names of directories are left out, and so is what is neither
    /// an option nor the filter.
    fn published(&self) -> Vec<String> {
        let mut published: Vec<String> = Vec::new();
        let mut rest = self.words.iter();
        while let Some(word) = rest.next() {
            let (option, value) = match word.split_once('=') {
                Some((option, value)) => (option, Some(value)),
                // `-sNAME`
                None if word.len() > 2 && !word.starts_with("--") && word.is_char_boundary(2) => {
                    (&word[..2], Some(&word[2..]))
                }
                None => (word.as_str(), None),
            };
            if WITH_BASELINE.contains(&option) {
                if value.is_none() {
                    rest.next();
                }
                published.extend([option.to_owned(), "BASELINE".to_owned()]);
            } else if WITH_VALUE.contains(&word.as_str()) {
                published.push(word.clone());
                published.extend(rest.next().cloned());
            } else if word.starts_with('-') || self.pattern.as_ref() == Some(word) {
                published.push(word.clone());
            } else {
                published.push("FILTER".to_owned());
            }
        }
        published
    }

    fn matches(&self, id: &str) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.is_match(id))
    }

    fn lists(&self) -> bool {
        self.words.iter().any(|word| word == "--list")
    }

    fn draws(&self) -> bool {
        self.words.iter().any(|word| word.starts_with("--plotting-backend"))
    }

    /// `cargo bench` adds `--bench`; `cargo test --benches` does not, and then criterion tests.
    fn measures(&self) -> bool {
        let has = |name: &str| self.words.iter().any(|word| word.starts_with(name));
        has("--bench")
            && !has("--test")
            && !has("--list")
            && !has("--profile-time")
            && !has("--load-baseline")
    }
}

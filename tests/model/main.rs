//! A small fsx whose copies are the strategies: random histories of two files, then copies of
//! random ranges between them, each held against a model in memory. A history that fails is made
//! as short as it can be and printed.
//!
//! `COPYBENCH_HISTORIES` says how many, `COPYBENCH_DIR` where:
//!
//! ```sh
//! COPYBENCH_HISTORIES=10000 scripts/filesystems -- cargo test --release --test model
//! ```
#![allow(clippy::expect_used, reason = "a test that cannot begin has failed")]

#[path = "../common/mod.rs"]
mod common;
mod edit;
mod history;
mod pair;

use copybench::measure::availability;
use copybench::strategy::{Span, Strategy};
use history::{Copy, History};
use pair::{BLOCK, End, Pair};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::path::Path;

/// Histories without `COPYBENCH_HISTORIES`.
const HISTORIES: u32 = 300;

/// Strategies that take open files and work here; other programs and paths take no ranges.
fn strategies(from: &Path, to: &Path) -> Vec<&'static Strategy> {
    let place = |path| copybench::fixture::Place::new(path).expect("a directory");
    let tried = availability(&place(from), &place(to)).expect("a page of random bytes");
    let works = tried.iter().filter(|tried| tried.refusal.is_none() && !tried.strategy.takes_paths());
    works.map(|tried| tried.strategy).collect()
}

#[test]
fn copies_after_random_histories_are_what_the_model_says() {
    let (from, to) = common::places();
    let strategies = strategies(from.path(), to.path());
    let wanted = std::env::var("COPYBENCH_HISTORIES").ok();
    let cases = wanted.map_or(HISTORIES, |wanted| wanted.parse().expect("COPYBENCH_HISTORIES"));
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 5000, ..Config::default() };
    let outcome = TestRunner::new(config).run(&history::histories(strategies.len()), |history| {
        play(&history, &strategies, from.path(), to.path()).map_err(TestCaseError::fail)
    });
    if let Err(failure) = outcome {
        let names = strategies.iter().enumerate();
        let names: Vec<_> = names.map(|(number, strategy)| format!("{number} {}", strategy.name)).collect();
        panic!("{failure}\nstrategies: {}", names.join(", "));
    }
}

fn play(history: &History, strategies: &[&Strategy], from: &Path, to: &Path) -> Result<(), String> {
    let io = |error: std::io::Error| format!("preparing: {error}");
    let mut pair = Pair::new(from, to).map_err(io)?;
    for edit in &history.edits {
        pair.edit(edit).map_err(io)?;
    }
    for Copy { edits, strategy, span } in &history.copies {
        for edit in edits {
            pair.edit(edit).map_err(io)?;
        }
        let strategy = strategies[*strategy];
        let copy = |pair: &mut Pair, span| {
            pair.copy(strategy, span).map_err(|wrong| format!("{}, {span:?}: {wrong}", strategy.name))
        };
        let mut end = copy(&mut pair, *span)?;
        if end == End::RefusedRange {
            end = copy(&mut pair, of_blocks(*span))?;
        }
        if end == End::RefusedRange {
            copy(&mut pair, Span::WHOLE)?;
        }
    }
    Ok(())
}

/// The range in whole blocks, up to the end of the source.
fn of_blocks(span: Span) -> Span {
    let down = |bytes: u64| bytes - bytes % BLOCK;
    Span { source: down(span.source), target: down(span.target), length: None }
}

//! A source that shrinks or grows during the copy. Representatives of families meet it a hundred
//! times.

use crate::{Suite, another_program, child, common, matrix, not_the_first};
use copybench::strategy::Strategy;
use libtest_mimic::{Failed, Trial};

pub(crate) fn tests(suite: &Suite) -> Vec<Trial> {
    let mut tests = suite.each("source shrinks", another_program, |strategy| meets(strategy, "shrinks"));
    tests.extend(suite.each("source grows", another_program, |strategy| meets(strategy, "grows")));
    tests
}

fn meets(strategy: &'static Strategy, change: &str) -> Result<(), Failed> {
    let rounds = if not_the_first(strategy).is_none() { 100 } else { 10 };
    let directory = tempfile::tempdir_in(common::places().0.path())?;
    let words = [strategy.name, directory.path().to_str().ok_or("a path")?, change, &rounds.to_string()];
    let ended = child::run(&mut child::helper("moving", &words), child::LIMIT)?;
    if ended.code != 0 {
        return Err(ended.errors.into());
    }
    let words: Vec<&str> = ended.output.split_whitespace().collect();
    for pair in words.chunks_exact(2).filter(|pair| pair[1] != "0") {
        matrix::note(&format!("source {change}"), strategy, pair[0]);
    }
    Ok(())
}

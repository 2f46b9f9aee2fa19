use super::named::unknown;
use super::progress::Spinner;
use super::units::duration;
use crate::claims::guest::Terms;
use crate::claims::{self, Claim, Setting};
use crate::fixture::Place;
use crate::guest::Assignment;
use crate::guest::init::Sender;
use crate::measure::{Recorder, Variables, advise, run_line};
use crate::record::{RunLine, Writer};
use anyhow::Context;
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Seed of the generated files and of the orders.
const SEED: u64 = 1;

/// Try published claims about copying here: holds, refuted, can't tell, or not applicable here
#[derive(Debug, Args)]
pub(super) struct Claims {
    /// Only these: ids, or what ids begin with before a hyphen
    #[arg(long, value_name = "ID,..", value_delimiter = ',')]
    only: Vec<String>,
    /// Print JSON Lines, one a claim
    #[arg(long)]
    json: bool,
    /// Time for everything: 60s, 5m
    #[arg(long, value_name = "T", default_value = "180s", value_parser = duration)]
    budget: Duration,
    /// Exactly so many rounds in each cell, in a guest
    #[arg(long, value_name = "N", hide = true)]
    rounds: Option<u32>,
    /// Directory for all files [env: COPYBENCH_DIR] [default: the current directory]
    #[arg(long, value_name = "D")]
    dir: Option<PathBuf>,
}

impl Claims {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let claims = selected(&self.only)?;
        let dir = self.dir.clone().or_else(|| Variables::from_environment().dir);
        advise(|| {
            "claims are judged when all are measured; --only or a smaller --budget takes less time".to_owned()
        });
        let place = Place::new(&dir.unwrap_or_else(|| PathBuf::from(".")))?;
        let setting = Setting { place: &place, budget: self.budget, seed: SEED };
        let spinner = Spinner::new();
        let lines = claims::run(&claims, &setting, &mut |cell| spinner.tell(cell))?;
        drop(spinner);
        for (claim, line) in claims.iter().zip(&lines) {
            let text = if self.json { serde_json::to_string(line)? } else { claims::text(claim, line) };
            super::print(&(text + "\n"))?;
        }
        Ok(())
    }

    /// Sends what a guest sees of the claims' cells as records; the host judges them.
    pub(super) fn run_in_guest(&self, assignment: &Assignment, records: Sender) -> anyhow::Result<()> {
        let claims = selected(&self.only)?;
        let run = RunLine {
            clock: assignment.clock,
            ..run_line(&assignment.argv, Path::new("/"), Path::new("/"), SEED)
        };
        let mut recorder = Recorder::through(Writer::to(Box::new(records)), run)?;
        let rounds = self.rounds.context("a guest needs a number of rounds")?;
        let terms = Terms { clock: assignment.clock, boot: assignment.boot, rounds, seed: SEED };
        for mount in &assignment.mounts {
            claims::guest::measure(&claims, &Place::new(&mount.at)?, terms, &mut recorder)?;
        }
        Ok(recorder.end().map(drop)?)
    }
}

/// The claims that words name, all where there are none.
pub(super) fn selected(words: &[String]) -> anyhow::Result<Vec<&'static Claim>> {
    claims::select(words).map_err(|word| {
        unknown("claim", word, claims::all().map(|claim| claim.id), "docs/claims.md has them all").into()
    })
}

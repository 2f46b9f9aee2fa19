use super::named::unknown;
use super::progress::spinner;
use super::units::duration;
use crate::claims::{self, Claim, Setting};
use crate::fixture::Place;
use crate::measure::{Variables, clean_up_on_signals};
use crate::record::Clock;
use anyhow::Context;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

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
    #[arg(long, value_name = "T", default_value = "150s", value_parser = duration)]
    budget: Duration,
    /// Directory for all files [env: COPYBENCH_DIR] [default: the current directory]
    #[arg(long, value_name = "D")]
    dir: Option<PathBuf>,
}

impl Claims {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let claims = self.selected()?;
        let dir = self.dir.clone().or_else(|| Variables::from_environment().dir);
        let place = Place::new(&dir.unwrap_or_else(|| PathBuf::from(".")))?;
        clean_up_on_signals().context("installing the signal handlers")?;
        let setting = Setting { place: &place, clock: Clock::Wall, budget: self.budget, seed: 1 };
        let spinner = spinner();
        let lines = claims::run(&claims, &setting, &mut |cell| spinner.set_message(cell.to_owned()))?;
        spinner.finish_and_clear();
        for (claim, line) in claims.iter().zip(&lines) {
            let text = if self.json { serde_json::to_string(line)? } else { claims::text(claim, line) };
            super::print(&(text + "\n"))?;
        }
        Ok(())
    }

    fn selected(&self) -> anyhow::Result<Vec<&'static Claim>> {
        for word in &self.only {
            if claims::named(word).next().is_none() {
                let ids = claims::all().map(|claim| claim.id);
                return Err(unknown("claim", word, ids, "README.md has them all").into());
            }
        }
        let wanted = |claim: &&Claim| {
            self.only.is_empty()
                || self.only.iter().any(|word| claims::named(word).any(|named| named.id == claim.id))
        };
        Ok(claims::all().filter(wanted).collect())
    }
}
